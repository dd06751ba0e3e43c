"""What the board warns of: what somebody on the spot should see to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Stall
from backend.activities.words import stall_order
from backend.bookings.models import Booking, BookingState
from backend.checkin.operations import FIND_LIMIT_REACHED
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import BOARD, limit_rules
from backend.identity.models import Resident
from backend.identity.names import masked_name


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


def whole_minutes(since: datetime | None, now: datetime) -> int | None:
    """Whole minutes from then to now; 0 where it is still to come."""
    return None if since is None else max(0, int((now - since).total_seconds() // 60))


def warned_of(
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
                whole_minutes(slot.starts_at, now) or 0,
                (slot.starts_at, slot.booked, slot.came),
            )
            for slot in slots[service["id"]]
            if _stays_empty(slot, now)
        ]
    return warnings


def left_open(session: Session, activity: Activity, on: date) -> list[Warned]:
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


def stopped_finders(session: Session, activity_id: UUID, now: datetime) -> list[Warned]:
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
        Warned(Alert.FIND_LIMIT, masked_name(row.name), None, whole_minutes(row.at, now) or 0)
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
    idle = whole_minutes(max(activity.opened_at, activity.starts_at, min(could_call)), now) or 0
    if idle < BOARD.stall_start_minutes:
        return None
    return Warned(Alert.STALL_NOT_STARTED, f"{stall.number} {stall.name}", None, idle)
