"""Reads of check-in."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from backend.activities.days import ratable_until
from backend.activities.models import Activity, Attendance
from backend.checkin.judge import Moment
from backend.checkin.models import Scan, ScanDirection, ScanRevert
from backend.checkin.requests import Wanted
from backend.core import clock
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.pagination import Asked, Page, paginate
from backend.core.permissions import Actor
from backend.identity.models import Resident
from backend.identity.names import masked_name, name_key, name_key_of, own_name
from backend.identity.people.standing import Occasion, described, who_is_here
from backend.identity.questions import uses
from backend.regions.models import Region
from backend.regions.queries import within

FOUND_LIMIT = 10
_TAIL_DIGITS = 4
# Of a number whose turn is still to come, in the words of those who know numbers.
_IN_LINE = frozenset({"arrived", "called", "missed", "parked"})
# Digits of a subdistrict's code.
_SUBDISTRICT = 9
# A district has some hundred people of one tail, or of its most common name.
_MOST_CANDIDATES = 500


def list_attendances(session: Session, activity_id: UUID, asked: Asked) -> Page:
    """An activity's visits, newest first, names masked."""
    statement = (
        select(Attendance, Resident.name)
        .join(Resident, Resident.id == Attendance.resident_id)
        .where(Attendance.activity_id == activity_id, Attendance.reverted_at.is_(None))
    )
    page = paginate(
        session,
        statement,
        [(Attendance.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (str(row.Attendance.id),),
        descending=True,
        scalars=False,
    )
    scans = _standing_scans(session, [row.Attendance.id for row in page.items])
    return Page(
        [
            _visit(row, masked_name(row.name)) | {"scan": scans.get(row.Attendance.id)}
            for row in page.items
        ],
        page.next_cursor,
    )


# When a scan was judged, and whether it has been undone.
JUDGED_AT = func.coalesce(Scan.judged_at, Scan.received_at)
UNDONE = select(ScanRevert.id).where(ScanRevert.scan_id == Scan.id).exists()


def _standing_scans(session: Session, visit_ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """Of each visit the scan on which it stands: the earliest that was not undone."""
    statement = (
        select(Scan)
        .ext(distinct_on(Scan.attendance_id))
        .where(Scan.attendance_id.in_(visit_ids), Scan.direction == ScanDirection.ENTRY, ~UNDONE)
        .order_by(Scan.attendance_id, JUDGED_AT, Scan.received_at, Scan.id)
    )
    return {
        scan.attendance_id: _provenance(scan)
        for scan in session.execute(statement).scalars()
        if scan.attendance_id is not None
    }


def _provenance(scan: Scan) -> dict[str, Any]:
    moment = Moment.kept(scan)
    return {
        "id": scan.id,
        "source": scan.source,
        "device_id": scan.device_id,
        "scanned_at": scan.scanned_at,
        "received_at": scan.received_at,
        "clock_drift_seconds": moment.drift_seconds,
        "offline": moment.offline,
    }


def my_attendances(session: Session, actor: Actor, asked: Asked) -> Page:
    """The caller's visits and their family's, newest first."""
    statement = (
        select(Attendance, Resident.name, Activity.title, Activity.ends_at, Activity.closed_at)
        .join(Resident, Resident.id == Attendance.resident_id)
        .join(Activity, Activity.id == Attendance.activity_id)
        .where(
            or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id),
            Resident.removed_at.is_(None),
            Attendance.reverted_at.is_(None),
        )
    )
    page = paginate(
        session,
        statement,
        [(Attendance.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (str(row.Attendance.id),),
        descending=True,
        scalars=False,
    )
    return Page(
        [
            _visit(row, own_name(row.name))
            | {
                "activity_id": row.Attendance.activity_id,
                "activity_title": row.title,
                "ratable_until": ratable_until(row.ends_at, row.closed_at),
            }
            for row in page.items
        ],
        page.next_cursor,
    )


def _visit(row: Any, name: str) -> dict[str, Any]:
    visit: Attendance = row.Attendance
    return {
        "id": visit.id,
        "resident": {"id": visit.resident_id, "display_name": name},
        "attended_at": visit.attended_at,
        "on_day": visit.on_day,
        "left_at": visit.left_at,
    }


class Found(NamedTuple):
    """Who was found, as the answer has them, and how many more fit."""

    people: list[dict[str, Any]]
    more: int


def find_residents(session: Session, activity: Activity, by: Wanted) -> Found:
    """People by phone number, by its last four digits, or by their whole name: the fewest fields
    that tell them apart, for a volunteer to ask 「是王女士吗」.

    First those with a tie to the activity's subdistrict: they have signed up or been there, or
    they or whose family they are live there; of these who was entered last. Others by their whole
    number alone: four digits or a name are soon tried through, and would read out the district.

    Each with where they stand there today: who is in already, or has a number, is not done twice.
    """
    town = activity.region_code[:_SUBDISTRICT]
    phone, vault = by.phone, composed(PhoneVault)
    whole = phone is not None and len(phone) != _TAIL_DIGITS
    if phone is None:
        wanted = name_key_of(Resident.name) == name_key(by.name)
    elif whole:
        wanted = Resident.phone_hash == vault.lookup_hash(phone)
    else:
        wanted = Resident.phone_tail_hash == vault.tail_hash(phone)
    people = _candidates(session, wanted, town)
    used = _who_used(session, [person.Resident.id for person in people], town)
    people.sort(key=lambda person: (person.Resident.id not in used, not person.at_home))
    known = [
        person.Resident
        for person in people
        if whole or person.at_home or person.Resident.id in used
    ]
    today = clock.day_within(clock.now(), activity.starts_at, activity.ends_at)
    shown = described(session, known[:FOUND_LIMIT], Occasion(activity.id, today))
    return Found(shown, len(known) - len(shown))


def _candidates(session: Session, wanted: ColumnElement[bool], town: str) -> list[Any]:
    """Who fits, those who live in the town first, then who was entered last: the resident, and
    whether they are `at_home`."""
    guardian = aliased(Resident)
    at_home = func.coalesce(Region.code.startswith(town), False).label("at_home")
    statement = (
        select(Resident, at_home)
        .outerjoin(guardian, guardian.user_id == Resident.guardian_user_id)
        .outerjoin(Region, Region.id == func.coalesce(Resident.region_id, guardian.region_id))
        .where(wanted, Resident.removed_at.is_(None))
        .order_by(at_home.desc(), Resident.id.desc())
        .limit(_MOST_CANDIDATES)
    )
    return list(session.execute(statement))


def _who_used(session: Session, ids: list[UUID], town: str) -> set[UUID]:
    """Which of these people have been to activities in the town, or signed up for one."""
    return set().union(*uses(session, ids, (town,)).values())


def export_attendances(session: Session, resident_ids: list[UUID]) -> list[dict[str, Any]]:
    """The visits of these people, for their export."""
    statement = (
        select(
            Attendance.id,
            Attendance.resident_id,
            Attendance.activity_id,
            Activity.title,
            Attendance.attended_at,
            Attendance.left_at,
            Attendance.reverted_at,
        )
        .join(Activity, Activity.id == Attendance.activity_id)
        .where(Attendance.resident_id.in_(resident_ids))
        .order_by(Attendance.id)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def is_undone(session: Session, scan_id: UUID) -> bool:
    """Whether a scan has been undone already."""
    statement = select(ScanRevert.id).where(ScanRevert.scan_id == scan_id)
    return session.execute(statement).scalar_one_or_none() is not None


def numbers_left(session: Session, scan_id: UUID) -> list[dict[str, Any]]:
    """The numbers that stay in the line though the check-in of a scan is undone, since the desk has
    given them: who undoes it is to say what becomes of them."""
    visit = session.execute(
        select(
            Attendance.resident_id,
            Attendance.activity_id,
            Attendance.attended_at,
            Activity.starts_at,
            Activity.ends_at,
        )
        .join(Scan, Scan.attendance_id == Attendance.id)
        .join(Activity, Activity.id == Attendance.activity_id)
        .where(Scan.id == scan_id, Attendance.reverted_at.is_not(None))
    ).one_or_none()
    if visit is None:
        return []
    day = clock.day_within(visit.attended_at, visit.starts_at, visit.ends_at)
    occasion = Occasion(visit.activity_id, day)
    here = who_is_here(session, occasion, [visit.resident_id]).get(visit.resident_id, {})
    if "checked_in_at" in here:  # they have come after all, since
        return []
    return [one for one in here.get("tickets", []) if one["state"] in _IN_LINE]


def count_visits(
    session: Session, resident_ids: list[UUID], region_codes: Iterable[str]
) -> dict[UUID, int]:
    """How often these people came to activities in some regions; who never did is left out."""
    statement = (
        select(Attendance.resident_id, func.count().label("n"))
        .join(Activity, Activity.id == Attendance.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .where(
            Attendance.resident_id.in_(resident_ids),
            Attendance.reverted_at.is_(None),
            within(region_codes),
        )
        .group_by(Attendance.resident_id)
    )
    return {row.resident_id: row.n for row in session.execute(statement)}


def standing_visits(
    session: Session, activity_id: UUID, day: date, resident_ids: list[UUID]
) -> dict[UUID, dict[str, Any]]:
    """When these people have come to an activity on its day, and gone again; of visits on both
    sides of midnight the later."""
    statement = (
        select(Attendance.resident_id, Attendance.attended_at, Attendance.left_at)
        .where(
            Attendance.activity_id == activity_id,
            Attendance.resident_id.in_(resident_ids),
            # A night market's day goes on after midnight.
            Attendance.on_day >= day,
            Attendance.reverted_at.is_(None),
        )
        .order_by(Attendance.on_day)
    )
    return {
        row.resident_id: {"checked_in_at": row.attended_at, "left_at": row.left_at}
        for row in session.execute(statement)
    }
