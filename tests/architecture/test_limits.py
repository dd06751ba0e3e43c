"""Every write has a limit, or says why it has none; the document names it."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from backend.core.config import LIMITS
from backend.core.limits import Limit, Unlimited

# Each with its reason beside its declaration.
UNLIMITED = {"/console/demo-login/<name>", "/api/v1/wechat/push"}


def writes(app: Flask) -> Iterator[tuple[str, Any]]:
    for rule in app.url_map.iter_rules():
        if (rule.methods or set()) & {"POST", "PUT", "DELETE", "PATCH"}:
            yield rule.rule, app.view_functions[rule.endpoint]


def test_every_write_has_a_limit_or_says_why_not(app: Flask) -> None:
    declared = {
        rule: getattr(getattr(view, "declared", None), "limit", None) for rule, view in writes(app)
    }
    free = {rule for rule, limit in declared.items() if isinstance(limit, Unlimited)}
    assert free == UNLIMITED
    assert all(limit.why for limit in declared.values() if isinstance(limit, Unlimited))


def test_a_read_is_counted_without_writing(app: Flask) -> None:
    """Nothing changes on GET."""
    reads = [
        declared.limit
        for view in app.view_functions.values()
        if (declared := getattr(view, "declared", None)) is not None
        and declared.reads
        and isinstance(declared.limit, Limit)
    ]
    assert reads
    assert all(limit.in_process for limit in reads)


def test_the_document_tells_of_429_and_its_limit(app: Flask) -> None:
    paths = app.test_client().get("/api/openapi.json").json["paths"]  # type: ignore[index]
    for path, operations in paths.items():
        for method, operation in operations.items():
            if method in ("post", "put", "delete") and path not in UNLIMITED:
                assert operation["x-limit"] in LIMITS, path
                assert operation["responses"]["429"], path
