"""Structured logs: one JSON object a line, with the request's id; ids, never names or numbers."""

import logging
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
from flask import Flask, Response, has_request_context

from backend.core.request_context import start_request, the_g, the_request

access_log = logging.getLogger("access")


# What logging itself puts into a record; all else is a caller's `extra`.
_ITS_OWN = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime"))


def _line(level: str, logger: str, message: str, at: float, more: dict[str, Any]) -> str:
    """A line, with the id and the caller of the request that it is written in, if in any."""
    kept = the_g() if has_request_context() else None
    actor = kept.get("actor") if kept else None
    shown = {
        "level": level,
        "logger": logger,
        "message": message,
        "request_id": kept.get("request_id") if kept else None,
        "user_id": str(actor.user_id) if actor else None,
        **more,
        "timestamp": datetime.fromtimestamp(at, UTC),
    }
    return orjson.dumps(shown, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class _JsonLine(logging.Formatter):
    """A record as such a line, with what its writer has added (`extra`)."""

    def format(self, record: logging.LogRecord) -> str:
        more = {name: value for name, value in vars(record).items() if name not in _ITS_OWN}
        if record.exc_info:
            more = {"exc_info": self.formatException(record.exc_info)} | more
        message = record.getMessage()
        return _line(record.levelname, record.name, message, record.created, more)


class _Lines(logging.StreamHandler[TextIO]):
    """Where lines go: to stderr, whole."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(_JsonLine())

    def say(self, line: str) -> None:
        """Write a line that is none of logging's records."""
        with suppress(OSError, ValueError):  # as logging does: who reads us may have gone
            self.stream.write(line + self.terminator)


# What no line shows need not be looked up for each (Python's logging HOWTO, Optimization).
# gunicorn's own lines show the process.
logging.logThreads = logging.logMultiprocessing = False
logging._srcfile = None


def init_logs(level: str) -> None:
    """Write all of the process's logs as JSON lines to stderr."""
    logging.basicConfig(level=level, handlers=[_Lines()], force=True)
    # It tells of every task it knows at every start, the command line's too.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    # It tells of every try to reach a database that is away; whoever waits for it says so once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def init_request_logs(app: Flask) -> None:
    """One line for each request, and its id in the answer."""

    app.before_request(start_request)

    @app.after_request
    def end(response: Response) -> Response:
        asked, kept = the_request(), the_g()
        response.headers["X-Request-Id"] = kept.request_id
        if access_log.isEnabledFor(logging.INFO):
            _say(
                {
                    "client": asked.remote_addr,
                    "method": asked.method,
                    # The rule, not the path: paths of some other route may carry a person's data.
                    "route": str(asked.url_rule or "unknown"),
                    "status": response.status_code,
                    "ms": round(1000 * (time.perf_counter() - kept.started), 1),
                }
            )
        return response


def _say(told: dict[str, Any]) -> None:
    """Write a request's line. Most lines are one of these: by a record of logging's, its handlers
    and their locks, it took four times as long (a twenty-fifth of a check-in)."""
    line = _line("INFO", access_log.name, "request", time.time(), told)
    for handler in logging.root.handlers:
        if isinstance(handler, _Lines):
            handler.say(line)
