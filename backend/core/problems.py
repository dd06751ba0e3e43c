"""Every error leaves as problem+json (RFC 9457), with its request id."""

import logging

import orjson
from flask import Flask, Response
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from backend.core.errors import (
    AppError,
    BodyTooLarge,
    Forbidden,
    InternalError,
    InUse,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    NotLoggedIn,
    TryAgain,
    UnsupportedMediaType,
    ValidationFailed,
    error_for_constraint,
)
from backend.core.request_context import current_request_id

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 2
_FOREIGN_KEY_VIOLATION = "23503"
_BY_STATUS: dict[int, type[AppError]] = {
    error.status: error
    for error in (
        MalformedBody,
        NotLoggedIn,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        BodyTooLarge,
        UnsupportedMediaType,
        ValidationFailed,
    )
}


def problem_response(error: AppError) -> Response:
    """The response for a refusal."""
    problem = error.to_problem() | {"request_id": current_request_id()}
    # Errors in a list stand under its indexes, which are numbers.
    body = orjson.dumps(problem, option=orjson.OPT_NON_STR_KEYS)
    response = Response(body, error.status, content_type=PROBLEM_JSON)
    if error.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def init_problems(app: Flask) -> None:
    """Let every exception of a request become a problem."""
    app.register_error_handler(AppError, problem_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _no_connection)
    app.register_error_handler(Exception, _unexpected)


def _http_error(error: HTTPException) -> Response:
    known = _BY_STATUS.get(error.code or 500)
    if known is not None:
        response = problem_response(known())
        if error.code == 405:
            response.headers["Allow"] = error.get_response().headers.get("Allow", "")
        return response
    return problem_response(MalformedBody() if (error.code or 500) < 500 else InternalError())


def refusal_for(error: DBAPIError) -> AppError | None:
    """What the database's refusal means to the caller; None for a fault of ours.

    A constraint that stopped a race's loser answers its rule's code; a database that is away,
    or has cut a transaction off, asks to try again.
    """
    if isinstance(error, IntegrityError):
        if getattr(error.orig, "sqlstate", None) == _FOREIGN_KEY_VIOLATION:
            return InUse()
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        log.info("constraint stopped a write", extra={"constraint": name})
        return error_for_constraint(name)()
    if isinstance(error, DataError):
        # Without the error's own words: PostgreSQL quotes the value there.
        log.warning(
            "the database refused a value",
            extra={
                "sqlstate": getattr(error.orig, "sqlstate", None),
                "statement": error.statement,
            },
        )
        return ValidationFailed()
    if isinstance(error, OperationalError) or error.connection_invalidated:
        log.warning("database away or busy", exc_info=error)
        return TryAgain()
    return None


def _database_error(error: DBAPIError) -> Response:
    refusal = refusal_for(error)
    return problem_response(refusal) if refusal else _unexpected(error)


def _no_connection(error: PoolTimeout) -> Response:
    log.warning("no database connection free", exc_info=error)
    return problem_response(TryAgain())


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return problem_response(InternalError())
