"""Structured logs: one JSON object a line, with the request's id; ids, never names or numbers."""

import logging
import sys
import time

from flask import Flask, Response, g, has_request_context, request
from pythonjsonlogger.orjson import OrjsonFormatter

from backend.core.request_context import current_request_id, start_request

access_log = logging.getLogger("access")


class _RequestFilter(logging.Filter):
    """Adds the request's id, and its caller's, to every line written during it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        actor = g.get("actor") if has_request_context() else None
        record.user_id = str(actor.user_id) if actor else None
        return True


# What no line shows need not be looked up for each (Python's logging HOWTO, Optimization).
# gunicorn's own lines show the process.
logging.logThreads = logging.logMultiprocessing = False
logging._srcfile = None


def init_logs(level: str) -> None:
    """Write all of the process's logs as JSON lines to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_RequestFilter())
    handler.setFormatter(
        OrjsonFormatter(
            "%(levelname)s %(name)s %(message)s %(request_id)s %(user_id)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp=True,
        )
    )
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
        response.headers["X-Request-Id"] = current_request_id() or ""
        access_log.info(
            "request",
            extra={
                "client": request.remote_addr,
                "method": request.method,
                # The rule, not the path: paths of some other route may carry a person's data.
                "route": str(request.url_rule or "unknown"),
                "status": response.status_code,
                "ms": round(1000 * (time.perf_counter() - g.started), 1),
            },
        )
        return response
