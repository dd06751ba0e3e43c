"""Entering the console as one of the demo's people; only beside the stand-in WeChat, which lets
anybody in anyway and is refused in production (backend/settings.py)."""

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.errors import NotFound
from backend.core.limits import Unlimited
from backend.core.permissions import Actor
from backend.core.web.api import PUBLIC
from backend.core.web.pages import Pages
from backend.core.web.ways import after_login, log_in_browser
from backend.demo.people import openid_of
from backend.identity.login import console
from backend.identity.models import User

pages = Pages("demo_login", __name__, url_prefix="/console", template_folder="templates")


@pages.form("/demo-login/<name>", access=PUBLIC,
            limit=Unlimited("the stand-in beside it lets anybody in anyway"),
            page="console_login.login", said=None)  # fmt: skip
def enter(session: Session, actor: Actor | None, name: str) -> Response:
    """Log in as a person of the demo data."""
    found = select(User.id).where(User.openid == openid_of(name))
    user_id = session.execute(found).scalar_one_or_none()
    if user_id is None:
        raise NotFound("没有这位演示人员，请先载入演示数据")
    log_in_browser(console.start(session, user_id, "demo"))
    return after_login()
