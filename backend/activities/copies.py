"""Use cases of organisers: an activity copied to another time and place."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import and_, insert, text
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Desk, Offering, Slot, Stall, Venue
from backend.activities.operations import Origin, create_activity, rows_of
from backend.activities.requests import ActivityEdit, NewActivity, NewVenue
from backend.activities.stalls.common import stalls_of
from backend.activities.stalls.slots import MOST_SLOTS, SlotsOverlap, check_apart
from backend.activities.words import SlotChoice, quoted
from backend.core import clock
from backend.core.db import Base
from backend.core.errors import ValidationFailed
from backend.core.given import given, or_else
from backend.core.ids import new_id
from backend.core.permissions import Actor

_COPIED = (
    "programme", "title", "description", "organiser_name", "contact_phone",
    "checkin_opens_minutes", "code_rotates_seconds", "field", "kind",
)  # fmt: skip

# Two hundred copies of a large market are fifty thousand slots: as one row of arrays each, they
# take seconds, as rows of their own half a minute.
_INSERT_SLOTS = text(
    """
    INSERT INTO slot (id, offering_id, starts_at, ends_at, capacity, taken)
    SELECT *, 0 FROM unnest(CAST(:ids AS uuid[]), CAST(:offerings AS uuid[]),
                            CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]),
                            CAST(:capacities AS int[]))
    """
)


# A row as an INSERT takes it.
Columns: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """An activity to copy, read once however often it is copied."""

    activity: Activity
    venue: NewVenue
    stalls: Sequence[Stall]
    offerings: Sequence[Offering]
    desks: Sequence[Desk]
    slots: Sequence[Slot]


@dataclass(frozen=True, slots=True)
class Place:
    """When and where a copy takes place, and what of it differs from its source.

    Attributes:
        slots: what becomes of its slots.
    """

    starts_at: datetime
    region_id: UUID
    changes: ActivityEdit = field(default_factory=ActivityEdit)
    slots: SlotChoice = SlotChoice.MOVE

    def ends_at(self, source: Activity) -> datetime:
        """When a copy of `source` ends: as long as it, unless told otherwise."""
        length = source.ends_at - source.starts_at
        return or_else(self.changes.ends_at, self.starts_at + length)


@dataclass(frozen=True, slots=True)
class CopiedSlot:
    """A slot of a copy, of the source's service `offering_id`."""

    offering_id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int


def slots_of(source: Source, place: Place) -> list[CopiedSlot]:
    """The slots that a copy gets, as its clerk has chosen."""
    shift, ends_at = place.starts_at - source.activity.starts_at, place.ends_at(source.activity)
    if place.slots is SlotChoice.ANEW:
        return _slots_anew(source, place.starts_at, ends_at)
    return [
        CopiedSlot(slot.offering_id, slot.starts_at + shift, slot.ends_at + shift, slot.capacity)
        for slot in source.slots
        if place.slots is SlotChoice.MOVE or slot.ends_at + shift <= ends_at
    ]


