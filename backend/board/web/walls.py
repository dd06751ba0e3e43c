"""Walls by a link of their own (docs/adr/0013): made and taken back by organisers, shown to whoever
has the address, without a session that could end in front of the public."""

from typing import Any
from uuid import UUID

from flask import Response, url_for
from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.activities.permissions import access_activity
from backend.board import feed, walls
from backend.board import queries as board
from backend.board.models import WallLink
from backend.board.web import schemas
from backend.board.web.pages import BOARD_EVERY_SECONDS
from backend.core import clock
from backend.core.config import BOARD
from backend.core.errors import AppError, NotFound
from backend.core.permissions import Actor, Permission
from backend.core.web.api import PUBLIC
from backend.core.web.flashes import tell
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.dashboard.questions import region_wall
from backend.identity.names import own_name
from backend.regions.permissions import check_region
from backend.regions.queries import regions_to_choose

pages = Pages("walls", __name__, url_prefix="/console/walls", template_folder="templates")


@pages.page("/", access=Permission.ACTIVITY_RUN, query=schemas.WallsQuery)
def list_links(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The links that hold in my regions; the address of one that was just made is shown."""
    codes = actor.region_codes(Permission.ACTIVITY_RUN)
    return render(
        "board/walls.html",
        links=walls.standing_links(session, codes),
        regions=regions_to_choose(session, codes),
        query=query,
        typed=typed or {},
        problem=problem,
        made=_address_of(session, query) if "made" in query else None,
        own_name=own_name,
    )


def _address_of(session: Session, query: dict[str, Any]) -> str | None:
    """The address of the link that was just made; None where it does not hold any more."""
    token, calendar = query["made"], query["calendar"]
    try:
        walls.find_link(session, token, calendar=calendar)
    except NotFound:
        return None
    if calendar:
        return url_for(".calendar_feed", calendar=token, _external=True)
    return url_for(".show", token=token, _external=True)


@pages.form("/region", access=Permission.ACTIVITY_RUN, body=schemas.WallForm, again=list_links,
            said="链接做好了", kept=False)  # fmt: skip
def make_for_region(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """A link to a region's dashboard on the wall."""
    region = check_region(session, actor, body["region_id"], Permission.ACTIVITY_RUN)
    return see_other(".list_links", made=walls.make_link(session, actor, region=region))


@pages.form("/calendar", access=Permission.ACTIVITY_RUN, body=schemas.WallForm, again=list_links,
            said="链接做好了", kept=False)  # fmt: skip
def make_for_calendar(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """A link to a region's calendar, for a calendar program to subscribe to."""
    region = check_region(session, actor, body["region_id"], Permission.ACTIVITY_RUN)
    made = walls.make_link(session, actor, region=region, calendar=True)
    return see_other(".list_links", made=made, calendar="true")


@pages.form("/board/<uuid:activity_id>", access=Permission.ACTIVITY_RUN, page=".list_links",
            said="链接做好了", kept=False)  # fmt: skip
def make_for_board(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """A link to a market's board on the wall."""
    activity = access_activity(session, actor, activity_id, Permission.ACTIVITY_RUN)
    return see_other(".list_links", made=walls.make_link(session, actor, activity=activity))


@pages.form("/<uuid:link_id>/revoke", access=Permission.ACTIVITY_RUN, page=".list_links")
def revoke(session: Session, actor: Actor, link_id: UUID) -> Response:
    """Take a link back."""
    link = walls.revoke_link(session, actor, link_id)
    tell(
        "链接已收回，订阅了它的日历不再更新"
        if link.calendar
        else "链接已收回，用它打开的大屏不再更新"
    )
    return see_other(".list_links")


@pages.page("/show/<token>", access=PUBLIC)
def show(session: Session, actor: Actor | None, token: str) -> str:
    """The wall that a link shows; a region's refreshes by asking for the whole page."""
    link = walls.find_link(session, token)
    if link.activity_id is None:
        return _region_wall(session, link, token)
    activity = _market(session, link)
    return render(
        "board/board_wall.html",
        activity=activity,
        now=board.board_of(session, activity),
        as_of=clock.now(),
        rules=BOARD,
        every=BOARD_EVERY_SECONDS,
        live_url=url_for(".refresh", token=token),
        idle_after=None,
        back_url=None,
    )


def _market(session: Session, link: WallLink) -> Activity:
    """The market of a link, or NotFound (404) where it shows none."""
    activity = session.get(Activity, link.activity_id) if link.activity_id else None
    if activity is None:
        raise NotFound
    return activity


def _region_wall(session: Session, link: WallLink, token: str) -> str:
    live_url = url_for(".show", token=token)
    onlooker, region = walls.onlooker(session, link), walls.region_of(session, link)
    return region_wall(session, onlooker, region, live_url)


@pages.page("/show/<calendar>/calendar.ics", access=PUBLIC, polled=True)
def calendar_feed(session: Session, actor: Actor | None, calendar: str) -> Response:
    """The calendar that a link leads to; programs ask for it again and again."""
    link = walls.find_link(session, calendar, calendar=True)
    content = feed.feed_of(session, walls.region_of(session, link))
    return Response(content, content_type="text/calendar; charset=utf-8")


@pages.page("/show/<token>/now", access=PUBLIC, polled=True)
def refresh(session: Session, actor: Actor | None, token: str) -> str:
    """What of a market's wall changes."""
    activity = _market(session, walls.find_link(session, token))
    return render(
        "board/board_now.html",
        activity=activity,
        now=board.board_of(session, activity),
        rules=BOARD,
        wall=True,
    )
