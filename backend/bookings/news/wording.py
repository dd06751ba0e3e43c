"""What all sentences about bookings are made of: whose they are, which numbers, where and when, as
rows of `select_bookings` have it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.activities.signals import Change
from backend.activities.words import quoted
from backend.core import clock
from backend.core.dates import day, period
from backend.identity.names import own_name
from backend.notices.models import NoticeKind
from backend.notices.news import Facts, News

NUMBER, BOOKINGS = "/pages/number/number", "/pages/bookings/bookings"


def account_of(row: Any) -> UUID | None:
    """Who is told of a booking: its person, or who acts for them. Guests have no account."""
    account: UUID | None = row.user_id or row.guardian_user_id
    return account


def news_of(
    kind: NoticeKind, title: str, text: str, page: str, rows: Sequence[Any],
    facts: Facts | None = None, *, once: str | None = None, change: Change | None = None,
) -> News:  # fmt: skip
    """What is said of one number, and is no change, is joined by its booking."""
    alone = rows[0].id if len(rows) == 1 else None
    account = account_of(rows[0])
    assert account is not None
    return News(
        user_id=account,
        kind=kind,
        title=title,
        text=text,
        page=page,
        activity_id=rows[0].activity_id,
        cause_id=change.id if change else alone,
        resident_ids=tuple(dict.fromkeys(row.resident_id for row in rows)),
        once=once,
        facts=facts,
    )


def facts_of(
    rows: Sequence[Any], at: datetime, until: datetime, *, note: str = "", urgent: bool = False
) -> Facts:
    return Facts(
        activity=rows[0].activity_title,
        place=rows[0].venue_name,
        at=at,
        until=until,
        ticket=tickets(rows),
        note=note,
        urgent=urgent,
    )


def who(row: Any) -> str:
    return "您" if row.user_id else own_name(row.resident_name)


def numbers(rows: Iterable[Any]) -> str:
    """您的「义剪」A012、王奶奶的「义诊」B003"""
    return "、".join(f"{who(row)}的{quoted(row.offering_title)}{row.ticket}" for row in rows)


def tickets(rows: Iterable[Any]) -> str:
    return "、".join(row.ticket for row in rows)


def market(row: Any) -> str:
    return quoted(row.activity_title)


def market_page(row: Any) -> str:
    return f"/pages/market/market?id={row.activity_id}"


def place(row: Any) -> str:
    return place_words(row.venue_name, row.venue_address)


def place_words(name: str, address: str | None) -> str:
    """社区广场（花园路 1 号）"""
    return f"{name}（{address}）" if address else name


def stall(row: Any) -> str:
    return f"{row.stall_number} 号摊位{quoted(row.stall_name)}"


def expected_at(row: Any) -> datetime:
    """When somebody is expected: at their appointment, else when their day of the market begins."""
    at: datetime = row.slot_starts_at or max(
        row.activity_starts_at, clock.day_start(row.service_on)
    )
    return at


def when(row: Any) -> str:
    if row.slot_starts_at is not None:
        return period(row.slot_starts_at, row.slot_ends_at)
    if row.activity_ends_at - row.activity_starts_at <= clock.ONE_SITTING:
        return period(row.activity_starts_at, row.activity_ends_at)
    return day(row.service_on)
