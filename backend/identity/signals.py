"""What happens to people, told to features above without importing them (blinker, inside the
caller's transaction). Sender is the session."""

from blinker import Signal

# (session, source_id, target_id): the source's bookings, visits and ratings become the target's.
residents_merged = Signal()

# (session, actor, resident_ids): their personal data has been erased; counts stay. The actor is
# None where their time was over (guests).
residents_removed = Signal()

# (session, since) → a SELECT of resident ids: who has made use of a feature since that day, or
# is going to.
active_asked = Signal()

# (session, resident_ids) → (section, rows): what a feature stores about these people.
export_requested = Signal()

# (session, resident_ids, region_codes) → (figure, {resident_id: count}): how often they made use
# of what a feature offers in these regions.
uses_counted = Signal()

# (session, activity_id, day, resident_ids) → {resident_id: {…}}: what these people have done at an
# activity on its day (`identity/standing.py`); who has done nothing is left out.
standing_asked = Signal()
