"""A year of markets, actions and exchanges all over the district, so that trends and the
dashboard have something to show.

By the thousand, so written straight into the tables, each row as the features' operations leave
it. Those who came are guests: nobody of the demo who logs in gets a past that they don't know.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from backend.activities.models import (
    Activity,
    ActivityRecord,
    ActivityState,
    Attendance,
    ExchangeKind,
    Offering,
    OfferingMode,
    Programme,
    Stall,
    Venue,
)
from backend.bookings.models import Booking, BookingOrigin, BookingState
from backend.checkin.models import Scan, ScanDirection, ScanSource, Verdict
from backend.core import audit, clock, idempotency
from backend.core.config import RATING, load
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.demo import markets
from backend.feedback.models import Rating, Rectification, RectificationState
from backend.identity.models import Resident
from backend.regions.models import Region, RegionLevel

ACTIVITIES = 66
GUESTS = 240
_KEY = "past-year"
_FIRST_DAYS_AGO, _EVERY_DAYS = 12, 5
# From one activity to the next so many communities further, so that all towns get some.
_STRIDE = 37
_DEVICE = "demo"
SERVICES = (
    ("clinic", "义诊", 0), ("haircut", "义剪", 1), ("health_check", "量血压、测血糖", 0),
    ("legal", "法规解读", 2), ("repair", "家电维修", 3), ("phone_class", "手机课堂", 4),
)  # fmt: skip
_STALLS = 3
_SCORES = (5, 5, 4, 5, 4, 5, 5, 3, 5, 4, 5, 5, 4, 2, 5, 5)
# At every so manieth activity people waited long, and said so.
_POOR_EVERY, _POOR_SCORES = 13, (4, 2, 3, 1, 5, 2, 4, 3)
_BEST_SCORE = 5

Row = dict[str, Any]


@dataclass
class _Rows:
    """What is to be inserted, by table, in the order of the tables' references."""

    venues: list[Row] = field(default_factory=list)
    activities: list[Row] = field(default_factory=list)
    records: list[Row] = field(default_factory=list)
    stalls: list[Row] = field(default_factory=list)
    offerings: list[Row] = field(default_factory=list)
    attendances: list[Row] = field(default_factory=list)
    scans: list[Row] = field(default_factory=list)
    bookings: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)
    rectifications: list[Row] = field(default_factory=list)

    def insert(self, session: Session) -> None:
        for model, rows in (
            (Venue, self.venues),
            (Activity, self.activities),
            (ActivityRecord, self.records),
            (Stall, self.stalls),
            (Offering, self.offerings),
            (Attendance, self.attendances),
            (Scan, self.scans),
            (Booking, self.bookings),
            (Rating, self.ratings),
            (Rectification, self.rectifications),
        ):
            session.execute(insert(model), rows)


def load_past(
    session: Session, now: datetime, volunteer: Actor, organisations: Sequence[UUID]
) -> Iterator[str]:
    """Make the year behind the demo, once; afterwards it stays where it is.

    Args:
        volunteer: who let people in.
        organisations: ids, in the order of people.ORGANISATIONS.
    """
    entry = audit.AuditEntry
    known = select(entry.id).where(
        entry.action == markets.AUDIT_ACTION, entry.details["key"].as_string() == _KEY
    )
    if session.execute(known.limit(1)).first():
        return
    rows, guests = _Rows(), _guests(session)
    communities = session.execute(
        select(Region.id, Region.name)
        .where(Region.level == RegionLevel.COMMUNITY)
        .order_by(Region.code)
    ).all()
    for index in range(ACTIVITIES):
        community = communities[index * _STRIDE % len(communities)]
        _activity(rows, index, now, community, organisations)
        _people(rows, index, guests, volunteer)
    rows.insert(session)
    audit.record(
        session, None, markets.AUDIT_ACTION, Activity.__tablename__, rows.activities[0]["id"],
        details={"key": _KEY},
    )  # fmt: skip
    yield f"新建：一年来的 {ACTIVITIES} 场活动（已结束，有签到、评价和登记）"


def _guests(session: Session) -> list[UUID]:
    ids = [new_id() for _ in range(GUESTS)]
    session.execute(
        insert(Resident),
        [{"id": guest, "name": f"来宾{number}"} for number, guest in enumerate(ids)],
    )
    return ids


def _activity(
    rows: _Rows, index: int, now: datetime, community: Any, organisations: Sequence[UUID]
) -> None:
    """One activity with its stalls, services and record."""
    days_ago = _FIRST_DAYS_AGO + index * _EVERY_DAYS
    opens, closes = markets.day_hours(clock.local_day(now) - timedelta(days=days_ago))
    venue_id, activity_id = new_id(), new_id()
    rows.venues.append({"id": venue_id, "name": f"{community.name}广场"})
    rows.activities.append(
        {
            "id": activity_id,
            "region_id": community.id,
            "venue_id": venue_id,
            "starts_at": opens,
            "ends_at": closes,
            "state": ActivityState.CLOSED,
            "created_at": opens - timedelta(days=14),
            "opened_at": opens,
            "closed_at": closes,
        }
        | _programme(index, community.name)
    )
    volunteers = 6 + index % 9
    rows.records.append(
        {
            "activity_id": activity_id,
            "volunteers": volunteers,
            "volunteer_minutes": volunteers * (150 + index % 4 * 30),
            "funds_yuan": 1200 + index % 7 * 350,
            "updated_at": closes,
        }
    )
    for number in range(_STALLS):
        kind, title, organisation = SERVICES[(index + number) % len(SERVICES)]
        stall_id = new_id()
        rows.stalls.append(
            {
                "id": stall_id,
                "activity_id": activity_id,
                "number": str(number + 1),
                "name": f"{title}台",
                "organisation_id": organisations[organisation],
            }
        )
        rows.offerings.append(
            {
                "id": new_id(),
                "activity_id": activity_id,
                "stall_id": stall_id,
                "letter": "ABC"[number],
                "title": title,
                "service_kind": kind,
                "mode": OfferingMode.QUEUE,
            }
        )


