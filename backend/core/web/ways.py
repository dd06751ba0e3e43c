"""To the login and back: whose the browser's cookie is, and which page was asked for."""

from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from flask import session as cookie
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from backend.core.context import composed
from backend.core.permissions import Actor
from backend.core.web.attempts import Access

TOKEN = "token"  # noqa: S105 - the cookie's field, not a secret
# What the login page is asked with: where to go on, and whether a login has ended.
_WAY = ("next", "ended")
_LONGEST_WAY = 2000


class OfConsole(Blueprint):
    """Whose pages are for those who are logged in to the console."""


def log_in_browser(token: str) -> None:
    """Let the browser's cookie carry a console session; what it carried before is dropped."""
    cookie.clear()
    cookie[TOKEN] = token
    # Made now: of two pages that load at once each would make one, and one would be lost.
    generate_csrf()


def log_out_browser() -> None:
    cookie.clear()


def way() -> dict[str, str]:
    """What the login page was asked with, for its forms to hand on."""
    return {name: request.args[name] for name in _WAY if name in request.args}


def after_login() -> Response:
    """To the page that asked for the login; the first one where none did."""
    place = _address_of_page(request.args.get("next", "")) or url_for(composed(Frame).home)
    return current_app.make_response(redirect(place, 303))


class Authenticate(Protocol):
    """Whose console session a cookie's token is; None for nobody's."""

    def __call__(self, session: Session, token: str, *, in_use: bool = True) -> Actor | None: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pages stand in; core knows none of it.

    Attributes:
        home: endpoint of the first page.
        login: endpoint of the page that asks who it is.
        refusal: template of a page that shows a refusal, `problem`. It needs nothing of the
            database: that may be what is away.
    """

    authenticate: Authenticate
    home: str
    login: str
    refusal: str


def to_login() -> Any:
    asked = {"next": way_back()} | ({"ended": "1"} if cookie.get(TOKEN) else {})
    frame = composed(Frame)
    login = url_for(frame.login)
    if asked["next"] and asked["next"] != url_for(frame.home):
        login = f"{login}?{urlencode(asked, safe='/')}"
    if "HX-Request" in request.headers:
        # htmx would put the login page into a corner of this one.
        return Response(status=401, headers={"HX-Redirect": login})
    return redirect(login, 303)


def way_back() -> str:
    """The address of the page that the browser is on, or was asking for; empty where there is
    none."""
    shown = request.method == "GET" and "HX-Request" not in request.headers
    asking = (request.full_path,) if shown else (request.referrer or "", g.get("form_page", ""))
    return next(filter(None, map(_address_of_page, asking)), "")


def _address_of_page(text: str) -> str:
    """An address of a page of ours for those who are logged in, without its host; empty for any
    other: what stands in an address may come from anybody."""
    try:
        parts = urlsplit(text[:_LONGEST_WAY])
        found, _ = current_app.url_map.bind(request.host).match(parts.path, method="GET")
    except (ValueError, HTTPException, RequestRedirect):
        return ""
    ours = parts.netloc in ("", request.host)
    page = isinstance(current_app.blueprints.get(found.split(".")[0]), OfConsole)
    public = getattr(current_app.view_functions[found], "access", Access.PUBLIC) is Access.PUBLIC
    if public or not (ours and page):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
