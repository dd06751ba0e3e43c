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

# (session, actor, activity_id, resident_id, at, service_on): somebody who had signed up has
# come, at an instant, for the activity's day `service_on`.
person_arrived = Signal()

# (session, actor, activity_id, resident_id): the arrival was a mistake and has been undone.
arrival_reverted = Signal()

# (session, activity_id): of a visit we learned only after its activity had ended.
visit_learned_late = Signal()
