"""Logging in to the console, and out."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, make_response, request, url_for
from sqlalchemy.orm import Session

from backend.core.context import composed
from backend.core.errors import AppError, ValidationFailed
from backend.core.limits import Limit
from backend.core.permissions import Actor
from backend.core.request_context import current_device
from backend.core.web.api import LOGIN, PUBLIC
from backend.core.web.flashes import tell
from backend.core.web.pages import Pages
from backend.core.web.replies import refused_page, render, see_other
from backend.core.web.ways import after_login, log_in_browser, log_out_browser, way
from backend.identity.login import accounts, devices, scanning
from backend.identity.login import console as logins
from backend.identity.web import schemas
from backend.settings import STAND_IN_APPID, Settings

pages = Pages("console_login", __name__, url_prefix="/console", template_folder="templates")
# Which browser asked for the QR code. A cookie of its own: written into the console's, it could
# undo a login by password whose answer arrives before the QR code's.
_BROWSER = "console_login"
_QR = Limit("login_qr")
WAYS = logins.WAYS | {devices.PHONE: "小程序"}


@pages.page("/login", access=PUBLIC)
def login(
    session: Session, actor: Actor | None, typed: Any = None, problem: AppError | None = None
) -> str:
    """The page to log in: a QR code to scan, and user name with password."""
    return render(
        "identity/login.html",
        typed=typed or {},
        problem=problem,
        way=way(),
    )


@pages.form("/login/password", access=PUBLIC, body=schemas.PasswordLoginForm, again=login,
            limit=Limit(accounts.PASSWORD), said=None)  # fmt: skip
def log_in_by_password(session: Session, actor: Actor | None, body: dict[str, str]) -> Response:
    """Log in by user name, password and one-time code."""
    answer = accounts.log_in(session, body["username"], body["password"], body["code"])
    if isinstance(answer, AppError):
        # Answered, not raised: the failure counts towards the lock.
        shown = login(session, None, typed={"username": body["username"]}, problem=answer)
        return refused_page(shown, answer)
    return _let_in(session, answer)


@pages.form("/login/qr", access=PUBLIC, limit=_QR, page=".login")
def ask_by_qr(session: Session, actor: Actor | None) -> Response:
    """A new QR code to be scanned in the mini-program."""
    import segno  # only here: its tables are made when it is loaded

    waiting = scanning.ask(session, current_device() or "浏览器 · 电脑")
    qr = segno.make(scanning.QR_PREFIX + waiting.code, error="m", micro=False)
    # Beside the stand-in WeChat there is no camera: the preview's is a box to paste the text into.
    text = scanning.QR_PREFIX + waiting.code if _beside_stand_in() else None
    answer = make_response(render("identity/login_qr.html", qr=qr, text=text, way=way()))
    answer.set_cookie(
        _BROWSER,
        waiting.browser_secret,
        path=url_for(".login"),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return answer


@pages.page("/login/qr", access=PUBLIC)
def follow_qr(session: Session, actor: Actor | None) -> tuple[str, int] | str:
    """How far the scanned login has come; asked every two seconds."""
    try:
        confirmed = scanning.is_confirmed(session, request.cookies.get(_BROWSER, ""))
    except scanning.LoginCodeExpired:
        return render("identity/login_qr_expired.html", way=way()), 286  # htmx: stop asking
    if confirmed:
        return render("identity/login_qr_confirmed.html", way=way()), 286
    return current_app.make_response(("", 204))  # type: ignore[return-value]


@pages.form("/login/qr/enter", access=PUBLIC, limit=_QR, page=".login", said=None)
def enter_by_qr(session: Session, actor: Actor | None) -> Response:
    """Log in as the one who has confirmed it in the mini-program."""
    return _let_in(session, scanning.enter(session, request.cookies.get(_BROWSER, "")))


def _let_in(session: Session, token: str) -> Response:
    """Log the browser in; the next page says when the person was logged in before."""
    log_in_browser(token)
    before = logins.login_before(session, token)
    if before is not None:
        tell(before, done=False)
    return after_login()


@pages.page("/account", access=LOGIN)
def account(
    session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None
) -> str:
    """One's own logins: where they are, and the password, for who has one."""
    username = accounts.username_of(session, actor.user_id)
    own = devices.own(session, actor)
    return render("identity/account.html", username=username, devices=own, ways=WAYS,
                  problem=problem)  # fmt: skip


@pages.form("/account/sessions/<uuid:session_id>/end", access=LOGIN, page=".account")
def end_session(session: Session, actor: Actor, session_id: UUID) -> Response:
    """End one of one's own sessions."""
    devices.end(session, actor, session_id)
    tell("那台设备已经退出登录")
    return see_other(".account")


@pages.form("/account/sessions/end-others", access=LOGIN, page=".account")
def end_other_sessions(session: Session, actor: Actor) -> Response:
    """End all of one's own sessions but this one."""
    tell(f"{devices.end_others(session, actor)} 台其他设备已经退出登录")
    return see_other(".account")


@pages.form("/account/password", access=LOGIN, body=schemas.PasswordChangeForm, again=account,
            limit=Limit(accounts.PASSWORD))  # fmt: skip
def change_password(session: Session, actor: Actor, body: dict[str, str]) -> Response:
    """Give oneself another password."""
    refusal: AppError | None
    if body["new"] != body["again"]:
        refusal = ValidationFailed(errors={"again": ["两次输入的新密码不一样"]})
    else:
        refusal = accounts.change_password(session, actor, body["old"], body["code"], body["new"])
    if refusal is not None:
        # Answered, not raised: the failure counts towards the lock.
        return refused_page(account(session, actor, problem=refusal), refusal)
    tell("密码已经改好，您在其他电脑上的登录已经退出")
    return see_other(".account")


@pages.form("/logout", access=LOGIN, page="console.home", said=None)
def log_out(session: Session, actor: Actor) -> Response:
    """End this console session."""
    logins.end(session, actor)
    log_out_browser()
    return see_other("console_login.login")


def _beside_stand_in() -> bool:
    return composed(Settings).wechat_appid == STAND_IN_APPID
