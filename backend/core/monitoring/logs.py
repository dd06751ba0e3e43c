"""Structured logs: one JSON object a line, with the request's id; ids, never names or numbers."""

import logging
import sys
import time
from datetime import UTC, datetime

import orjson
from flask import Flask, Response, g, has_request_context

from backend.core.request_context import start_request, the_g, the_request

access_log = logging.getLogger("access")


# What logging itself puts into a record; all else is a caller's `extra`.
_ITS_OWN = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime"))


class _JsonLine(logging.Formatter):
    """A record as JSON, with the id and the caller of the request that it was written in, and what
    its writer has added (`extra`)."""

    def format(self, record: logging.LogRecord) -> str:
        kept = the_g() if has_request_context() else None
        actor = kept.get("actor") if kept else None
        line = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": kept.get("request_id") if kept else None,
            "user_id": str(actor.user_id) if actor else None,
        }
        if record.exc_info:
            line["exc_info"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack_info"] = self.formatStack(record.stack_info)
        line |= {name: value for name, value in vars(record).items() if name not in _ITS_OWN}
        line["timestamp"] = datetime.fromtimestamp(record.created, UTC)
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


# What no line shows need not be looked up for each (Python's logging HOWTO, Optimization).
# gunicorn's own lines show the process.
logging.logThreads = logging.logMultiprocessing = False
logging._srcfile = None


def init_logs(level: str) -> None:
    """Write all of the process's logs as JSON lines to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It tells of every task it knows at every start, the command line's too.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    # It tells of every try to reach a database that is away; whoever waits for it says so once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def init_request_logs(app: Flask) -> None:
    """One line for each request, and its id in the answer."""

    @app.before_request
    def begin() -> None:
        start_request()
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        asked, kept = the_request(), the_g()
        response.headers["X-Request-Id"] = kept.request_id
        access_log.info(
            "request",
            extra={
                "client": asked.remote_addr,
                "method": asked.method,
                # The rule, not the path: paths of some other route may carry a person's data.
                "route": str(asked.url_rule or "unknown"),
                "status": response.status_code,
                "ms": round(1000 * (time.perf_counter() - kept.started), 1),
            },
        )
        return response
