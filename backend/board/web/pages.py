"""The day of a market, live: the board for those who run it, the display for those who wait.

**The board** is for staff. It asks for its figures every few seconds; that does not count as using
the console (`polled`), so that a PC that was left is logged out after 30 minutes even with a board
on its screen. The board says before that it will be, and afterwards that it was, keeps what it
shows, and goes on once somebody has logged in again.

**The calling display** is public, as the line's own API is (`GET /offerings/{id}/queue`): it shows
numbers and stalls of announced markets, never a name, and must run on a screen in a square all
day, where nobody logs in and nobody should leave an organiser's session behind.
"""

import math
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, url_for
from sqlalchemy.orm import Session

from backend.activities.days import days_early
from backend.activities.lifecycle.moves import move_activity
from backend.activities.models import Activity, ActivityState
from backend.activities.permissions import access_activity
from backend.board import display as screens
from backend.board import markets as board_markets
from backend.board import queries as board
from backend.board.web import schemas
from backend.core import clock
from backend.core.config import BOARD
from backend.core.errors import AppError
from backend.core.given import picked
from backend.core.pagination import Asked
from backend.core.permissions import Actor, Permission
from backend.core.web.api import PUBLIC
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.identity.login.console import IDLE, TOUCH_AFTER
from backend.regions.queries import regions_to_choose

pages = Pages("board", __name__, url_prefix="/console/board", template_folder="templates")
BOARD_EVERY_SECONDS = 5
DISPLAY_EVERY_SECONDS = 3
# Five by three: with more, a number would be too small to read from ten metres (console.css).
STALLS_ON_SCREEN = 15
# How long before the session ends the board says that it will.
_FOREWARNED = timedelta(minutes=5)


@pages.page("/", access=Permission.ACTIVITY_SUMMARY, query=schemas.BoardQuery)
def markets(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """What takes place in my regions on a day, the live ones first."""
    on: date = query.get("on", clock.today())
    regions = regions_to_choose(session, actor.region_codes(Permission.ACTIVITY_SUMMARY))
    chosen = next((region for region in regions if region.id == query.get("region_id")), None)
    return render(
        "board/boards.html",
        on=on,
        today=clock.today(),
        one_day=timedelta(days=1),
        regions=regions,
        chosen=chosen,
        page=board_markets.activities_of_day(
            session, actor, on, chosen.code if chosen else None, picked(Asked, query)
        ),
    )


@pages.page("/<uuid:activity_id>", access=Permission.ACTIVITY_SUMMARY, query=schemas.WallQuery)
def show(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    activity_id: UUID,
    problem: AppError | None = None,
) -> str:
    """A market's day so far: for the desk, or for the wall."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_SUMMARY)
    now = board.board_of(session, activity)
    return render(
        "board/board_wall.html" if query["wall"] else "board/board.html",
        activity=activity,
        now=now,
        stalls_with_lines=screens.stalls_with_lines(now["services"]),
        as_of=clock.now(),
        rules=BOARD,
        every=BOARD_EVERY_SECONDS,
        idle_after=round((IDLE - TOUCH_AFTER - _FOREWARNED).total_seconds()),
        may_run=actor.may(Permission.ACTIVITY_RUN, region_code=activity.region_code),
        early=days_early(activity),
        live_url=url_for(".refresh", activity_id=activity_id, wall="1"),
        back_url=url_for(".show", activity_id=activity_id),
        may_prepare=actor.may(Permission.ACTIVITY_SEE_DRAFT, region_code=activity.region_code),
        problem=problem,
    )


@pages.page("/<uuid:activity_id>/now", access=Permission.ACTIVITY_SUMMARY,
            query=schemas.WallQuery, polled=True)  # fmt: skip
def refresh(session: Session, actor: Actor, query: dict[str, Any], activity_id: UUID) -> str:
    """What of the board changes."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_SUMMARY)
    return render(
        "board/board_now.html",
        activity=activity,
        now=board.board_of(session, activity),
        rules=BOARD,
        wall=query["wall"],
    )


def show_again(
    session: Session, actor: Actor, activity_id: UUID, typed: Any, problem: AppError
) -> str:
    """The board, with why it was not opened or closed."""
    page: str = show(session, actor, {"wall": False}, activity_id, problem=problem)
    return page


@pages.form(
    "/<uuid:activity_id>/open",
    access=Permission.ACTIVITY_RUN,
    again=show_again,
    page=".show",
    said="活动已开始，可以签到、取号",
)
def open_market(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Open a published market: check-in and numbers begin."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_RUN)
    move_activity(session, actor, activity, ActivityState.LIVE, action="open")
    return see_other(".show", activity_id=activity_id)


@pages.form("/<uuid:activity_id>/close", access=Permission.ACTIVITY_RUN, again=show_again,
            page=".show", said="活动已结束")  # fmt: skip
def close_market(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Close a live market: who still waits has not been served."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_RUN)
    move_activity(session, actor, activity, ActivityState.CLOSED, action="close")
    return see_other(".show", activity_id=activity_id)


# ---------------------------------------------------------------------------- the calling display


@pages.page("/<uuid:activity_id>/display", access=PUBLIC, query=schemas.DisplayQuery)
def display(session: Session, actor: Actor | None, query: dict[str, Any], activity_id: UUID) -> str:
    """The numbers that are called, for a big screen in front of the stalls."""
    activity = access_activity(session, actor, activity_id)
    return render(
        "board/display.html",
        **_shown(session, activity, query["stall"]),
        as_of=clock.now(),
        every=DISPLAY_EVERY_SECONDS,
    )


@pages.page("/<uuid:activity_id>/display/now", access=PUBLIC, query=schemas.DisplayQuery,
            polled=True)  # fmt: skip
def refresh_display(
    session: Session, actor: Actor | None, query: dict[str, Any], activity_id: UUID
) -> str:
    """What of the display changes."""
    activity = access_activity(session, actor, activity_id)
    return render("board/display_now.html", **_shown(session, activity, query["stall"]))


def _shown(session: Session, activity: Activity, numbers: list[str]) -> dict[str, Any]:
    live = activity.state is ActivityState.LIVE
    # Before and after there are no numbers to call: the screen says when it begins instead.
    stalls = screens.display_of(session, activity, numbers) if live else []
    return {"activity": activity, "numbers": numbers, "pages": _in_pages(stalls)}


def _in_pages(stalls: list[Any]) -> list[list[Any]]:
    """The stalls in screens that are shown in turn, as evenly filled as can be."""
    count = math.ceil(len(stalls) / STALLS_ON_SCREEN)
    on_each = math.ceil(len(stalls) / count) if count else 0
    return [stalls[page * on_each : (page + 1) * on_each] for page in range(count)]
