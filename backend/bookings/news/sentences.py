"""What accounts are told of their own bookings and of the line, in whole sentences: nothing has to
be looked up to understand one. Made of rows of `select_bookings`, without the database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from backend.activities.days import ratable_until
from backend.activities.words import quoted
from backend.bookings.days import valid_until
from backend.bookings.models import BookingOrigin, BookingState
from backend.bookings.news.wording import (
    BOOKINGS,
    NUMBER,
    expected_at,
    facts_of,
    market,
    market_page,
    news_of,
    numbers,
    place,
    stall,
    tickets,
    when,
    who,
)
from backend.core import clock
from backend.core.config import MESSAGES, QUEUE
from backend.core.dates import day, moment
from backend.notices.models import NoticeKind
from backend.notices.news import Facts, News


def booked(row: Any) -> News:
    """A place was booked in advance, or a number taken on the spot."""
    if BookingOrigin(row.origin) is BookingOrigin.WALK_IN:
        return news_of(
            NoticeKind.NUMBER_TAKEN,
            f"取号成功：{row.ticket}",
            f"{who(row)}在{market(row)}取了{quoted(row.offering_title)}的号：{row.ticket}。"
            f"请在 {stall(row)}附近等候，叫到时会在这里告诉您。",
            NUMBER,
            [row],
        )
    return news_of(
        NoticeKind.BOOKING_MADE,
        f"报名成功：{row.offering_title} {row.ticket}",
        f"{who(row)}报名了{market(row)}的{quoted(row.offering_title)}，号码 {row.ticket}。"
        f"时间：{when(row)}；地点：{place(row)}，{stall(row)}。"
        "到了请先签到。来不了请在「我的报名」里取消，把名额让给别人。",
        BOOKINGS,
        [row],
    )


def cancelled_for(row: Any) -> News:
    """Somebody of the staff has cancelled a booking."""
    return news_of(
        NoticeKind.BOOKING_CANCELLED,
        f"报名已取消：{row.offering_title} {row.ticket}",
        f"工作人员取消了{numbers([row])}，{market(row)}，{when(row)}。"
        "不清楚原因的，请向现场或主办单位的工作人员询问。",
        BOOKINGS,
        [row],
    )


def merged(row: Any, kept_ticket: str) -> News:
    """Of two numbers of one person for one service, one was cancelled."""
    return news_of(
        NoticeKind.BOOKING_CANCELLED,
        f"重复的号已取消：{row.ticket}",
        f"{who(row)}在{market(row)}的{quoted(row.offering_title)}有两个号，{row.ticket} 已取消，"
        f"请认准 {kept_ticket}。",
        NUMBER,
        [row],
    )


def called(row: Any) -> News:
    """A number is called, for the first time or again."""
    again = f"这是第 {row.calls} 次叫号。" if row.calls > 1 else ""
    return news_of(
        NoticeKind.CALLED,
        f"轮到{who(row)}了：{row.ticket}",
        f"请{who(row)}现在到 {stall(row)}，办理{quoted(row.offering_title)}（{market(row)}）。"
        f"{again}叫 {QUEUE.calls_before_missed} 次没有来会过号；"
        "一时赶不到，请让人告诉摊位上的工作人员。",
        NUMBER,
        [row],
        _call(row),
    )


def near(row: Any) -> News:
    """A number has come so near to its turn that its person should not be far."""
    ahead = MESSAGES.near - 1
    return news_of(
        NoticeKind.NUMBER_NEAR,
        f"快轮到{who(row)}了：{row.ticket}",
        f"{market(row)}的{quoted(row.offering_title)}，{row.ticket} 排在第 {MESSAGES.near} 位，"
        f"前面还有 {ahead} 位。请{who(row)}到 {stall(row)}附近等候。",
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
    return news_of(
        NoticeKind.PASSED_OVER,
        f"过号了：{row.ticket}",
        f"{market(row)}的 {stall(row)}叫了 {row.calls} 次 {row.ticket}"
        f"（{quoted(row.offering_title)}），没有等到{who(row)}。{back}",
        NUMBER,
        [row],
        facts_of([row], clock.now(), valid_until(row), note="过号", urgent=True),
    )


def rating_asked(row: Any) -> News:
    """A service has been given; asked once, though 「完成」 were taken back and pressed again."""
    until = ratable_until(row.activity_ends_at, row.activity_closed_at)
    return news_of(
        NoticeKind.RATING_ASKED,
        f"请评价：{row.offering_title}",
        f"{who(row)}在{market(row)}的{quoted(row.offering_title)}（{row.ticket}）办好了。"
        f"做得好不好，请您说一说；{moment(until)}以前可以评价。",
        f"/pages/rate/rate?booking={row.id}",
        [row],
        once=f"rate:{row.id}",
    )


def numbers_over(rows: Sequence[Any]) -> News:
    """Numbers of one account have ended with their day or the market, without being served."""
    lines = [f"{day(row.service_on)}，{numbers([row])} {_why_over(row)}" for row in rows]
    return news_of(
        NoticeKind.NUMBER_OVER,
        f"号码已失效：{tickets(rows)}",
        f"{market(rows[0])}：{'；'.join(lines)}。号码不再有效。",
        BOOKINGS,
        rows,
    )


def _why_over(row: Any) -> str:
    if BookingState(row.state) is BookingState.NO_SHOW:
        return "没有到场"
    if row.arrived_at is None:
        return "那天的活动没有开始"
    return "没有办成，很抱歉" if row.first_called_at else "没有轮到，很抱歉"


def market_tomorrow(rows: Sequence[Any]) -> News:
    """What an account has booked for tomorrow at one market."""
    first = rows[0]
    lines = [f"{numbers([row])}，{when(row)}，{stall(row)}" for row in rows]
    starts_at = min(expected_at(row) for row in rows)
    return news_of(
        NoticeKind.MARKET_TOMORROW,
        f"明天：{first.activity_title}",
        f"明天（{day(first.service_on)}）有{market(first)}，地点：{place(first)}。"
        f"{'；'.join(lines)}。到了请先签到。来不了请在「我的报名」里取消，把名额让给别人。",
        market_page(first),
        rows,
        facts_of(rows, starts_at, starts_at),
        once=f"tomorrow:{first.activity_id}:{first.service_on}",
    )


def _call(row: Any) -> Facts:
    """Of a call, or of one that is near: it is said at once or not at all."""
    now = clock.now()
    until = now + timedelta(minutes=MESSAGES.call_minutes)
    return Facts(
        activity=row.activity_title,
        place=stall(row),
        at=now,
        until=until,
        ticket=row.ticket,
        note=row.offering_title,
        urgent=True,
    )
