"""What every log line and audit entry needs to know of the request it belongs to."""

import re

from flask import g, has_request_context, request

from backend.core.ids import new_id

_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def start_request() -> None:
    """Give the request its id: the proxy's where that is harmless to log, else a new one."""
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _SAFE.fullmatch(given) else new_id().hex


def current_request_id() -> str | None:
    """The running request's id; None in jobs and on the command line."""
    return g.get("request_id") if has_request_context() else None


def current_address() -> str | None:
    """The address that the running request comes from, as the proxy in front names it; None in
    jobs and on the command line."""
    return request.remote_addr if has_request_context() else None
