"""What accounts are told of their bookings, in whole sentences: nothing has to be looked up to
understand one. Made of rows of `select_bookings`, without the database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.activities.days import ratable_until
from backend.activities.models import Venue
from backend.activities.signals import Change
from backend.activities.words import quoted
from backend.bookings.days import valid_until
from backend.bookings.models import BookingOrigin, BookingState
from backend.core import clock
from backend.core.config import MESSAGES, QUEUE
from backend.core.dates import day, moment, period
from backend.core.text import sentence
from backend.identity.names import own_name
from backend.notices.models import NoticeKind
from backend.notices.news import Facts, News

NUMBER, BOOKINGS = "/pages/number/number", "/pages/bookings/bookings"


def account_of(row: Any) -> UUID | None:
    """Who is told of a booking: its person, or who acts for them. Guests have no account."""
    account: UUID | None = row.user_id or row.guardian_user_id
    return account


def booked(row: Any) -> News:
    """A place was booked in advance, or a number taken on the spot."""
    if BookingOrigin(row.origin) is BookingOrigin.WALK_IN:
        return _news(
            NoticeKind.NUMBER_TAKEN,
            f"取号成功：{row.ticket}",
            f"{_who(row)}在{_market(row)}取了{quoted(row.offering_title)}的号：{row.ticket}。"
            f"请在 {_stall(row)}附近等候，叫到时会在这里告诉您。",
            NUMBER,
            [row],
        )
    return _news(
        NoticeKind.BOOKING_MADE,
        f"报名成功：{row.offering_title} {row.ticket}",
        f"{_who(row)}报名了{_market(row)}的{quoted(row.offering_title)}，号码 {row.ticket}。"
        f"时间：{_when(row)}；地点：{_place(row)}，{_stall(row)}。"
        "到了请先签到。来不了请在「我的报名」里取消，把名额让给别人。",
        BOOKINGS,
        [row],
    )


def cancelled_for(row: Any) -> News:
    """Somebody of the staff has cancelled a booking."""
    return _news(
        NoticeKind.BOOKING_CANCELLED,
        f"报名已取消：{row.offering_title} {row.ticket}",
        f"工作人员取消了{_numbers([row])}，{_market(row)}，{_when(row)}。"
        "不清楚原因的，请向现场或主办单位的工作人员询问。",
        BOOKINGS,
        [row],
    )


def merged(row: Any, kept_ticket: str) -> News:
    """Of two numbers of one person for one service, one was cancelled."""
    return _news(
        NoticeKind.BOOKING_CANCELLED,
        f"重复的号已取消：{row.ticket}",
        f"{_who(row)}在{_market(row)}的{quoted(row.offering_title)}有两个号，{row.ticket} 已取消，"
        f"请认准 {kept_ticket}。",
        NUMBER,
        [row],
    )


def called(row: Any) -> News:
    """A number is called, for the first time or again."""
    again = f"这是第 {row.calls} 次叫号。" if row.calls > 1 else ""
    return _news(
        NoticeKind.CALLED,
        f"轮到{_who(row)}了：{row.ticket}",
        f"请{_who(row)}现在到 {_stall(row)}，办理{quoted(row.offering_title)}（{_market(row)}）。"
        f"{again}叫 {QUEUE.calls_before_missed} 次没有来会过号；"
        "一时赶不到，请让人告诉摊位上的工作人员。",
        NUMBER,
        [row],
        _call(row),
    )


def near(row: Any) -> News:
    """A number has come so near to its turn that its person should not be far."""
    ahead = MESSAGES.near - 1
    return _news(
        NoticeKind.NUMBER_NEAR,
        f"快轮到{_who(row)}了：{row.ticket}",
        f"{_market(row)}的{quoted(row.offering_title)}，{row.ticket} 排在第 {MESSAGES.near} 位，"
        f"前面还有 {ahead} 位。请{_who(row)}到 {_stall(row)}附近等候。",
        NUMBER,
        [row],
        _call(row),
        once=f"near:{row.id}",
    )


def passed_over(row: Any) -> News:
    """A called number did not come; it may come back once."""
    back = (
        "这个号已经重新排过一次，不能再排；还需要服务的，请找现场工作人员。"
        if row.rejoined
        else "可以在「我的号」里点「重新排队」，只有这一次。"
    )
    return _news(
        NoticeKind.PASSED_OVER,
        f"过号了：{row.ticket}",
        f"{_market(row)}的 {_stall(row)}叫了 {row.calls} 次 {row.ticket}"
        f"（{quoted(row.offering_title)}），没有等到{_who(row)}。{back}",
        NUMBER,
        [row],
        _facts([row], clock.now(), valid_until(row), note="过号", urgent=True),
    )


def rating_asked(row: Any) -> News:
    """A service has been given; asked once, though 「完成」 were taken back and pressed again."""
    until = ratable_until(row.activity_ends_at, row.activity_closed_at)
    return _news(
        NoticeKind.RATING_ASKED,
        f"请评价：{row.offering_title}",
        f"{_who(row)}在{_market(row)}的{quoted(row.offering_title)}（{row.ticket}）办好了。"
        f"做得好不好，请您说一说；{moment(until)}以前可以评价。",
        f"/pages/rate/rate?booking={row.id}",
        [row],
        once=f"rate:{row.id}",
    )


def numbers_over(rows: Sequence[Any]) -> News:
    """Numbers of one account have ended with their day or the market, without being served."""
    lines = [f"{day(row.service_on)}，{_numbers([row])} {_why_over(row)}" for row in rows]
    return _news(
        NoticeKind.NUMBER_OVER,
        f"号码已失效：{_tickets(rows)}",
        f"{_market(rows[0])}：{'；'.join(lines)}。号码不再有效。",
        BOOKINGS,
        rows,
    )


def _why_over(row: Any) -> str:
    if BookingState(row.state) is BookingState.NO_SHOW:
        return "没有到场"
    if row.arrived_at is None:
        return "那天的活动没有开始"
    return "没有办成，很抱歉" if row.first_called_at else "没有轮到，很抱歉"


def activity_cancelled(rows: Sequence[Any], change: Change | None) -> News:
    """A market is cancelled, and what an account had booked with it."""
    reason = rows[0].activity_cancel_reason
    why = f"原因：{sentence(reason)}" if reason else ""
    return _of_change(
        NoticeKind.MARKET_CANCELLED,
        f"活动取消：{rows[0].activity_title}",
        f"原定{period(rows[0].activity_starts_at, rows[0].activity_ends_at)}在{_place(rows[0])}的"
        f"{_market(rows[0])}取消了{_known_before(rows)}。{why}"
        f"{_numbers(rows)} 随之取消，请不要前往。",
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
    return _of_change(
        NoticeKind.SERVICE_DROPPED,
        f"服务取消：{rows[0].offering_title}",
        f"{_market(rows[0])}的{quoted(rows[0].offering_title)}不办了，{_numbers(rows)}随之取消。"
        "活动照常举行，可以看看别的服务。",
        rows,
        change,
    )


def place_changed(rows: Sequence[Any], before: Venue, change: Change) -> News:
    """A market is held elsewhere.

    Args:
        before: where it was to be.
    """
    was = _place_words(before.name, before.address)
    return _of_change(
        NoticeKind.PLACE_CHANGED,
        f"换了地点：{rows[0].activity_title}",
        f"{_market(rows[0])}改在{_place(rows[0])}，原来是{was}。"
        f"时间不变：{'、'.join(dict.fromkeys(map(_when, rows)))}。{_numbers(rows)} 仍然有效。",
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
    lines = [f"{_numbers(moved)} {words}" for words, moved in alike.items()]
    # What was put back has no button.
    asked = any(moves[row.id].known != moves[row.id].is_at for row in rows)
    answer = "还来请在「我的报名」里点「改期后还来」" if asked else "不用再确认"
    return _of_change(
        NoticeKind.MARKET_MOVED,
        f"改期：{rows[0].activity_title}",
        f"{_market(rows[0])}的时间改了。{'；'.join(lines)}。地点：{_place(rows[0])}。"
        f"{answer}；来不了请在「我的报名」里取消，把名额让给别人。",
        rows,
        change,
        at=min(moves[row.id].is_at for row in rows),
        before=min(moves[row.id].was for row in rows),
    )


def _move_words(move: Move) -> str:
    not_any_more = "" if move.was == move.known else f"，上次说的 {moment(move.was)} 不算了"
    if move.known == move.is_at:
        return f"又改回原来的 {moment(move.is_at)}{not_any_more}"
    return f"从 {moment(move.known)} 改到 {moment(move.is_at)}{not_any_more}"


def market_tomorrow(rows: Sequence[Any]) -> News:
    """What an account has booked for tomorrow at one market."""
    first = rows[0]
    lines = [f"{_numbers([row])}，{_when(row)}，{_stall(row)}" for row in rows]
    starts_at = min(_starts_at(row) for row in rows)
    return _news(
        NoticeKind.MARKET_TOMORROW,
        f"明天：{first.activity_title}",
        f"明天（{day(first.service_on)}）有{_market(first)}，地点：{_place(first)}。"
        f"{'；'.join(lines)}。到了请先签到。来不了请在「我的报名」里取消，把名额让给别人。",
        _market_page(first),
        rows,
        _facts(rows, starts_at, starts_at),
        once=f"tomorrow:{first.activity_id}:{first.service_on}",
    )


# ------------------------------------------------------------------ what they are made of


def _news(
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


def _of_change(
    kind: NoticeKind, title: str, text: str, rows: Sequence[Any], change: Change | None,
    *, at: datetime | None = None, before: datetime | None = None, note: str = "",
) -> News:  # fmt: skip
    """What many are told, of one change. It is urgent where it is about today.

    Args:
        at: when people are expected now; None: as their bookings have it.
        before: when they were to be, where that changes.
    """
    at = at or min(_starts_at(row) for row in rows)
    today = clock.today() in {clock.local_day(at), clock.local_day(before or at)}
    facts = _facts(rows, at, rows[0].activity_ends_at, note=note, urgent=today)
    page = BOOKINGS if kind is NoticeKind.MARKET_MOVED else _market_page(rows[0])
    return _news(kind, title, text, page, rows, facts, change=change)


def _facts(
    rows: Sequence[Any], at: datetime, until: datetime, *, note: str = "", urgent: bool = False
) -> Facts:
    return Facts(
        activity=rows[0].activity_title,
        place=rows[0].venue_name,
        at=at,
        until=until,
        ticket=_tickets(rows),
        note=note,
        urgent=urgent,
    )


def _call(row: Any) -> Facts:
    """Of a call, or of one that is near: it is said at once or not at all."""
    now = clock.now()
    until = now + timedelta(minutes=MESSAGES.call_minutes)
    return Facts(
        activity=row.activity_title,
        place=_stall(row),
        at=now,
        until=until,
        ticket=row.ticket,
        note=row.offering_title,
        urgent=True,
    )


def _who(row: Any) -> str:
    return "您" if row.user_id else own_name(row.resident_name)


def _numbers(rows: Iterable[Any]) -> str:
    """您的「义剪」A012、王奶奶的「义诊」B003"""
    return "、".join(f"{_who(row)}的{quoted(row.offering_title)}{row.ticket}" for row in rows)


def _tickets(rows: Iterable[Any]) -> str:
    return "、".join(row.ticket for row in rows)


def _market(row: Any) -> str:
    return quoted(row.activity_title)


def _market_page(row: Any) -> str:
    return f"/pages/market/market?id={row.activity_id}"


def _place(row: Any) -> str:
    return _place_words(row.venue_name, row.venue_address)


def _place_words(name: str, address: str | None) -> str:
    """社区广场（花园路 1 号）"""
    return f"{name}（{address}）" if address else name


def _stall(row: Any) -> str:
    return f"{row.stall_number} 号摊位{quoted(row.stall_name)}"


def _starts_at(row: Any) -> datetime:
    """When somebody is expected: at their appointment, else when their day of the market begins."""
    at: datetime = row.slot_starts_at or max(
        row.activity_starts_at, clock.day_start(row.service_on)
    )
    return at


def _when(row: Any) -> str:
    if row.slot_starts_at is not None:
        return period(row.slot_starts_at, row.slot_ends_at)
    if row.activity_ends_at - row.activity_starts_at <= clock.ONE_SITTING:
        return period(row.activity_starts_at, row.activity_ends_at)
    return day(row.service_on)
