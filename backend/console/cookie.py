"""The console's cookie: signed by Flask, sent for the console's pages alone."""

import hmac

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

PATH = "/console"


class _ConsoleCookie(SecureCookieSessionInterface):
    """Opens no cookie outside the console: phones have none, and looking for it took a twentieth
    of a check-in."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if not request.path.startswith(PATH):
            return self.make_null_session(app)
        return super().open_session(app, request)


def init_cookie(app: Flask, key: bytes, *, secure: bool) -> None:
    """Set the cookie up.

    Args:
        key: the deployment's secret; the cookie is signed with one of its own made from it.
        secure: whether browsers speak TLS to us.
    """
    app.secret_key = hmac.digest(key, b"console cookie", "sha256")
    app.session_interface = _ConsoleCookie()
    app.config.update(
        SESSION_COOKIE_NAME="console",
        SESSION_COOKIE_PATH=PATH,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
    )
