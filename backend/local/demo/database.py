"""What the API gives no figure of, counted in the database itself."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg

from backend.local.demo.comparing import Check, same_rows
from backend.local.demo.market import Market
from backend.local.demo.tally import Tally
from backend.local.system import LocalSystem
from backend.local.waiting import WaitTimeoutError, wait_until

_COMMENTS_CHECKED_WITHIN_S = 60


def database(
    tally: Tally, market: Market, connection: "psycopg.Connection[tuple[Any, ...]]"
) -> Iterator[Check]:
    """What the API gives no figure of."""

    def rows(statement: str) -> list[tuple[Any, ...]]:
        # Text of our own; the only value is bound.
        return connection.execute(statement.encode(), {"activity": market.id}).fetchall()

    yield from same_rows(
        "扫码记录",
        tally.scan_ids,
        rows("SELECT id::text, derived_verdict FROM scan WHERE activity_id = %(activity)s"),
    )
    yield from same_rows(
        "评价",
        {i: (rated.booking_id, rated.score) for i, rated in tally.ratings.items()},
        (
            (i, (booking_id, score))
            for i, booking_id, score in rows(
                "SELECT id::text, booking_id::text, score FROM rating"
                " WHERE activity_id = %(activity)s"
            )
        ),
    )
    moves = rows(
        "SELECT action, count(*) FROM audit_entry WHERE object_type = 'booking' AND object_id IN"
        " (SELECT id FROM booking WHERE activity_id = %(activity)s) GROUP BY action"
    )
    yield Check("审计：每一步一条", dict(sorted(tally.moves.items())), dict(sorted(moves)))
    yield from _numbers(tally, market, rows)
    yield Check(
        "没有签到的来宾",
        0,
        rows(
            "SELECT count(*) FROM resident r WHERE user_id IS NULL AND guardian_user_id IS NULL"
            " AND NOT EXISTS (SELECT FROM attendance a WHERE a.resident_id = r.id)"
        )[0][0],
    )
    accounts = rows("SELECT count(*) FROM user_account")[0][0]
    yield Check("用户数", len(tally.logins), accounts)


def _numbers(tally: Tally, market: Market, rows: Any) -> Iterator[Check]:
    """Numbers run from 1 without a gap for each service and day, and none was given twice."""
    given: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    places: Counter[tuple[str, str]] = Counter()
    for booked in tally.bookings.values():
        day = (booked.offering_id, booked.service_on)
        given[day].append(int(booked.ticket.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
        places[day] += booked.state != "cancelled"
    titles = {stall.offering_id: stall.service.title for stall in market.stalls}
    for (offering_id, on_day), numbers in given.items():
        lost = sorted(set(range(1, len(numbers) + 1)) - set(numbers))
        yield Check(f"{titles[offering_id]} {on_day}：漏号或重号", [], lost)
    days = rows(
        "SELECT offering_id::text, on_day::text, last_number, taken FROM service_day"
        " JOIN offering o ON o.id = offering_id WHERE o.activity_id = %(activity)s"
    )
    yield from same_rows(
        "号源",
        {day: (len(numbers), places[day]) for day, numbers in given.items()},
        (((offering_id, on_day), (last, taken)) for offering_id, on_day, last, taken in days),
    )


def unchecked_comments(system: LocalSystem, market: Market) -> int:
    """How many comments wait for their text check, after the worker had its time."""
    left = -1

    def none_left() -> bool:
        nonlocal left
        system.check()  # a worker that has lost its database is brought back
        found = connection.execute(
            "SELECT count(*) FROM rating WHERE activity_id = %s AND comment_state = 'pending'",
            (market.id,),
        ).fetchone()
        left = found[0] if found else -1
        return left == 0

    with (
        psycopg.connect(system.database_url, autocommit=True) as connection,
        suppress(WaitTimeoutError),
    ):
        wait_until(none_left, timeout_s=_COMMENTS_CHECKED_WITHIN_S, what="comments")
    return left
