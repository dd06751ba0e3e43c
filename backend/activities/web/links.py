"""What a plain link's code opens where WeChat does not open the mini-program with it.

WeChat opens the mini-program for addresses below `Settings.wechat_link_prefix` (普通链接二维码). A
phone's camera, another app or a WeChat that does not know the prefix yet shows this page, which
says how to go on. It is public, changes nothing and sets no cookie.
"""

from flask import Response, current_app
from sqlalchemy.orm import Session

from backend.activities import queries
from backend.activities.codes import scenes
from backend.core.context import composed
from backend.core.permissions import Actor
from backend.core.web.api import PUBLIC
from backend.core.web.pages import Pages
from backend.core.web.replies import render
from backend.settings import Settings

pages = Pages("links", __name__, url_prefix="/q", template_folder="templates")


@pages.page("/<code>", access=PUBLIC)
def show(session: Session, actor: Actor | None, code: str) -> Response | str:
    """How to get from this address into the mini-program."""
    name, _, content = composed(Settings).wechat_link_file.partition(":")
    if name and code == name:
        return Response(content, content_type="text/plain")
    try:
        market = queries.target_of_code(session, scenes.scene_of(code))
    except queries.CodeUnknown:
        market = None
    answer = current_app.make_response(render("activities/link.html", market=market))
    answer.status_code = 200 if market else 404
    return answer
