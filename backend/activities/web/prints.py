"""What is printed for a market's day: poster, stall signs, paper number cards, code image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities import queries
from backend.activities.checks import changes
from backend.activities.codes import images
from backend.activities.codes.scenes import NoCode, current_code
from backend.activities.models import Activity, OfferingMode
from backend.activities.web import forms
from backend.activities.web.workbench import access_workbench, frame
from backend.core import clock, jobs
from backend.core.errors import AppError
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other

pages = Pages("prints", __name__, url_prefix="/console/markets", template_folder="templates")
CARDS_A_SHEET = forms.CARDS_A_SHEET
MOST_SERVICES_ON_A_POSTER = 12
# How often an open page looks whether WeChat's image has come.
REFRESH_SECONDS = 10
# The rule of thumb of those who print codes.
_DISTANCE_IN_WIDTHS = 10
_CODE_IN_PICTURE = 0.8
# Of the QR that we draw ourselves; the paper's own margin makes it the four modules of ISO 18004.
_POSTER_BORDER = 2


@dataclass(frozen=True, slots=True)
class Paper:
    """A poster's paper and the code on it, in millimetres.

    The widest picture that leaves room for the words is 250 of an A3's 297 mm and 180 of an A4's
    210 mm. A phone reads a code from about ten times its width; up to a fifth of the picture is
    white border, so an A3 is read from 2 m, and an A4 from 1.4 m.
    """

    name: str
    code_mm: int

    @property
    def reach_m(self) -> float:
        """From how far a phone reads it, in metres."""
        return self.code_mm * _CODE_IN_PICTURE * _DISTANCE_IN_WIDTHS / 1000


PAPERS = {"a3": Paper("A3", 250), "a4": Paper("A4", 180)}


def _market(session: Session, actor: Actor, activity_id: UUID) -> tuple[Activity, dict[str, Any]]:
    activity = access_workbench(session, actor, activity_id)
    return activity, queries.activity_detail(session, activity)


@pages.page("/<uuid:activity_id>/print", access=Permission.ACTIVITY_SEE_DRAFT)
def choose(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """What can be printed."""
    return _choices(session, actor, activity_id, typed, problem)


@pages.page("/<uuid:activity_id>/print/now", access=Permission.ACTIVITY_SEE_DRAFT, polled=True)
def refresh_choices(session: Session, actor: Actor, activity_id: UUID) -> str:
    """The same, asked again until WeChat's image is there."""
    return _choices(session, actor, activity_id)


