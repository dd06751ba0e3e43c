"""What the pages of an activity answer where a part of it is gone."""

from flask import Response, request

from backend.activities.permissions import Deleted
from backend.core.web.flashes import done_here
from backend.core.web.replies import refused_page, render


def show_deleted(deleted: Deleted) -> Response:
    """That somebody has deleted what a page was about, with the way to what is left."""
    if request.method == "POST":
        done_here()
    page = "workbench.people" if deleted.kind == "duty" else "stalls.list_stalls"
    return refused_page(render("activities/deleted.html", problem=deleted, page=page), deleted)
