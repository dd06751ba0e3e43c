"""What happens to people, told to features above without importing them (blinker, inside the
caller's transaction). Sender is the session."""

from blinker import Signal

# (session, source_id, target_id): the source's bookings, visits and ratings become the target's.
residents_merged = Signal()

# (session, actor, resident_ids): their personal data has been erased; counts stay. The actor is
# None where their time was over (guests).
residents_removed = Signal()

# (session, resident_ids): the same people, once all of residents_removed has been done, which tells
# some of it to their accounts. Nothing is told them after this.
residents_forgotten = Signal()

# (session, actor, user_id, role, place, given): an account has been given a role in a region or an
# organisation, whose name is `place`; or it was taken back. The actor is None for the command line.
role_changed = Signal()

# (session, actor, resident_ids, by, office, reason): somebody of an office (in words) has looked up
# these people at the console, `by` their phone number or personal code (in words), and why.
people_looked_up = Signal()
