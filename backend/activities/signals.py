"""What happens at activities, told to features above without importing them (blinker, inside the
caller's transaction). Sender is the session."""

from blinker import Signal

# (session, actor, activity, state): an activity has been moved to this state.
activity_moved = Signal()

# (session, actor, activity, before, shift): an announced activity has other times than `before`
# (`operations.Times`). Its slots, and all else in it, have been moved by `shift`, which is zero
# where it was not moved as a whole.
times_changed = Signal()

# (session, actor, activity, slot, before): a slot that people may have booked begins at another
# instant than `before`.
slot_moved = Signal()

# (session, activity_id, offering_id, slot_id): who has signed up for an activity, or for one
# service or slot of it? Answered with a `changes.SignUps` by the feature that keeps bookings.
sign_ups_asked = Signal()

# (session, activity_ids): which of these drafts does something else count on? Answered with their
# ids by each feature that plans for activities.
uses_asked = Signal()

# (session, activity_id): how many numbers have been given or called on the spot? Answered by the
# feature that keeps bookings.
numbers_asked = Signal()

# (session, activity): how long are the lines of an activity that is on, just now? Answered with
# {offering_id: {"waiting", "estimate_minutes"}} by the feature that keeps bookings.
lines_asked = Signal()

# (session, actor, activity_id, resident_id, at, service_on): somebody who had signed up has
# come, at an instant, for the activity's day `service_on`.
person_arrived = Signal()

# (session, actor, activity_id, resident_id): the arrival was a mistake and has been undone.
arrival_reverted = Signal()

# (session, activity_id): of a visit we learned only after its activity had ended.
visit_learned_late = Signal()
