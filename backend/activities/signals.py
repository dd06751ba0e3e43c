"""What happens at activities, told to features above without importing them (blinker, inside the
caller's transaction). Sender is the session.

What people have to be told of comes with its `Change`: `change_coming` goes before, so that
whoever keeps whom it concerns looks before anything is moved or cancelled, and what is told of it
carries its id (docs/adr/0031).
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from blinker import Signal


class ChangeKind(StrEnum):
    """What people who planned to come have to be told of."""

    MOVED = "moved"
    PLACE = "place"
    CANCELLED = "cancelled"
    SERVICE_DROPPED = "service_dropped"
    ANNOUNCEMENT = "announcement"  # an organiser's own words


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of what was announced.

    Attributes:
        id: the `cause_id` of what people are told.
        words: from what to what, as people read it.
        reason: why, in the words of whoever changes it; "" where none was given.
        offering_id, slot_id: the service or slot that changes; None: the whole activity.
        slots_stay: of an activity at another time, whether its slots are not moved along.
    """

    id: UUID
    kind: ChangeKind
    words: str
    reason: str = ""
    offering_id: UUID | None = None
    slot_id: UUID | None = None
    slots_stay: bool = False


# (session, actor, activity, change): an announced activity is about to change. It is locked
# against sign-ups, and nothing has been moved or cancelled yet.
change_coming = Signal()

# (session, actor, activity, state, change): an activity has been moved to this state; of one that
# was announced and is cancelled, with its change, else None.
activity_moved = Signal()

# (session, actor, activity, before, shift, change): an announced activity has other times than
# `before` (`operations.Times`). Its slots, and all else in it, have been moved by `shift`, which is
# zero where it was not moved as a whole.
times_changed = Signal()

# (session, actor, activity, slot, before, change): a slot that people may have booked begins at
# another instant than `before`; without a change (None) where nothing of it is announced.
slot_moved = Signal()

# (session, actor, activity, before, change): an announced activity is at another place than
# `before` (a Venue).
place_changed = Signal()

# (session, actor, activity, offering, change): a service for which people had signed up is given no
# more.
offering_dropped = Signal()

# (session, actor, activity_id, resident_id, at, service_on): somebody who had signed up has
# come, at an instant, for the activity's day `service_on`.
person_arrived = Signal()

# (session, actor, activity_id, resident_id): the arrival was a mistake and has been undone.
arrival_reverted = Signal()

# (session, activity_id): of a visit we learned only after its activity had ended.
visit_learned_late = Signal()
