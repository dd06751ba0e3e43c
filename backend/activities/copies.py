"""Use cases of organisers: one activity copied, to another time and place or to many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from backend.activities import schedule
from backend.activities.models import Activity, Desk, Offering, Slot, Stall, Venue
from backend.activities.operations import check_slots_within, create_activity, rows_of
from backend.activities.readiness import UNSETTLED
from backend.activities.stalls import SlotsOverlap, check_apart
from backend.activities.words import quoted
from backend.core import clock
from backend.core.db import Base
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.regions.models import Region

# At once: a year's markets of a hundred communities are imported in a few files.
MOST_COPIES = 200
LONGEST_TITLE = 60
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


class TooManyCopies(AppError):
    status = 422
    code = "too_many_copies"
    title = f"一次最多 {MOST_COPIES} 场，请分几次"


@dataclass(frozen=True, slots=True)
class Source:
    """An activity to copy, read once however often it is copied."""

    activity: Activity
    venue: dict[str, Any]
    stalls: Sequence[Stall]
    offerings: Sequence[Offering]
    desks: Sequence[Desk]
    slots: Sequence[Slot]


@dataclass(frozen=True, slots=True)
class Place:
    """When and where a copy takes place, and what of it differs from its source.

    Attributes:
        changes: columns of the activity, and `venue`.
    """

    starts_at: datetime
    region_id: UUID
    changes: dict[str, Any]


def read_source(session: Session, activity: Activity) -> Source:
    """An activity with all that is copied of it.

    Raises SlotsOverlap (409) when those of a service do, which was made before that was refused.
    """
    offerings = rows_of(session, Offering, Offering.activity_id == activity.id)
    ids = [offering.id for offering in offerings]
    slots = rows_of(session, Slot, Slot.offering_id.in_(ids))
    _check_slots_apart(activity, offerings, slots)
    return Source(
        activity,
        _columns(session.get_one(Venue, activity.venue_id)),
        rows_of(session, Stall, Stall.activity_id == activity.id),
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


def copy_activity(
    session: Session, actor: Actor, source: Activity, starts_at: datetime, region_id: UUID
) -> Activity:
    """A draft like `source` at another time, perhaps in another region, with its stalls,
    offerings and slots, all moved by the same distance."""
    return copy_to(session, actor, read_source(session, source), Place(starts_at, region_id, {}))


def copy_to_many(
    session: Session, actor: Actor, source: Source, places: Sequence[Place]
) -> list[Activity]:
    """Drafts like `source` at many places: all of them or none.

    Raises TooManyCopies, ValidationFailed (422).
    """
    if len(places) > MOST_COPIES:
        raise TooManyCopies
    return [copy_to(session, actor, source, place) for place in places]


def copy_to(session: Session, actor: Actor, source: Source, place: Place) -> Activity:
    """One draft like `source`.

    Raises ValidationFailed (422) when the changes don't fit: above all an end before the last
    slot's.
    """
    original = source.activity
    shift = place.starts_at - original.starts_at
    values = {name: getattr(original, name) for name in _COPIED}
    values |= {
        "region_id": place.region_id,
        "venue": source.venue,
        "starts_at": place.starts_at,
        "ends_at": original.ends_at + shift,
        "copied_from_id": original.id,
    }
    copied = create_activity(session, actor, values | place.changes)
    _copy_services(session, source, copied.id, shift)
    if "ends_at" in place.changes:
        check_slots_within(session, copied)
    return copied


def _copy_services(session: Session, source: Source, activity_id: UUID, shift: timedelta) -> None:
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
    if source.slots:
        session.execute(
            _INSERT_SLOTS,
            {
                "ids": [new_id() for _ in source.slots],
                "offerings": [offerings[slot.offering_id] for slot in source.slots],
                "starts": [slot.starts_at + shift for slot in source.slots],
                "ends": [slot.ends_at + shift for slot in source.slots],
                "capacities": [slot.capacity for slot in source.slots],
            },
        )


def _insert(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(model), rows)


def _shifted(instant: datetime | None, shift: timedelta) -> datetime | None:
    return instant + shift if instant else None


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns
            if column.key != "id"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A copy that is looked at before it is made.

    Attributes:
        clashes: what takes place in the region on that day already.
    """

    region: Region
    day: date
    place: Place
    clashes: Sequence[Any]


def candidates(
    session: Session, source: Source, regions: Sequence[Region], days: Sequence[date], starts: time
) -> list[Candidate]:
    """The copies of an activity for each of these regions on each of these days.

    A title that names the source's region names the copy's instead, and a copy elsewhere takes
    place where that region's last activity did.

    Args:
        starts: the time of day in Shanghai.

    Raises TooManyCopies (422).
    """
    if len(regions) * len(days) > MOST_COPIES:
        raise TooManyCopies
    ids = [region.id for region in regions]
    there = schedule.taking_place(session, ids, days)
    venues = schedule.usual_venues(session, ids)
    origin = session.get_one(Region, source.activity.region_id)
    found = []
    for day in sorted(set(days)):
        for region in regions:
            changes: dict[str, Any] = {
                "title": source.activity.title.replace(origin.name, region.name)[:LONGEST_TITLE]
            }
            if region.id != origin.id:
                nowhere = {"name": f"{region.name}（场地{UNSETTLED}）"}
                changes["venue"] = venues.get(region.id, nowhere)
            starts_at = datetime.combine(day, starts, tzinfo=clock.SHANGHAI)
            place = Place(starts_at, region.id, changes)
            found.append(Candidate(region, day, place, there.get((region.id, day), [])))
    return found
