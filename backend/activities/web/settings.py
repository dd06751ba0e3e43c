"""The console's settings: regions and their import, kinds of service.

Here and not with the regions, because both lists say what activities made of them.
"""

from typing import Any

from sqlalchemy.orm import Session

from backend.activities import figures
from backend.core.permissions import Actor, Permission
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.pages import Pages
from backend.core.web.replies import render
from backend.regions.queries import branch

pages = Pages("settings", __name__, url_prefix="/console/settings", template_folder="templates")


class TreeQuery(Schema):
    """Which region of the tree is looked at."""

    region_id = fields.Id()


@pages.page("/", access=Permission.CONSOLE_USE, query=TreeQuery)
def regions(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """One level of the tree of my regions, with what lies in them."""
    codes = actor.region_codes(Permission.CONSOLE_USE)
    found = branch(session, codes, query.get("region_id"))
    own = (found.here,) if found.here else ()
    counted = (found.here.code,) if found.here else codes
    rows = figures.with_figures(session, counted, (*own, *found.below))
    return render(
        "settings/regions.html",
        path=found.path,
        whole=rows[0] if own else None,
        rows=rows[len(own) :],
        may_import=actor.may_anywhere(Permission.REGION_IMPORT),
    )


@pages.page("/kinds", access=Permission.CONSOLE_USE)
def kinds(session: Session, actor: Actor) -> str:
    """The kinds of service, and how often they are offered in my regions."""
    codes = actor.region_codes(Permission.CONSOLE_USE)
    return render("settings/kinds.html", kinds=figures.service_kinds(session, codes))
