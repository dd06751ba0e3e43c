"""What a change of an announced activity means for people, told before it is confirmed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Attendance, Offering, Slot, Venue
from backend.activities.questions import SignUps, sign_ups
from backend.core.errors import AppError

# Those who read the announcement may have planned by it.
_ANNOUNCED = frozenset({ActivityState.PUBLISHED, ActivityState.LIVE})
# Facts of an announced activity whose change concerns who has planned to come.
_CONCERNING = frozenset({"starts_at", "ends_at", "venue_name", "venue_address"})
_PLACE = {"venue_name": "场地", "venue_address": "地址"}
# What says where a venue is, beside its name.
_WHERE = {("venue_address",): "地址", ("venue_latitude", "venue_longitude"): "经纬度"}


class AffectedMeanwhile(AppError):
    status = 409
    code = "affected_meanwhile"
    title = "预约或签到刚刚有变化，请核对下面的最新情况后再确认"


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Affected:
    """Who is affected by a change.

    Attributes:
        here: people who have checked in; of one service or slot, those of its people.
        moved: bookings made for another time, whose people have to be told of the new one.
        rows: service, slot (None: numbers without one) and bookings, in the order of time.
    """

    bookings: int
    people: int
    here: int
    moved: int
    rows: list[tuple[Offering, Slot | None, int]]

    @property
    def seen(self) -> str:
        """Stands for these figures in a form that confirms them."""
        places = sorted((str(o.id), str(s and s.id), n) for o, s, n in self.rows)
        return fingerprint(self.bookings, self.people, self.here, places)


def fingerprint(*parts: Any) -> str:
    """A short word that stands for what somebody has been shown: it changes with that."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def fingerprint_of(row: Any) -> str:
    """Stands for what an organiser may change of a row: places taken meanwhile are no change."""
    return fingerprint(*(getattr(row, c.key) for c in row.__table__.columns if c.key != "taken"))


def announced(activity: Activity) -> bool:
    """Whether people may have planned by what is announced of an activity."""
    return activity.state in _ANNOUNCED


def concerns_people(changes: list[Change]) -> bool:
    """Whether changes of an activity's facts concern those who have planned to come."""
    return any(change.name in _CONCERNING for change in changes)


def left_behind(changes: list[Change], facts: Mapping[str, Any]) -> str:
    """What still says where the old venue is after a change of its name or address, in words;
    empty where nothing does.

    Args:
        facts: those of before.
    """
    changed = {change.name for change in changes}
    moved = [words for name, words in _PLACE.items() if name in changed]
    left = [
        words for names, words in _WHERE.items() if facts[names[0]] and changed.isdisjoint(names)
    ]
    if not moved or not left:
        return ""
    return f"{'、'.join(moved)}换了，{'、'.join(left)}还是原来的，请核对要不要一起改"


def facts_of(activity: Activity, venue: Venue) -> dict[str, Any]:
    """An activity's facts as its form has them, a venue's beside its own."""
    names = (
        "title", "starts_at", "ends_at", "description", "organiser_name", "contact_phone",
        "checkin_opens_minutes", "code_rotates_seconds", "field", "kind",
    )  # fmt: skip
    places = ("name", "address", "latitude", "longitude", "wheelchair")
    return {name: getattr(activity, name) for name in names} | {
        f"venue_{name}": getattr(venue, name) for name in places
    }


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs, in the order of `before`; what `after` does not name stays."""
    return [
        Change(name, old, after[name])
        for name, old in before.items()
        if name in after and after[name] != old
    ]


def affected_by(
    session: Session,
    activity_id: UUID,
    offering_id: UUID | None = None,
    slot_id: UUID | None = None,
) -> Affected:
    """Who is affected when an activity changes, or one service or slot of it. Four statements."""
    ups = sign_ups(session, activity_id, offering_id, slot_id)
    here = ups.arrived
    if offering_id is None and slot_id is None:
        here = session.execute(
            select(func.count(Attendance.resident_id.distinct())).where(
                Attendance.activity_id == activity_id, Attendance.reverted_at.is_(None)
            )
        ).scalar_one()
    return Affected(ups.bookings, ups.people, here, ups.moved, _rows(session, ups))


def affected_at_stall(session: Session, activity_id: UUID, stall_id: UUID) -> Affected:
    """Who is affected when a stall goes with its services; of several services a person may hold
    one number each, so people are counted for each of them."""
    ids = select(Offering.id).where(Offering.stall_id == stall_id, Offering.dropped_at.is_(None))
    each = [affected_by(session, activity_id, one) for one in session.execute(ids).scalars()]
    return Affected(
        sum(one.bookings for one in each),
        sum(one.people for one in each),
        sum(one.here for one in each),
        sum(one.moved for one in each),
        [row for one in each for row in one.rows],
    )


def _rows(session: Session, ups: SignUps) -> list[tuple[Offering, Slot | None, int]]:
    if not ups.by_place:
        return []
    offering_ids = {offering for offering, _ in ups.by_place}
    slot_ids = {slot for _, slot in ups.by_place if slot is not None}
    offerings = {
        row.id: row
        for row in session.execute(select(Offering).where(Offering.id.in_(offering_ids))).scalars()
    }
    slots = {
        row.id: row for row in session.execute(select(Slot).where(Slot.id.in_(slot_ids))).scalars()
    }
    rows = [
        (offerings[offering], slots[slot] if slot else None, bookings)
        for (offering, slot), bookings in ups.by_place.items()
    ]
    return sorted(rows, key=lambda r: (r[0].letter, r[1].starts_at.timestamp() if r[1] else 0.0))
