"""The organisers' web console: layout, static files, headers; pages live with their feature."""

import hashlib
import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from flask import (
    Flask,
    Response,
    g,
    request,
    send_from_directory,
    url_for,
)
from sqlalchemy.orm import Session

from backend.console import words
from backend.console.navigation import menu_of, navigation
from backend.core import todos
from backend.core.context import compose, composed
from backend.core.db import open_transaction
from backend.core.errors import Forbidden, NotFound
from backend.core.feature import Feature, MenuEntry
from backend.core.pagination import Asked
from backend.core.permissions import Actor, Permission
from backend.core.web.api import LOGIN, PUBLIC, declare_access
from backend.core.web.lists import ListQuery
from backend.core.web.pages import Pages, init_pages
from backend.core.web.replies import render, see_other, with_query
from backend.core.web.ways import Frame
from backend.identity.login.console import Who, authenticate, who_is

PREFIX = "/console"
#: Where pages are: the staff's, and those behind the plain links of markets' codes.
PAGES_AT = (PREFIX, "/q/")
STATIC = Path(__file__).resolve().parent / "static"

# The first line of the menu, for whoever handles anything.
TODOS = MenuEntry(5, "待办", "console.home", "checklist", Permission.ACTIVITY_EDIT)

pages = Pages("console", __name__, url_prefix=PREFIX, template_folder="templates")


@pages.page("/", access=LOGIN)
def home(session: Session, actor: Actor) -> Response | str:
    """What waits for the caller; of who has no such work, the first page that they have.

    Raises Forbidden (403) for who has none any more: their role was taken back.
    """
    entries = navigation(actor)
    if not entries:
        raise Forbidden("您现在没有工作台的权限，请联系管理员")
    if TODOS not in entries:
        return see_other(entries[0].endpoint)
    waiting = todos.waiting_for(session, actor, composed(todos.AllToDos))
    g.todo_count = sum(one.count for one in waiting)
    return render("console/todos.html", waiting=waiting)


@pages.page("/todos/<int:place>", access=LOGIN, query=ListQuery)
def list_todos(session: Session, actor: Actor, query: Asked, place: int) -> str:
    """All of one kind that waits for the caller."""
    kinds = composed(todos.AllToDos)
    kind = next((one for one in kinds if one.place == place), None)
    if kind is None or not actor.may_anywhere(kind.permission):
        raise NotFound
    return render(
        "console/todos_of_kind.html", kind=kind, page=todos.all_of(session, actor, kind, query)
    )


@pages.route("/static/<path:filename>")
@declare_access(PUBLIC)
def static(filename: str) -> Response:
    """Styles, scripts, icons."""
    return send_from_directory(STATIC, filename)


@pages.page("/<path:unknown>", access=PUBLIC)
def nothing(session: Session, actor: Actor | None, unknown: str) -> Response:
    """An address that is no page's."""
    raise NotFound


@declare_access(PUBLIC)
def _front_door() -> Response:
    """Whoever types the bare address means the console: phones come by the mini-program."""
    return see_other("console.home")


def init_console(app: Flask, features: Sequence[Feature]) -> None:
    """Register the console's pages, with what all of them share.

    Args:
        features: whose pages, menu and words they are.
    """
    frame = Frame(authenticate, "console.home", "console_login.login", "console/error.html")
    init_pages(app, frame)
    for blueprint in (*(one for feature in features for one in feature.pages), pages):
        app.register_blueprint(blueprint)
    entries = [TODOS, *(entry for feature in features for entry in feature.menu)]
    kinds = [kind for feature in features for kind in feature.todos]
    compose(app.extensions, menu_of(entries), todos.todos_of(kinds))
    app.add_url_rule("/", "front_door", _front_door)
    app.jinja_env.filters.update(words.FILTERS)
    app.jinja_env.globals.update(
        static=_static_url, navigation=navigation, nonce=_nonce, who_am_i=_who_am_i,
        todo_count=_todo_count,
        with_query=with_query, **words.TITLES,
    )  # fmt: skip
    for feature in features:
        app.jinja_env.globals.update(feature.titles)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.after_request(_headers)


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _static_url(name: str) -> str:
    """A static file's address; it changes with its content, so browsers may keep it for good."""
    return url_for("console.static", filename=name, v=_version(name))


def _nonce() -> str:
    """This answer's nonce, for the one stylesheet that FullCalendar makes."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def _who_am_i() -> Who:
    """Whose page this is; in the transaction that shows it."""
    return who_is(open_transaction(), g.actor)


def _todo_count() -> int:
    """How much waits for whose page this is: counted once, in the transaction that shows it."""
    if "todo_count" not in g:
        counts = todos.counts_for(open_transaction(), g.actor, composed(todos.AllToDos))
        g.todo_count = sum(count for _, count in counts)
    count: int = g.todo_count
    return count


def _headers(response: Response) -> Response:
    """What a browser may do with a page (OWASP Secure Headers)."""
    if not request.path.startswith(PAGES_AT):
        return response
    policy = {
        "default-src": "'self'",
        "style-src": f"'self' 'nonce-{_nonce()}'",
        # Tabler's stylesheet draws arrows and ticks with data: images.
        "img-src": "'self' data:",
        # FullCalendar's stylesheet brings its arrows as a font; we draw our own, but it is loaded.
        "font-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    response.headers["Content-Security-Policy"] = "; ".join(map(" ".join, policy.items()))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint == "console.static":
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
