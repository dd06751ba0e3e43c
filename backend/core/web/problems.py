"""Every error leaves as problem+json (RFC 9457), with its request id."""

import logging

import orjson
from flask import Flask, Response
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as MethodNotAllowedError

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
    wait = error.retry_after or (RETRY_AFTER_SECONDS if error.status == 503 else None)
    if wait is not None:
        response.headers["Retry-After"] = str(wait)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def init_problems(app: Flask) -> None:
    """Let every exception of a request become a problem."""
    # The second because flask-smorest has one of its own.
    for kind in (Exception, HTTPException):
        app.register_error_handler(kind, _respond)


def _respond(error: Exception) -> Response:
    response = problem_response(problem_for(error))
    if isinstance(error, MethodNotAllowedError):
        response.headers["Allow"] = error.get_response().headers.get("Allow", "")
    return response


def problem_for(error: Exception) -> AppError:
    """What an exception means to the caller; what nobody expected is logged."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, HTTPException):
        return _http_problem(error.code or 500)
    if isinstance(error, PoolTimeout):
        log.warning("no database connection free", exc_info=error)
        return TryAgain()
    refusal = refusal_for(error) if isinstance(error, DBAPIError) else None
    if refusal is None:
        log.error("unexpected error", exc_info=error)
    return refusal or InternalError()


def _http_problem(status: int) -> AppError:
    known = _BY_STATUS.get(status)
    if known is not None:
        return known()
    return MalformedBody() if status < 500 else InternalError()


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