def _slots_anew(source: Source, first: datetime, last: datetime) -> list[CopiedSlot]:
    """Of each service slots like most of its own, as many as end by `last`."""
    kinds: dict[UUID, Counter[tuple[timedelta, int]]] = defaultdict(Counter)
    for slot in source.slots:
        kinds[slot.offering_id][slot.ends_at - slot.starts_at, slot.capacity] += 1
    made = []
    for offering_id, counted in kinds.items():
        ((length, capacity), _), *_ = counted.most_common(1)
        for index in range(min((last - first) // length, MOST_SLOTS)):
            starts_at = first + index * length
            made.append(CopiedSlot(offering_id, starts_at, starts_at + length, capacity))
    return made


def without_slots(source: Source, slots: Sequence[CopiedSlot]) -> list[Offering]:
    """The services that have slots in the source and get none in the copy."""
    before, after = ({slot.offering_id for slot in some} for some in (source.slots, slots))
    return [offering for offering in source.offerings if offering.id in before - after]


def read_source(session: Session, activity: Activity) -> Source:
    """An activity with all that is copied of it.

    Raises SlotsOverlap (409) when those of a service do, which was made before that was refused.
    """
    standing = and_(Offering.activity_id == activity.id, Offering.dropped_at.is_(None))
    offerings = rows_of(session, Offering, standing)
    ids = [offering.id for offering in offerings]
    slots = rows_of(session, Slot, Slot.offering_id.in_(ids))
    _check_slots_apart(activity, offerings, slots)
    return Source(
        activity,
        NewVenue.of(session.get_one(Venue, activity.venue_id)),
        stalls_of(session, activity.id),
        offerings,
        rows_of(session, Desk, Desk.offering_id.in_(ids)),
        slots,
    )


def _check_slots_apart(
    activity: Activity, offerings: Sequence[Offering], slots: Sequence[Slot]
) -> None:
    for offering in offerings:
        times = [(one.starts_at, one.ends_at) for one in slots if one.offering_id == offering.id]
        try:
            check_apart(times)
        except SlotsOverlap as overlap:
            raise SlotsOverlap(
                f"{quoted(activity.title)}的{quoted(offering.title)}有重叠的时段（{overlap.detail}），"
                "不能照搬；请先把时段改好，或照搬别的活动"
            ) from None


def copy_activity(session: Session, actor: Actor, source: Activity, place: Place) -> Activity:
    """A draft like `source` at another time, perhaps in another region, with its stalls, offerings
    and slots.

    Raises ValidationFailed (422).
    """
    return copy_to(session, actor, read_source(session, source), place)


def copy_to(
    session: Session, actor: Actor, source: Source, place: Place, origin: Origin | None = None
) -> Activity:
    """One draft like `source`.

    Args:
        origin: the row of a file that asks for it.

    Raises ValidationFailed (422) when the changes don't fit: above all an end before the last
    slot's.
    """
    slots = slots_that_fit(source, place)
    original = source.activity
    shift = place.starts_at - original.starts_at
    alike = NewActivity(
        region_id=place.region_id,
        venue=source.venue,
        starts_at=place.starts_at,
        ends_at=original.ends_at + shift,
        copied_from_id=original.id,
        **{name: getattr(original, name) for name in _COPIED},
    )
    copied = create_activity(session, actor, replace(alike, **given(place.changes)), origin)
    _copy_services(session, source, copied.id, shift, slots)
    return copied


def _copy_services(
    session: Session,
    source: Source,
    activity_id: UUID,
    shift: timedelta,
    slots: Sequence[CopiedSlot],
) -> None:
    """Stalls first, then what stands on them: each kind of row in one statement."""
    stalls = {stall.id: new_id() for stall in source.stalls}
    offerings = {offering.id: new_id() for offering in source.offerings}
    _insert(
        session,
        Stall,
        [
            _columns(stall) | {"id": stalls[stall.id], "activity_id": activity_id}
            for stall in source.stalls
        ],
    )
    _insert(
        session,
        Offering,
        [
            _columns(offering)
            | {
                "id": offerings[offering.id],
                "activity_id": activity_id,
                "stall_id": stalls[offering.stall_id],
                "sign_up_opens_at": _shifted(offering.sign_up_opens_at, shift),
                "sign_up_closes_at": _shifted(offering.sign_up_closes_at, shift),
            }
            for offering in source.offerings
        ],
    )
    _insert(
        session,
        Desk,
        [
            {"offering_id": offerings[desk.offering_id], "stall_id": stalls[desk.stall_id]}
            for desk in source.desks
        ],
    )
    if slots:
        session.execute(
            _INSERT_SLOTS,
            {
                "ids": [new_id() for _ in slots],
                "offerings": [offerings[slot.offering_id] for slot in slots],
                "starts": [slot.starts_at for slot in slots],
                "ends": [slot.ends_at for slot in slots],
                "capacities": [slot.capacity for slot in slots],
            },
        )


def _insert(session: Session, model: type[Base], rows: list[Columns]) -> None:
    if rows:
        session.execute(insert(model), rows)


def _shifted(instant: datetime | None, shift: timedelta) -> datetime | None:
    return instant + shift if instant else None


def _columns(row: Any) -> Columns:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns
            if column.key != "id"}  # fmt: skip


def slots_that_fit(source: Source, place: Place) -> list[CopiedSlot]:
    """The slots that a copy gets.

    Raises ValidationFailed (422) where they lie outside, saying what else can be chosen.
    """
    slots = slots_of(source, place)
    last = max((slot.ends_at for slot in slots), default=None)
    if last is not None and last > place.ends_at(source.activity):
        until = last.astimezone(clock.SHANGHAI)
        raise ValidationFailed(
            errors={
                "slots": [
                    f"照搬的时段要到 {until:%-H:%M}，晚于结束时间；"
                    "时段请选「放不下的不要」或「重排」"
                ]
            }
        )
    return slots
