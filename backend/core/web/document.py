"""The API's document: what it says of all endpoints alike, and /api/docs, where it is a page of
Swagger UI's files in the flask-swagger-ui wheel (offices sit on closed networks: no CDN)."""

from typing import TYPE_CHECKING, Any

import flask_smorest
import marshmallow as ma
from apispec import APISpec
from flask import Flask
from flask_swagger_ui import get_swaggerui_blueprint

from backend.core import idempotency
from backend.core.limits import Limit
from backend.core.web.attempts import PUBLIC, declare_access

if TYPE_CHECKING:
    from backend.core.web.api import Endpoint

DOCS_URL = "/api/docs"
TOO_MANY_REQUESTS = "TooManyRequests"
JSON = "application/json"
A_FILE = {"type": "string", "format": "binary"}

IDEMPOTENCY_PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": idempotency.MAX_KEY_LENGTH,
        "pattern": "^[ -~]*$",
    },
    "description": "Made by the client for one act of its user; a repeat gives the first answer.",
}


class ProblemSchema(ma.Schema):
    """RFC 9457; some codes bring further members, such as `taken` or `from` and `to`."""

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String(metadata={"example": "/problems/slot_full"})
    code = ma.fields.String(metadata={"example": "slot_full"})
    title = ma.fields.String(metadata={"example": "这个时段已约满，请选其他时段"})
    status = ma.fields.Integer(metadata={"example": 409})
    detail = ma.fields.String()
    errors = ma.fields.Dict(keys=ma.fields.String())
    request_id = ma.fields.String()


def page_schema(item: type[ma.Schema] | None) -> type[ma.Schema]:
    assert item is not None
    known = _PAGES.get(item)
    if known is None:
        known = ma.Schema.from_dict(
            {
                "items": ma.fields.List(ma.fields.Nested(item)),
                "next_cursor": ma.fields.String(allow_none=True),
            },
            name=f"{item.__name__}Page",
        )
        _PAGES[item] = known
    return known


_PAGES: dict[type[ma.Schema], type[ma.Schema]] = {}


def init_docs(app: Flask) -> None:
    app.register_blueprint(
        get_swaggerui_blueprint(
            DOCS_URL, "/api/openapi.json", config={"app_name": "吾社集 API", "docExpansion": "none"}
        )
    )
    declare_access(PUBLIC)(app.view_functions["swagger_ui.show"])


def document(blueprint: flask_smorest.Blueprint, handle: Any, declared: "Endpoint") -> None:
    """Let flask-smorest's decorators write the documentation, on a function never called:
    the work itself is done by `_Call`, which must authenticate before it parses."""

    def described() -> None: ...

    body, limit, out = declared.body, declared.limit, declared.answered()
    if declared.query:
        described = blueprint.arguments(declared.query, location="query")(described)
    if body:
        # An empty body is `{}`.
        needed = any(field.required for field in body().fields.values()) and not body().partial
        described = blueprint.arguments(body, location="json", required=needed)(described)
    for status, when in ({declared.status: None} | declared.also).items():
        schema = None if status == 204 else out if declared.content_type == JSON else A_FILE
        described = blueprint.response(
            status, schema, content_type=declared.content_type, description=when
        )(described)
    if isinstance(limit, Limit):
        described = blueprint.alt_response(429, response=TOO_MANY_REQUESTS)(described)
    described = blueprint.alt_response(
        "default",
        schema=ProblemSchema,
        content_type="application/problem+json",
        description="A problem; see its `code`.",
    )(described)
    handle._apidoc = described._apidoc  # type: ignore[attr-defined]
    # Its own 422 would promise application/json; ours is a problem like all the others.
    handle._apidoc.get("arguments", {}).pop("responses", None)
    manual = handle._apidoc.setdefault("manual_doc", {})
    manual["x-access"] = declared.access.value
    if isinstance(limit, Limit):
        manual["x-limit"] = limit.name
    if declared.access is PUBLIC:
        manual["security"] = []
    if not declared.reads and declared.access is not PUBLIC:
        manual["parameters"] = [IDEMPOTENCY_PARAMETER]


def describe(spec: APISpec) -> None:
    """Write what all endpoints share: the token, and the answer to what came too often."""
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.options["security"] = [{"bearer": []}]
    spec.components.response(
        TOO_MANY_REQUESTS,
        {
            "description": "More often than the endpoint's `x-limit` (config/rules.toml) allows.",
            "headers": {
                "Retry-After": {
                    "description": "Seconds until the next try can succeed.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            },
            "content": {"application/problem+json": {"schema": ProblemSchema}},
        },
    )
