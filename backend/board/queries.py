"""A market's day as it stands now: for those who run it, and for those who wait."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from backend.activities.days import day_has_come
from backend.activities.models import (
    LONGEST_ACTIVITY,
    Activity,
    ActivityState,
    Attendance,
    Desk,
    Offering,
    OfferingMode,
    Slot,
    Stall,
    Venue,
)
from backend.activities.queries import bookable
from backend.activities.words import stall_order
from backend.board.summary import places_by_offering, presence_of, states_by_offering
from backend.bookings.days import day_over
from backend.bookings.line.order import LINE_ORDER
from backend.bookings.models import Booking, BookingState
from backend.checkin.models import Refusal, Scan, Verdict
from backend.checkin.operations import FIND_LIMIT_REACHED
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import BOARD, limit_rules
from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor, Permission
from backend.identity.models import Resident
from backend.identity.names import masked_name
from backend.regions.models import Region
from backend.regions.queries import within

ARRIVALS_EVERY = timedelta(minutes=30)
NEXT_SHOWN = 3
_SHOWN = (ActivityState.PUBLISHED, ActivityState.LIVE, ActivityState.CLOSED)
_AT_DESK = (BookingState.CALLED, BookingState.SERVING)


# ---------------------------------------------------------------------------- the markets of a day


def activities_of_day(
    session: Session, actor: Actor, on: date, region_code: str | None, query: dict[str, Any]
) -> Page:
    """What takes place on a day in the caller's regions, the live ones first, each with its visits
    and how many wait. Today's list also has what is still live from an earlier day: somebody has
    forgotten to close it.

    Args:
        region_code: only this region and what is below it; None: all of the caller's.
        query: `cursor` and `limit`.
    """
    live_first = case((Activity.state == ActivityState.LIVE, 0), else_=1)
    # The second bound follows from the others; it lets the index on the start find the day.
    in_day = and_(
        Activity.starts_at < clock.day_end(on),
        Activity.starts_at > clock.day_start(on) - LONGEST_ACTIVITY,
        Activity.ends_at > clock.day_start(on),
    )
    left_open = and_(Activity.state == ActivityState.LIVE, day_has_come())
    shown = or_(in_day, left_open) if on == clock.today() else in_day
    statement = (
        select(
            Activity.id,
            Activity.title,
            Activity.programme,
            Activity.state,
            Activity.starts_at,
            Activity.ends_at,
            Region.name.label("region_name"),
            Venue.name.label("venue_name"),
            live_first.label("rank"),
        )
        .join(Region, Region.id == Activity.region_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(
            within(actor.region_codes(Permission.ACTIVITY_SUMMARY)),
            within([region_code or ""]),
            Activity.state.in_(_SHOWN),
            shown,
        )
    )
    page = paginate(
        session,
        statement,
        [
            (live_first, int),
            (Activity.starts_at.expression, datetime),
            (Activity.id.expression, UUID),
        ],
        cursor=query.get("cursor"),
        limit=query["limit"],
        key_of=lambda row: (row.rank, row.starts_at, str(row.id)),
        scalars=False,
    )
    counts = _counts_of(session, [row.id for row in page.items])
    return Page([row._asdict() | counts[row.id] for row in page.items], page.next_cursor)


def _counts_of(session: Session, activity_ids: list[UUID]) -> dict[UUID, dict[str, int]]:
    """Visits, and how many wait, of each of these; in one statement."""
    visits = (
        select(func.count())
        .where(Attendance.activity_id == Activity.id, Attendance.reverted_at.is_(None))
        .scalar_subquery()
    )
    waiting = (
        select(func.count())
        .where(
            Booking.activity_id == Activity.id,
            Booking.state == BookingState.ARRIVED,
            ~day_over(),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(Activity.id, visits.label("visits"), waiting.label("waiting")).where(
            Activity.id.in_(activity_ids)
        )
    )
    return {row.id: {"visits": row.visits, "waiting": row.waiting} for row in rows}


# ---------------------------------------------------------------------------- the board


class Alert(StrEnum):
    """What somebody on the spot should see to (issue 4, Live board)."""

    LONG_WAIT = "long_wait"
    STALL_NOT_STARTED = "stall_not_started"
    SLOT_EMPTYING = "slot_emptying"
    LEFT_OPEN = "left_open"
    FIND_LIMIT = "find_limit"


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning.

    Attributes:
        stall: number and name; of FIND_LIMIT: who is stopped.
        minutes: how long it has been so.
        slot: of a slot: its start, how many have booked it and how many of them have come.
        tickets: of what was left open: the numbers.
    """

    alert: Alert
    stall: str
    service: str | None
    minutes: int
    slot: tuple[datetime, int, int] | None = None
    tickets: Sequence[str] = ()


