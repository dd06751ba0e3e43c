"""What every log line and audit entry needs to know of the request it belongs to."""

import re
import time
from typing import Any

from flask import Request, g, has_request_context, request

from backend.core.ids import new_id

_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def the_request() -> Request:
    """Flask's request itself, for what looks at it often: its proxy asks for it each time."""
    return request._get_current_object()  # type: ignore[attr-defined, no-any-return]


def the_g() -> Any:
    """Flask's `g` itself, likewise."""
    return g._get_current_object()


def start_request() -> None:
    """Note in `g` when the request began, and its id: the proxy's where that is harmless to log,
    else a new one."""
    kept, given = the_g(), the_request().environ.get("HTTP_X_REQUEST_ID", "")
    kept.started = time.perf_counter()
    kept.request_id = given if _SAFE.fullmatch(given) else new_id().hex


def current_request_id() -> str | None:
    """The running request's id; None in jobs and on the command line."""
    return g.get("request_id") if has_request_context() else None


def current_address() -> str | None:
    """The address that the running request comes from, as the proxy in front names it; None in
    jobs and on the command line."""
    return request.remote_addr if has_request_context() else None


_PROGRAMS = {
    "MicroMessenger/": "微信", "Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome",
    "Safari/": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS",
    "OpenHarmony": "鸿蒙", "Android": "Android", "Linux": "Linux",
}  # fmt: skip


def current_device() -> str | None:
    """With what the running request is made, in words: 「Chrome · Windows」，「微信 · iPhone」;
    None where it does not say, and in jobs and on the command line."""
    agent = request.user_agent.string if has_request_context() else ""
    named = [
        next((name for mark, name in names.items() if mark in agent), None)
        for names in (_PROGRAMS, _SYSTEMS)
    ]
    return " · ".join(name for name in named if name) or None