def _choices(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    activity, detail = _market(session, actor, activity_id)
    numbered = [one for one in _offerings(detail) if one["mode"] is not OfferingMode.OPEN]
    return render(
        "activities/prints.html",
        **frame(
            actor, activity, "print", detail=detail, numbered=numbered, a_sheet=CARDS_A_SHEET,
            typed=typed or forms.CardsQuery().load({}), problem=problem,
            announced=changes.announced(activity), **_code_state(session, activity),
        ),
    )  # fmt: skip


def _code_state(session: Session, activity: Activity) -> dict[str, Any]:
    """Whether WeChat's image is there, whether it is still being fetched, and how often an open
    page asks."""
    try:
        _, png = images.kept_image(session, activity.id)
    except NoCode:
        return {"has_image": False, "awaited": False, "has_code": False}
    awaited = png is None and images.is_awaited(activity)
    return {
        "has_image": png is not None, "has_code": True, "awaited": awaited,
        "stands_still": awaited and jobs.stand_still(session),
        "every": REFRESH_SECONDS, "as_of": clock.now(),
    }  # fmt: skip


def _offerings(detail: dict[str, Any]) -> list[dict[str, Any]]:
    return [offering for stall in detail["stalls"] for offering in stall["offerings"]]


@pages.page("/<uuid:activity_id>/print/poster", access=Permission.ACTIVITY_SEE_DRAFT,
            query=forms.PaperQuery, again=choose)  # fmt: skip
def poster(session: Session, actor: Actor, query: dict[str, str], activity_id: UUID) -> str:
    """The poster with the market's own check-in code."""
    return _poster(session, actor, query["size"], activity_id)


@pages.page("/<uuid:activity_id>/print/poster/now", access=Permission.ACTIVITY_SEE_DRAFT,
            query=forms.PaperQuery, polled=True)  # fmt: skip
def refresh_poster(session: Session, actor: Actor, query: dict[str, str], activity_id: UUID) -> str:
    """The same, asked again until WeChat's image is there."""
    return _poster(session, actor, query["size"], activity_id)


def _poster(session: Session, actor: Actor, size: str, activity_id: UUID) -> str:
    activity, detail = _market(session, actor, activity_id)
    state = _code_state(session, activity)
    paper = PAPERS[size]
    services = list(dict.fromkeys(one["title"] for one in _offerings(detail)))
    return render(
        "activities/poster.html",
        activity=activity, detail=detail, paper=paper, size=size, papers=PAPERS,
        module_mm=_module_mm(session, activity, paper) if state["has_code"] else None,
        may_show_code=actor.may(Permission.CODE_SHOW, region_code=activity.region_code),
        services=services[:MOST_SERVICES_ON_A_POSTER],
        more_services=len(services) > MOST_SERVICES_ON_A_POSTER,
        **state,
    )  # fmt: skip


def _module_mm(session: Session, activity: Activity, paper: Paper) -> float:
    """How wide one module of the QR that we draw ourselves is printed, in millimetres."""
    qr = images.link_code(current_code(session, activity.id).scene)
    return paper.code_mm / qr.symbol_size(border=_POSTER_BORDER)[0]


@pages.page("/<uuid:activity_id>/print/signs", access=Permission.ACTIVITY_SEE_DRAFT)
def signs(session: Session, actor: Actor, activity_id: UUID) -> str:
    """A sign for each stall."""
    activity, detail = _market(session, actor, activity_id)
    return render("activities/signs.html", activity=activity, detail=detail)


@pages.page("/<uuid:activity_id>/print/cards", access=Permission.ACTIVITY_SEE_DRAFT,
            query=forms.CardsQuery, again=choose)  # fmt: skip
def cards(session: Session, actor: Actor, query: dict[str, Any], activity_id: UUID) -> str:
    """Paper number cards, for those who can't use a phone and for a day without network."""
    activity, detail = _market(session, actor, activity_id)
    wanted = [
        one
        for one in _offerings(detail)
        if one["mode"] is not OfferingMode.OPEN and query.get("offering_id", one["id"]) == one["id"]
    ]
    return render(
        "activities/cards.html",
        activity=activity, detail=detail, query=query,
        sheets=[sheet for one in wanted for sheet in _sheets(one, query["first"], query["count"])],
    )  # fmt: skip


def _sheets(
    offering: dict[str, Any], first: int, count: int
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The sheets of one service's cards; each begins on a sheet of its own."""
    numbers = [f"{offering['letter']}{number:03}" for number in range(first, first + count)]
    for start in range(0, len(numbers), CARDS_A_SHEET):
        yield offering, numbers[start : start + CARDS_A_SHEET]


@pages.page("/<uuid:activity_id>/code.png", access=Permission.CODE_SHOW)
def code_image(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """The code to print: WeChat's image where it has been fetched, else a QR of the plain link.
    WeChat is not asked here: a page's transaction is open."""
    access_workbench(session, actor, activity_id)
    code, png = images.kept_image(session, activity_id)
    return Response(png or images.link_qr(code.scene, _POSTER_BORDER), content_type="image/png")


@pages.form("/<uuid:activity_id>/code/fetch", access=Permission.ACTIVITY_EDIT,
            limit=Limit("images"), page=".choose", said="正在生成小程序码")  # fmt: skip
def fetch_image(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Have WeChat's image fetched in the background."""
    access_workbench(session, actor, activity_id)
    jobs.defer(session, images.fetch_code_image, activity_id=str(activity_id))
    return see_other(".choose", activity_id=activity_id)