def board_of(session: Session, activity: Activity) -> dict[str, Any]:
    """A market's day so far: who has come, each service's line, appointments, what to see to.

    In a fixed number of statements: an open board asks for it every few seconds. Bookings are
    those of the day; visits and people those of the whole activity, which for a market is the same.
    """
    now = clock.now()
    on = clock.day_within(now, activity.starts_at, activity.ends_at)
    over_at = clock.day_over_at(on, activity.starts_at, activity.ends_at)
    slots = _slots(session, activity.id, over_at, now)
    called = _called_by_offering(_at_desks(session, activity, now))
    states = states_by_offering(session, activity.id, on)
    services = [
        _service(row, states[key], slots[row.id], called[row.id], now)
        for key, row in places_by_offering(session, activity.id, on).items()
    ]
    stalls = _stalls_with_lines(session, activity.id, on)
    warnings = _stopped_finders(session, activity.id, now)
    warnings += _left_open(session, activity, on)
    warnings += _warnings(activity, services, slots, stalls, now)
    return {
        "state": activity.state,
        **presence_of(session, activity)._mapping,
        **{
            name: sum(service[name] for service in services)
            for name in ("booked", "waiting", "calling", "serving", "served", "parked", "missed")
        },
        "services": services,
        # After the end nobody can mend what was amiss.
        "warnings": warnings if activity.state is ActivityState.LIVE else [],
        "arrivals": _arrivals(session, activity, on, over_at, now),
        "scans": _scans(session, activity.id, clock.day_start(on), over_at),
    }


def _service(
    place: Any, states: Any, slots: Sequence[Any], called: Sequence[str], now: datetime
) -> dict[str, Any]:
    """One line of the board."""
    return {
        "id": place.id,
        "title": place.title,
        "mode": OfferingMode(place.mode),
        "stall_number": place.number,
        "stall_name": place.name,
        "booked": states[BookingState.CONFIRMED],
        "waiting": states[BookingState.ARRIVED],
        "calling": states[BookingState.CALLED],
        "called_tickets": called,
        "serving": states[BookingState.SERVING],
        "served": states[BookingState.SERVED],
        "parked": states[BookingState.PARKED],
        "missed": states[BookingState.MISSED],
        "mean_wait_minutes": None if place.wait is None else round(place.wait),
        "longest_wait_minutes": _minutes(place.waiting_since, now),
        "waiting_since": place.waiting_since,
        "free": sum(_free(slot) for slot in slots) if slots else None,
    }


