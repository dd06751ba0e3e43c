"""The calling display: what hangs in front of the stalls, numbers and names of stalls alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Desk, Offering, OfferingMode, Stall
from backend.activities.words import stall_order
from backend.board.queries import now_at_desks
from backend.bookings.line.order import LINE_ORDER
from backend.bookings.models import BookingState
from backend.core import clock

NEXT_SHOWN = 3

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
    at_desks = now_at_desks(session, activity, now)
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
