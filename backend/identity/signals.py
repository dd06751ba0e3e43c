"""What happens to people, told to features above without importing them (blinker, inside the
caller's transaction). Sender is the session."""

from blinker import Signal

# (session, source_id, target_id): the source's bookings, visits and ratings become the target's.
residents_merged = Signal()

# (session, actor, resident_ids): their personal data has been erased; counts stay. The actor is
# None where their time was over (guests).
residents_removed = Signal()
