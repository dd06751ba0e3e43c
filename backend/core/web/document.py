"""The API's document: what it says of all endpoints alike, and /api/docs, where it is a page of
Swagger UI's files in the flask-swagger-ui wheel (offices sit on closed networks: no CDN)."""

import marshmallow as ma
from flask import Flask
from flask_swagger_ui import get_swaggerui_blueprint

from backend.core import idempotency
from backend.core.web.attempts import PUBLIC, declare_access

DOCS_URL = "/api/docs"
TOO_MANY_REQUESTS = "TooManyRequests"
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