def _minutes(since: datetime | None, now: datetime) -> int | None:
    """Whole minutes from then to now; 0 where it is still to come."""
    return None if since is None else max(0, int((now - since).total_seconds() // 60))


def _free(slot: Any) -> int:
    free: int = bookable(slot.capacity, float(slot.walk_in_share)) - slot.taken
    return max(0, free)


def _slots(
    session: Session, activity_id: UUID, over_at: datetime, now: datetime
) -> dict[UUID, list[Any]]:
    """The appointment times that are not over of the day that ends at `over_at`, by service, with
    how many have booked each and how many of them have come."""
    rows = session.execute(
        select(
            Slot.offering_id,
            Slot.starts_at,
            Slot.capacity,
            Slot.taken,
            Offering.walk_in_share,
            func.count(Booking.id).filter(Booking.state != BookingState.CANCELLED).label("booked"),
            func.count(Booking.arrived_at)
            .filter(Booking.state != BookingState.CANCELLED)
            .label("came"),
        )
        .join(Offering, Offering.id == Slot.offering_id)
        .outerjoin(Booking, Booking.slot_id == Slot.id)
        .where(
            Offering.activity_id == activity_id,
            Slot.ends_at > now,
            Slot.starts_at < over_at,
        )
        .group_by(Slot.id, Offering.id)
        .order_by(Slot.starts_at)
    )
    by_offering: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        by_offering[row.offering_id].append(row)
    return by_offering


def _at_desks(session: Session, activity: Activity, now: datetime) -> Sequence[Any]:
    """The numbers that are called or served now, the one called last first."""
    on = clock.service_day(now, activity.starts_at, activity.ends_at)
    return session.execute(
        select(
            Booking.ticket,
            Booking.state,
            Booking.offering_id,
            Booking.called_stall_id,
            Booking.called_at,
            Booking.calls,
        )
        .where(
            Booking.activity_id == activity.id,
            Booking.service_on == on,
            Booking.state.in_(_AT_DESK),
        )
        .order_by(Booking.called_at.desc(), Booking.id)
    ).all()


def _called_by_offering(at_desks: Iterable[Any]) -> dict[UUID, list[str]]:
    called: dict[UUID, list[str]] = defaultdict(list)
    for row in at_desks:
        if row.state is BookingState.CALLED:
            called[row.offering_id].append(row.ticket)
    return called


def _stalls_with_lines(session: Session, activity_id: UUID, on: date) -> Sequence[Any]:
    """The stalls that call, each with the services whose lines it serves and whether it has
    called anybody on the day."""
    called = select(Booking.id).where(
        Booking.activity_id == activity_id,
        Booking.service_on == on,
        Booking.called_stall_id == Stall.id,
    )
    rows = session.execute(
        select(
            Stall.number,
            Stall.name,
            func.array_agg(Desk.offering_id).label("offering_ids"),
            called.exists().label("started"),
        )
        .join(Desk, Desk.stall_id == Stall.id)
        .join(Offering, Offering.id == Desk.offering_id)
        .where(Stall.activity_id == activity_id, Offering.mode != OfferingMode.OPEN)
        .group_by(Stall.id)
    )
    return sorted(rows, key=lambda row: stall_order(row.number))


def _warnings(
    activity: Activity,
    services: Sequence[dict[str, Any]],
    slots: dict[UUID, list[Any]],
    stalls: Sequence[Any],
    now: datetime,
) -> list[Warned]:
    """What to see to: stalls that have not started, long waits, appointments nobody comes to."""
    by_id = {service["id"]: service for service in services}
    not_started = (_not_started(activity, stall, by_id, slots, now) for stall in stalls)
    warnings = [warned for warned in not_started if warned]
    for service in services:
        stall = f"{service['stall_number']} {service['stall_name']}"
        waited = service["longest_wait_minutes"]
        if waited is not None and waited >= BOARD.long_wait_minutes:
            warnings.append(Warned(Alert.LONG_WAIT, stall, service["title"], waited))
        warnings += [
            Warned(
                Alert.SLOT_EMPTYING,
                stall,
                service["title"],
                _minutes(slot.starts_at, now) or 0,
                (slot.starts_at, slot.booked, slot.came),
            )
            for slot in slots[service["id"]]
            if _stays_empty(slot, now)
        ]
    return warnings


def _left_open(session: Session, activity: Activity, on: date) -> list[Warned]:
    """The numbers that were being served when the day before ended, by stall: they count as
    served, and somebody who was there should know."""
    if on == clock.local_day(activity.starts_at):
        return []
    found = session.execute(
        select(
            Stall.number,
            Stall.name,
            func.array_agg(aggregate_order_by(Booking.ticket, Booking.number)).label("tickets"),
        )
        .join(Stall, Stall.id == Booking.called_stall_id)
        .where(
            Booking.activity_id == activity.id,
            Booking.service_on == on - timedelta(days=1),
            Booking.state.in_((BookingState.SERVING, BookingState.SERVED)),
            Booking.finished_at.is_(None),
        )
        .group_by(Stall.id)
    )
    rows = sorted(found, key=lambda row: stall_order(row.number))
    return [
        Warned(Alert.LEFT_OPEN, f"{row.number} {row.name}", None, 0, tickets=row.tickets)
        for row in rows
    ]


def _stopped_finders(session: Session, activity_id: UUID, now: datetime) -> list[Warned]:
    """Colleagues who have found so many people here that they are stopped."""
    since = now - timedelta(seconds=limit_rules("find").seconds)
    rows = session.execute(
        select(AuditEntry.at, Resident.name)
        .join(Resident, Resident.user_id == AuditEntry.actor_user_id)
        .where(
            AuditEntry.object_type == Activity.__tablename__,
            AuditEntry.object_id == activity_id,
            AuditEntry.action == FIND_LIMIT_REACHED,
            AuditEntry.at > since,
        )
        .order_by(AuditEntry.at)
    )
    return [
        Warned(Alert.FIND_LIMIT, masked_name(row.name), None, _minutes(row.at, now) or 0)
        for row in rows
    ]


def _stays_empty(slot: Any, now: datetime) -> bool:
    """Whether an appointment time that has begun has too few of those who booked it."""
    begun: bool = now >= slot.starts_at + timedelta(minutes=BOARD.slot_check_minutes)
    few_came: bool = slot.came < BOARD.slot_arrived_share * slot.booked
    return begun and slot.booked >= BOARD.slot_fewest_booked and few_came


def _not_started(
    activity: Activity,
    stall: Any,
    services: dict[UUID, dict[str, Any]],
    slots: dict[UUID, list[Any]],
    now: datetime,
) -> Warned | None:
    """The warning of a stall that has called nobody, though somebody waits or an appointment has
    begun, and the market has been open, for long enough."""
    if stall.started or activity.opened_at is None:
        return None
    could_call = [
        slot.starts_at
        for offering_id in stall.offering_ids
        for slot in slots[offering_id]
        if slot.booked and slot.starts_at <= now
    ]
    could_call += [
        services[offering_id]["waiting_since"]
        for offering_id in stall.offering_ids
        if services[offering_id]["waiting_since"] is not None
    ]
    if not could_call:
        return None
    idle = _minutes(max(activity.opened_at, activity.starts_at, min(could_call)), now) or 0
    if idle < BOARD.stall_start_minutes:
        return None
    return Warned(Alert.STALL_NOT_STARTED, f"{stall.number} {stall.name}", None, idle)


def _arrivals(
    session: Session, activity: Activity, on: date, over_at: datetime, now: datetime
) -> list[tuple[datetime, int]]:
    """How many came in each half-hour of the day, those in which nobody came included: from the
    market's start, or the first arrival, until now or its end."""
    midnight = clock.day_start(on)
    begin = func.date_bin(ARRIVALS_EVERY, Attendance.attended_at, midnight).label("begin")
    rows = session.execute(
        select(begin, func.count().label("n"))
        .where(
            Attendance.activity_id == activity.id,
            Attendance.on_day >= on,
            Attendance.attended_at < over_at,
            Attendance.reverted_at.is_(None),
        )
        .group_by(begin)
    )
    came = {row.begin: row.n for row in rows}
    first = _half_hour(midnight, min([max(midnight, activity.starts_at), *came]))
    until = min(now, activity.ends_at, over_at) - timedelta(microseconds=1)
    last = max([until, *came])
    found = []
    while first <= last:
        found.append((first, came.get(first, 0)))
        first += ARRIVALS_EVERY
    return found


def _half_hour(midnight: datetime, instant: datetime) -> datetime:
    """The half-hour in which an instant lies."""
    return midnight + (instant - midnight) // ARRIVALS_EVERY * ARRIVALS_EVERY


def _scans(session: Session, activity_id: UUID, since: datetime, until: datetime) -> dict[str, Any]:
    """A day's scans that made no visit: `repeated`, and `refused` by reason, the most first."""
    rows = session.execute(
        select(Scan.derived_verdict, Scan.reason, func.count().label("n"))
        .where(
            Scan.activity_id == activity_id,
            Scan.received_at >= since,
            Scan.received_at < until,
            Scan.derived_verdict != Verdict.ADMITTED,
        )
        .group_by(Scan.derived_verdict, Scan.reason)
        .order_by(func.count().desc(), Scan.reason)
    ).all()
    refused: list[tuple[Refusal, int]] = [
        (row.reason, row.n) for row in rows if row.derived_verdict is Verdict.REFUSED
    ]
    repeated = sum(row.n for row in rows if row.derived_verdict is Verdict.ALREADY_CHECKED_IN)
    return {"repeated": repeated, "refused": refused}


# ---------------------------------------------------------------------------- the calling display

_HEADS = text(
    f"""
    SELECT stall_id, ticket, waiting
      FROM (SELECT d.stall_id, b.ticket,
                   row_number() OVER (PARTITION BY d.stall_id ORDER BY {LINE_ORDER}) AS place,
                   count(*) OVER (PARTITION BY d.stall_id) AS waiting
              FROM stall t
              JOIN desk d ON d.stall_id = t.id
              JOIN booking b ON b.offering_id = d.offering_id
             WHERE t.activity_id = :activity_id AND b.service_on = :service_on
               AND b.state = 'arrived') line
     WHERE place <= :shown
     ORDER BY stall_id, place
    """
)


def display_of(session: Session, activity: Activity, numbers: Sequence[str] = ()) -> list[Any]:
    """The stalls that call, as a screen in front of them shows them: which number is called there,
    which is served, which come next. Numbers only, never a name.

    Args:
        numbers: of the stalls to show; none: all.
    """
    now = clock.now()
    on = clock.service_day(now, activity.starts_at, activity.ends_at)
    stalls = _display_stalls(session, activity.id, numbers)
    at_desks = _at_desks(session, activity, now)
    values = {"activity_id": activity.id, "service_on": on, "now": now, "shown": NEXT_SHOWN}
    heads: dict[UUID, list[Any]] = defaultdict(list)
    for row in session.execute(_HEADS, values):
        heads[row.stall_id].append(row)
    return [
        {
            "number": stall.number,
            "name": stall.name,
            "called": next((_call(row, stall) for row in at_desks if _is_here(row, stall)), None),
            "serving": [
                row.ticket
                for row in at_desks
                if row.called_stall_id == stall.id and row.state is BookingState.SERVING
            ],
            "next": [head.ticket for head in heads[stall.id]],
            "waiting": heads[stall.id][0].waiting if heads[stall.id] else 0,
        }
        for stall in stalls
    ]


def _display_stalls(session: Session, activity_id: UUID, numbers: Sequence[str]) -> Sequence[Any]:
    statement = (
        select(Stall.id, Stall.number, Stall.name)
        .join(Desk, Desk.stall_id == Stall.id)
        .join(Offering, Offering.id == Desk.offering_id)
        .where(Stall.activity_id == activity_id, Offering.mode != OfferingMode.OPEN)
        .group_by(Stall.id)
    )
    if numbers:
        statement = statement.where(Stall.number.in_(numbers))
    return sorted(session.execute(statement), key=lambda row: stall_order(row.number))


def stalls_with_lines(services: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The stalls that a display can be narrowed to: numbers and names, in order.

    Args:
        services: as `board_of` answers them.
    """
    named = {
        one["stall_number"]: one["stall_name"]
        for one in services
        if one["mode"] != OfferingMode.OPEN
    }
    return dict(sorted(named.items(), key=lambda item: stall_order(item[0])))


def _is_here(row: Any, stall: Any) -> bool:
    return row.state is BookingState.CALLED and bool(row.called_stall_id == stall.id)


def _call(row: Any, stall: Any) -> dict[str, Any]:
    return {
        "ticket": row.ticket,
        "called_at": row.called_at,
        "spoken": spoken(row.ticket, stall.number, stall.name),
    }


_DIGITS = str.maketrans(dict(zip("0123456789", "零一二三四五六七八九", strict=True)))


def spoken(ticket: str, stall_number: str, stall_name: str) -> str:
    """What a voice says when a number is called: 「请 A 零 一 二 号，到 3 号摊位 理发角」.

    Digits one by one: nobody looks for a "number twelve" on a slip that says A012.
    """
    return f"请 {' '.join(ticket.translate(_DIGITS))} 号，到 {stall_number} 号摊位 {stall_name}"
