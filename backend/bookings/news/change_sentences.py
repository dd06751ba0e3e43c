"""What accounts are told of a change of an activity for which they have signed up, in whole
sentences, as those of their bookings are (sentences.py)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.activities.models import Venue
from backend.activities.signals import Change
from backend.activities.words import quoted
from backend.bookings.news.wording import (
    BOOKINGS,
    expected_at,
    facts_of,
    market,
    market_page,
    news_of,
    numbers,
    place,
    place_words,
    when,
)
from backend.core import clock
from backend.core.dates import moment, period
from backend.core.text import sentence
from backend.notices.models import NoticeKind
from backend.notices.news import News


def activity_cancelled(rows: Sequence[Any], change: Change | None) -> News:
    """A market is cancelled, and what an account had booked with it."""
    reason = rows[0].activity_cancel_reason
    why = f"原因：{sentence(reason)}" if reason else ""
    return _of_change(
        NoticeKind.MARKET_CANCELLED,
        f"活动取消：{rows[0].activity_title}",
        f"原定{period(rows[0].activity_starts_at, rows[0].activity_ends_at)}在{place(rows[0])}的"
        f"{market(rows[0])}取消了{_known_before(rows)}。{why}"
        f"{numbers(rows)} 随之取消，请不要前往。",
        rows,
        change,
        note=reason or "",
    )


def _known_before(rows: Sequence[Any]) -> str:
    """For who has not read of a move: the time by which they know it."""
    known = sorted({row.moved_from for row in rows if row.moved_from is not None})
    return f"（改期以前是 {'、'.join(map(moment, known))}）" if known else ""


def service_dropped(rows: Sequence[Any], change: Change) -> News:
    """A service is given no more, and what an account had booked of it."""
    why = f"原因：{sentence(change.reason)}" if change.reason else ""
    return _of_change(
        NoticeKind.SERVICE_DROPPED,
        f"服务取消：{rows[0].offering_title}",
        f"{market(rows[0])}的{quoted(rows[0].offering_title)}不办了，{numbers(rows)}随之取消。"
        f"{why}活动照常举行，可以看看别的服务。",
        rows,
        change,
        note=change.reason,
    )


def place_changed(rows: Sequence[Any], before: Venue, change: Change) -> News:
    """A market is held elsewhere.

    Args:
        before: where it was to be.
    """
    was = place_words(before.name, before.address)
    return _of_change(
        NoticeKind.PLACE_CHANGED,
        f"换了地点：{rows[0].activity_title}",
        f"{market(rows[0])}改在{place(rows[0])}，原来是{was}。"
        f"时间不变：{'、'.join(dict.fromkeys(map(when, rows)))}。{numbers(rows)} 仍然有效。",
        rows,
        change,
        note=was,
    )


@dataclass(frozen=True, slots=True)
class Move:
    """A booking that is of another time.

    Attributes:
        known: when its person signed up for, or has said that they come.
        was: when it was until now: they may have been told of that.
        is_at: when it is.
    """

    known: datetime
    was: datetime
    is_at: datetime


def times_changed(rows: Sequence[Any], moves: Mapping[UUID, Move], change: Change | None) -> News:
    """Bookings of one account are of another time.

    Args:
        moves: by booking.
    """
    alike: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        alike[_move_words(moves[row.id])].append(row)
    lines = [f"{numbers(moved)} {words}" for words, moved in alike.items()]
    # What was put back has no button.
    asked = any(moves[row.id].known != moves[row.id].is_at for row in rows)
    answer = "还来请在「我的报名」里点「改期后还来」" if asked else "不用再确认"
    return _of_change(
        NoticeKind.MARKET_MOVED,
        f"改期：{rows[0].activity_title}",
        f"{market(rows[0])}的时间改了。{'；'.join(lines)}。地点：{place(rows[0])}。"
        f"{answer}；来不了请在「我的报名」里取消，把名额让给别人。",
        rows,
        change,
        at=min(moves[row.id].is_at for row in rows),
        before=min(moves[row.id].was for row in rows),
    )


def end_moved(rows: Sequence[Any], before: datetime, change: Change) -> News:
    """A market ends at another time, and begins as it did: for those without an appointment.

    Args:
        before: when it was to end.
    """
    first = rows[0]
    return _of_change(
        NoticeKind.MARKET_MOVED,
        f"结束时间改了：{first.activity_title}",
        f"{market(first)}的结束时间从 {moment(before)} 改到 {moment(first.activity_ends_at)}；"
        f"开始时间是 {moment(first.activity_starts_at)}{_known_before(rows)}。"
        f"{numbers(rows)} 仍然有效，请在结束以前来。地点：{place(first)}。"
        "来不了请在「我的报名」里取消，把名额让给别人。",
        rows,
        change,
    )


def _move_words(move: Move) -> str:
    not_any_more = "" if move.was == move.known else f"，上次说的 {moment(move.was)} 不算了"
    if move.known == move.is_at:
        return f"又改回原来的 {moment(move.is_at)}{not_any_more}"
    return f"从 {moment(move.known)} 改到 {moment(move.is_at)}{not_any_more}"


def _of_change(
    kind: NoticeKind, title: str, text: str, rows: Sequence[Any], change: Change | None,
    *, at: datetime | None = None, before: datetime | None = None, note: str = "",
) -> News:  # fmt: skip
    """What many are told, of one change. It is urgent where it is about today.

    Args:
        at: when people are expected now; None: as their bookings have it.
        before: when they were to be, where that changes.
    """
    at = at or min(expected_at(row) for row in rows)
    today = clock.today() in {clock.local_day(at), clock.local_day(before or at)}
    facts = facts_of(rows, at, rows[0].activity_ends_at, note=note, urgent=today)
    page = BOOKINGS if kind is NoticeKind.MARKET_MOVED else market_page(rows[0])
    return news_of(kind, title, text, page, rows, facts, change=change)
