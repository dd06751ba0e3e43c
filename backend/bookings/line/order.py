"""The line: who is next, who waits, and how long that takes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Offering, Stall
from backend.bookings.answers.rows import written_bookings
from backend.bookings.line.estimates import Minutes, estimate_wait
from backend.bookings.models import Booking, BookingState
from backend.core import clock
from backend.core.config import MESSAGES, QUEUE
from backend.core.db.statement import Statement


# The order of the line (docs/rules/calling.md, Who is next): urgent, then appointments whose time
# has come, then walk-ins by arrival; an appointment that is still early comes after all of them. Of
# two who came at the same instant the smaller number.
def place_in_line(line: str) -> str:
    """SQL of what the line is ordered by; as a row, it tells who comes before whom.

    Args:
        line: what has the booking's columns.
    """
    return f"""
        NOT {line}.urgent,
        CASE WHEN {line}.due_at <= :now THEN 0 WHEN {line}.due_at IS NULL THEN 1 ELSE 2 END,
        coalesce({line}.due_at, {line}.queued_at), {line}.queued_at, {line}.number, {line}.id
    """


LINE_ORDER = place_in_line("b")


def gone(line: str) -> str:
    """SQL for whether somebody has signed out, or their check-in was undone, since they got into
    the line, and they have not come in again. Who never checked in (a volunteer gave the number)
    is here.

    Args:
        line: what has the booking's columns.
    """
    return f"""
        coalesce((SELECT bool_or(coalesce(v.reverted_at, v.left_at) > {line}.arrived_at)
                         AND NOT bool_or(v.reverted_at IS NULL AND v.left_at IS NULL)
                    FROM attendance v
                   WHERE v.activity_id = {line}.activity_id
                     AND v.resident_id = {line}.resident_id
                     AND v.on_day >= {line}.service_on), false)
    """


_PLACES = Statement(
    f"""
    SELECT id, ahead, {gone("line")} AS gone
      FROM (SELECT b.id, b.activity_id, b.resident_id, b.service_on, b.arrived_at,
                   row_number() OVER (PARTITION BY b.offering_id, b.service_on
                                            ORDER BY {LINE_ORDER}) - 1 AS ahead
              FROM booking b
             WHERE b.state = 'arrived'
               AND (b.offering_id, b.service_on) IN
                   (SELECT * FROM unnest(CAST(:offerings AS uuid[]), CAST(:days AS date[])))
           ) line
     WHERE id = ANY(:ids)
    """
)


def places_of(session: Session, waiting: Sequence[Any]) -> dict[UUID, Any]:
    """Of each of these numbers how many wait before it (`ahead`), and whether its person has left
    (`gone`)."""
    if not waiting:
        return {}
    lines = {(booking.offering_id, booking.service_on) for booking in waiting}
    rows = _PLACES.rows(
        session,
        offerings=[offering_id for offering_id, _ in lines],
        days=[day for _, day in lines],
        ids=[booking.id for booking in waiting],
        now=clock.now(),
    )
    return {row.id: row for row in rows}


_NEXT_NEAR = Statement(
    f"""
    WITH line AS (
        SELECT b.*, row_number() OVER (ORDER BY {LINE_ORDER}) AS place
          FROM booking b
         WHERE b.offering_id = :offering_id AND b.service_on = :service_on AND b.state = 'arrived'
    ), near AS (
        SELECT line.* FROM line JOIN line gone ON gone.id = :leaving_id AND gone.place <= :near
         WHERE line.place = :near + 1
    )
    {written_bookings("near")}
    """
)


def next_near(session: Session, leaving: Booking) -> Any:
    """The number that comes so near to its turn that its person is told (config/rules.toml,
    `near`) when a waiting one leaves the line, as `select_bookings` has it; None where that one is
    behind it, or nobody waits there."""
    return _NEXT_NEAR.first(
        session,
        offering_id=leaving.offering_id,
        service_on=leaving.service_on,
        leaving_id=leaving.id,
        near=MESSAGES.near,
        now=clock.now(),
    )


_PACE_COLUMNS = """
    (SELECT array_agg(extract(epoch FROM finished_at - started_at)::float / 60)
       FROM (SELECT started_at, finished_at FROM booking
              WHERE offering_id = o.id AND state = 'served' AND finished_at IS NOT NULL
              ORDER BY finished_at DESC LIMIT :sample) recent) AS minutes,
    (SELECT count(DISTINCT called_stall_id) FROM booking
      WHERE offering_id = o.id AND service_on >= :yesterday AND called_at > :open_since) AS desks
    """
_PACE = Statement(f"SELECT {_PACE_COLUMNS} FROM (SELECT CAST(:offering_id AS uuid) AS id) o")
# `ahead`: those whom somebody who joins the line now waits for; `early` appointments come after.
_LINES = Statement(
    f"""
    SELECT o.id, o.minutes_per_person,
           line.ahead, line.early, {_PACE_COLUMNS}
      FROM offering o, LATERAL (
          SELECT count(*) FILTER (WHERE due_at IS NULL OR due_at <= :now) AS ahead,
                 count(*) FILTER (WHERE due_at > :now) AS early
            FROM booking
           WHERE offering_id = o.id AND service_on = :service_on AND state = 'arrived'
      ) line
     WHERE o.activity_id = :activity_id AND o.mode <> 'open'
    """
)


def read_pace(session: Session, offering_id: UUID) -> tuple[list[float], int]:
    """How long the services last finished took, in minutes, and how many desks are open."""
    return _pace(_PACE.first(session, offering_id=offering_id, **_pace_values()))


def _pace_values() -> dict[str, Any]:
    return {
        "sample": QUEUE.estimate_sample,
        # The day's own where the market runs through midnight.
        "yesterday": clock.today() - timedelta(days=1),
        "open_since": clock.now() - timedelta(minutes=QUEUE.open_desk_minutes),
    }


def _pace(row: Any) -> tuple[list[float], int]:
    return row.minutes or [], max(1, row.desks)


def estimated(
    ahead: int,
    pace: tuple[list[float], int],
    usual_minutes: int,
    due_at: datetime | None = None,
) -> Minutes:
    minutes, desks = pace
    due_in = (due_at - clock.now()) / timedelta(minutes=1) if due_at else 0.0
    return estimate_wait(ahead, minutes, usual_minutes, desks, due_in)


def lines_of(session: Session, activity: Activity) -> dict[UUID, dict[str, Any]]:
    """How long today's lines of an activity are for somebody who joins them now, by offering; one
    statement however many there are."""
    today = clock.service_day(clock.now(), activity.starts_at, activity.ends_at)
    values = {"activity_id": activity.id, "service_on": today, "now": clock.now()} | _pace_values()
    return {
        row.id: {
            "waiting": row.ahead,
            "early": row.early,
            "estimate_minutes": estimated(row.ahead, _pace(row), row.minutes_per_person),
        }
        for row in _LINES.rows(session, **values)
    }


def queue_of(session: Session, offering: Offering) -> dict[str, Any]:
    """A line as its screen shows it: numbers and stalls, no names. Who waited on an earlier day of
    a longer activity is not in today's line."""
    now = clock.now()
    starts_at, ends_at = session.execute(
        select(Activity.starts_at, Activity.ends_at).where(Activity.id == offering.activity_id)
    ).one()
    rows = session.execute(
        select(Booking.ticket, Booking.called_at, Booking.calls, Booking.state, Booking.due_at,
               Stall.number, Stall.name)
        .outerjoin(Stall, Stall.id == Booking.called_stall_id)
        .where(
            Booking.offering_id == offering.id,
            Booking.service_on == clock.service_day(now, starts_at, ends_at),
            Booking.state.in_((BookingState.ARRIVED, BookingState.CALLED)),
        )
        .order_by(Booking.called_at.desc(), Booking.id)
    ).all()  # fmt: skip
    by_state: dict[BookingState, list[Any]] = defaultdict(list)
    for row in rows:
        by_state[row.state].append(row)
    # Early appointments come after whoever joins the line now.
    ahead = [
        row for row in by_state[BookingState.ARRIVED] if row.due_at is None or row.due_at <= now
    ]
    return {
        "offering_id": offering.id,
        "calling": [
            {
                "ticket": row.ticket,
                "stall": {"number": row.number, "name": row.name},
                "called_at": row.called_at,
                "calls": row.calls,
            }
            for row in by_state[BookingState.CALLED]
        ],
        "waiting": len(ahead),
        "early": len(by_state[BookingState.ARRIVED]) - len(ahead),
        "estimate_minutes": estimated(
            len(ahead), read_pace(session, offering.id), offering.minutes_per_person
        ),
    }