def _programme(index: int, community: str) -> Row:
    """Mostly markets; now and then an action or an exchange."""
    if index % 22 == 9:
        return {
            "programme": Programme.EXCHANGE,
            "title": f"吾社汇：{community}赋能培训",
            "kind": ExchangeKind.TRAINING,
            "field": None,
        }
    if index % 7 == 5:
        fields = list(load("fields"))
        return {
            "programme": Programme.ACTION,
            "title": f"吾社行：{community}志愿行动",
            "kind": None,
            "field": fields[index % len(fields)],
        }
    return {
        "programme": Programme.MARKET,
        "title": f"「益行社区」{community}公益集市",
        "kind": None,
        "field": None,
    }


def _people(rows: _Rows, index: int, guests: Sequence[UUID], volunteer: Actor) -> None:
    """Who came to the activity made last, was served, and rated it."""
    activity, offerings = rows.activities[-1], rows.offerings[-_STALLS:]
    scores = _POOR_SCORES if index % _POOR_EVERY == 4 else _SCORES
    for place in range(16 + index * 5 % 17):
        resident_id = guests[(index * 29 + place * 7) % len(guests)]
        at = activity["starts_at"] + place * timedelta(minutes=12)
        _visit(rows, activity, resident_id, at, volunteer)
        offering = offerings[place % _STALLS]
        booking_id = _served(rows, offering, resident_id, at, place // _STALLS + 1, volunteer)
        if place % 4 != 3 and index % 5 != 2:
            score = scores[place % len(scores)]
            _rate(rows, offering, resident_id, booking_id, score, activity["ends_at"])


def _visit(rows: _Rows, activity: Row, resident_id: UUID, at: datetime, volunteer: Actor) -> None:
    attendance_id, scan_id = new_id(), new_id()
    rows.attendances.append(
        {
            "id": attendance_id,
            "activity_id": activity["id"],
            "resident_id": resident_id,
            "on_day": clock.local_day(at),
            "attended_at": at,
            "device_id": _DEVICE,
            "left_at": activity["ends_at"],
        }
    )
    rows.scans.append(
        {
            "id": scan_id,
            "activity_id": activity["id"],
            "resident_id": resident_id,
            "operator_user_id": volunteer.user_id,
            "direction": ScanDirection.ENTRY,
            "source": ScanSource.PAPER,
            "device_id": _DEVICE,
            "scanned_at": at,
            "received_at": at,
            "judged_at": at,
            "derived_verdict": Verdict.ADMITTED,
            "attendance_id": attendance_id,
            "request_hash": idempotency.fingerprint(_DEVICE, str(scan_id)),
        }
    )


def _served(
    rows: _Rows, offering: Row, resident_id: UUID, at: datetime, number: int, volunteer: Actor
) -> UUID:
    """A number that was called and served; answers its id."""
    booking_id = new_id()
    called = at + timedelta(minutes=5 + number % 6)
    rows.bookings.append(
        {
            "id": booking_id,
            "activity_id": offering["activity_id"],
            "offering_id": offering["id"],
            "resident_id": resident_id,
            "booked_by": volunteer.user_id,
            "origin": BookingOrigin.WALK_IN,
            "service_on": clock.local_day(at),
            "number": number,
            "ticket": f"{offering['letter']}{number:03}",
            "state": BookingState.SERVED,
            "created_at": at,
            "arrived_at": at,
            "queued_at": at,
            "first_called_at": called,
            "called_at": called,
            "calls": 1,
            "started_at": called + timedelta(minutes=1),
            "finished_at": called + timedelta(minutes=9),
        }
    )
    return booking_id


def _rate(
    rows: _Rows, offering: Row, resident_id: UUID, booking_id: UUID, score: int, at: datetime
) -> None:
    """A rating; a bad one was answered, called back and closed."""
    rating_id = new_id()
    rows.ratings.append(
        {
            "id": rating_id,
            "activity_id": offering["activity_id"],
            "offering_id": offering["id"],
            "booking_id": booking_id,
            "resident_id": resident_id,
            "rated_by": resident_id,
            "score": score,
            "items": {"attitude": score, "skill": min(_BEST_SCORE, score + 1), "waiting": score},
            "tags": ["warm"] if score > RATING.bad_score else ["slow"],
            "created_at": at,
            "updated_at": at,
        }
    )
    if score > RATING.bad_score:
        return
    rows.rectifications.append(
        {
            "rating_id": rating_id,
            "activity_id": offering["activity_id"],
            "state": RectificationState.CLOSED,
            "opened_at": at,
            "due_at": at + timedelta(days=RATING.rectify_days),
            "reply": "已增加一个服务台，缩短等候。",
            "replied_at": at + timedelta(days=1),
            "call_back_note": "居民表示认可。",
            "resident_satisfied": True,
            "called_back_at": at + timedelta(days=2),
            "closed_at": at + timedelta(days=2),
        }
    )
