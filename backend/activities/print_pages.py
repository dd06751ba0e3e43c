"""What is printed for a market's day: poster, stall signs, paper number cards, code image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import segno
from flask import Response
from sqlalchemy.orm import Session

from backend.activities import changes, images, market_forms, queries
from backend.activities.market_pages import access_workbench, frame
from backend.activities.models import Activity, OfferingMode
from backend.core import jobs
from backend.core.pages import Pages, render, see_other
from backend.core.permissions import Actor, Permission

pages = Pages("market_prints", __name__, url_prefix="/console/markets", template_folder="templates")
CARDS_A_SHEET = 21  # three columns of seven
MOST_SERVICES_ON_A_POSTER = 12
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
def choose(session: Session, actor: Actor, activity_id: UUID) -> str:
    """What can be printed."""
    activity, detail = _market(session, actor, activity_id)
    numbered = [one for one in _offerings(detail) if one["mode"] is not OfferingMode.OPEN]
    _, png = images.kept_image(session, activity_id)
    return render(
        "activities/prints.html",
        **frame(
            actor, activity, "print", detail=detail, numbered=numbered, a_sheet=CARDS_A_SHEET,
            has_image=png is not None, announced=changes.announced(activity),
        ),
    )  # fmt: skip


def _offerings(detail: dict[str, Any]) -> list[dict[str, Any]]:
    return [offering for stall in detail["stalls"] for offering in stall["offerings"]]


@pages.page("/<uuid:activity_id>/print/poster", access=Permission.ACTIVITY_SEE_DRAFT,
            query=market_forms.PaperQuery)  # fmt: skip
def poster(session: Session, actor: Actor, query: dict[str, str], activity_id: UUID) -> str:
    """The poster with the market's own check-in code."""
    activity, detail = _market(session, actor, activity_id)
    code, png = images.kept_image(session, activity_id)
    paper = PAPERS[query["size"]]
    # Of the QR that we draw ourselves: how wide one module is printed.
    modules = segno.make(code.scene, error="m", micro=False).symbol_size(border=_POSTER_BORDER)[0]
    services = list(dict.fromkeys(one["title"] for one in _offerings(detail)))
    return render(
        "activities/poster.html",
        activity=activity, detail=detail, paper=paper, size=query["size"], papers=PAPERS,
        has_image=png is not None, module_mm=paper.code_mm / modules,
        may_show_code=actor.may(Permission.CODE_SHOW, region_code=activity.region_code),
        services=services[:MOST_SERVICES_ON_A_POSTER],
        more_services=len(services) > MOST_SERVICES_ON_A_POSTER,
    )  # fmt: skip


@pages.page("/<uuid:activity_id>/print/signs", access=Permission.ACTIVITY_SEE_DRAFT)
def signs(session: Session, actor: Actor, activity_id: UUID) -> str:
    """A sign for each stall."""
    activity, detail = _market(session, actor, activity_id)
    return render("activities/signs.html", activity=activity, detail=detail)


@pages.page("/<uuid:activity_id>/print/cards", access=Permission.ACTIVITY_SEE_DRAFT,
            query=market_forms.CardsQuery)  # fmt: skip
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
    """The code to print: WeChat's image where it has been fetched, else a plain QR. WeChat is not
    asked here: a page's transaction is open."""
    access_workbench(session, actor, activity_id)
    code, png = images.kept_image(session, activity_id)
    return Response(png or images.plain_qr(code.scene, _POSTER_BORDER), content_type="image/png")


@pages.form("/<uuid:activity_id>/code/fetch", access=Permission.ACTIVITY_EDIT)
def fetch_image(session: Session, actor: Actor, activity_id: UUID) -> Response:
    """Have WeChat's image fetched in the background."""
    access_workbench(session, actor, activity_id)
    jobs.defer(session, images.fetch_code_image, activity_id=str(activity_id))
    return see_other(".choose", activity_id=activity_id)
