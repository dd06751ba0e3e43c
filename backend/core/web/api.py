"""HTTP: our Blueprint on flask-smorest, one way to declare an endpoint, problem+json.

    @blp.post("/bookings/<uuid:booking_id>/cancel", access=LOGIN, answer=BookingAnswer)
    def cancel(session, actor, body, booking_id): ...

An endpoint declares who may call it, how often, its body or query, and its answer; what then
happens to each request is in attempts.py. flask-smorest makes the OpenAPI document from the same
words.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ClassVar

import flask_smorest
import marshmallow as ma
import orjson
from flask import Flask, Request, Response, current_app, request
from sqlalchemy.orm import Session

from backend.core import idempotency
from backend.core.errors import (
    AppError,
    MalformedBody,
    NotLoggedIn,
    UnsupportedMediaType,
    ValidationFailed,
)
from backend.core.idempotency import StoredAnswer
from backend.core.permissions import Actor
from backend.core.request_context import the_request
from backend.core.web import fields
from backend.core.web.attempts import (
    A_READ,
    LOGIN,
    PUBLIC,
    Declared,
    Path,
    View,
    Work,
    declare_access,
    words_of,
)
from backend.core.web.document import (
    JSON,
    describe,
    document,
    page_schema,
)
from backend.core.web.problems import problem_response

MAX_BODY_BYTES = 1_000_000
Authenticate = Callable[[Session, str], Actor | None]


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that is JSON already, in the shape that its schema documents.

    It spares the hot paths the schema's dump; tests/api/test_contract.py holds it to the
    document.
    """

    value: Any


class NoFields(fields.Schema):
    """The body of an action that takes none: `{}` or nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Declared):
    """What an endpoint of the API declares.

    Attributes:
        body, query: schemas of what comes in; unknown fields are refused. A read has a query.
        answer: schema of what goes out; of one item where `page` is set.
        status: of a plain return value; a view may return `(value, status)` instead.
        key_field: the body's field that serves as Idempotency-Key (`press_id`).
        also: further statuses of success that the view answers, each with when.
        by_token: of a read that phones repeat all day: its view is handed the session and the
            bearer token alone, finds out in one statement whose that is and what they ask for, and
            answers None where it is nobody's. No login session is kept alive by it.
        raw: of a write whose body is another system's: its view reads it, and says whose it is.
    """

    method: str
    body: type[ma.Schema] | None = None
    query: type[ma.Schema] | None = None
    answer: type[ma.Schema] | None = None
    status: int = 200
    page: bool = False
    key_field: str | None = None
    content_type: str = JSON
    also: dict[int, str] = field(default_factory=dict)
    by_token: bool = False
    raw: bool = False

    def answered(self) -> ma.Schema | None:
        """The schema of what goes out."""
        if self.answer is None:
            return None
        return page_schema(self.answer)() if self.page else self.answer()


class Blueprint(flask_smorest.Blueprint):
    """A feature's routes. `get`, `post`, `put` and `delete` declare an endpoint each, with the
    words of `Endpoint`; a write that declares no limit has CHANGES, a read none."""

    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING: ClassVar[dict[str, str]] = {"json": JSON}

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._routes: list[tuple[str, Any, Any, Any, dict[str, Any]]] = []
        super().__init__(*arguments, **named)

    def get(self, rule: str, **declared: Any) -> Callable[[View], View]:
        """A read; `query` for its parameters, `page` for a list."""
        declared.setdefault("limit", A_READ)
        return self._declare(rule, Endpoint(method="GET", reads=True, **declared))

    def post(self, rule: str, **declared: Any) -> Callable[[View], View]:
        return self._declare(rule, Endpoint(method="POST", **declared))

    def put(self, rule: str, **declared: Any) -> Callable[[View], View]:
        return self._declare(rule, Endpoint(method="PUT", **declared))

    def delete(self, rule: str, **declared: Any) -> Callable[[View], View]:
        declared.setdefault("status", 204)
        return self._declare(rule, Endpoint(method="DELETE", **declared))

    def _declare(self, rule: str, declared: Endpoint) -> Callable[[View], View]:
        def declare(view: View) -> View:
            call = _ByToken(view, declared) if declared.by_token else _Call(view, declared)

            @wraps(view)
            def handle(**path: Any) -> Response:
                return call.handle(path)  # type: ignore[no-any-return]

            handle.declared = declared  # type: ignore[attr-defined]
            declare_access(declared.access)(handle)
            return self.route(rule, methods=[declared.method])(handle)  # type: ignore[no-any-return]

        return declare

    def _store_endpoint_docs(
        self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any
    ) -> None:
        """flask-smorest's hook for each route; the documentation itself waits until it is read."""
        self._routes.append((endpoint, obj, parameters, tags, options))

    def register_views_in_doc(self, *arguments: Any, **named: Any) -> None:
        """Write the documentation of all routes into an app's document."""
        for endpoint, handle, parameters, tags, options in self._routes:
            document(self, handle, handle.declared)
            super()._store_endpoint_docs(endpoint, handle, parameters, tags, **options)
        super().register_views_in_doc(*arguments, **named)


class _Call(Work):
    """One endpoint of the API at work."""

    sent_as = "api_call"
    declared: Endpoint

    def __init__(self, view: View, declared: Endpoint) -> None:
        super().__init__(view, declared)
        incoming = declared.query if declared.reads else (declared.body or NoFields)
        incoming = None if declared.raw else incoming
        self._schema = incoming() if incoming else None
        self._out = declared.answered()

    def actor_of(self, session: Session) -> Actor | None:
        """The caller, by bearer token; None without one.

        Raises NotLoggedIn (401) for a token that is not or no longer valid, on public endpoints
        too: a client must learn that it has to log in again.
        """
        token = _bearer_token()
        if token is None:
            return None
        authenticate: Authenticate = current_app.extensions["authenticate"]
        actor = authenticate(session, token)
        if actor is None:
            raise NotLoggedIn
        return actor

    def incoming(self) -> tuple[Any, ...]:
        if self._schema is None:
            return ()
        raw = request.args.to_dict() if self.declared.reads else _json_body()
        try:
            return (self._schema.load(raw),)
        except ma.ValidationError as error:
            messages = error.normalized_messages()  # type: ignore[no-untyped-call]
            raise ValidationFailed(errors=messages) from None

    def respond(self, returned: Any) -> Response:
        if isinstance(returned, Response):
            return returned
        declared = self.declared
        value, status = returned if isinstance(returned, tuple) else (returned, declared.status)
        if status == 204 or self._out is None:
            return Response(status=status)
        if isinstance(value, Ready):
            return json_response(value.value, status)
        return json_response(self._out.dump(value), status)

    def answer_read(self, answer: Any, actor: Actor | None) -> Response:
        return _cacheable(answer, private=actor is not None)

    def key_of(self, incoming: tuple[Any, ...]) -> str | None:
        if self.declared.raw:
            return None
        name = self.declared.key_field
        key = str(getattr(incoming[0], name)) if name else request.headers.get("Idempotency-Key")
        if key is not None and not idempotency.is_key(key):
            words = f"1 到 {idempotency.MAX_KEY_LENGTH} 个字符"
            raise ValidationFailed(errors={"Idempotency-Key": [words]})
        return key

    def meaning(self, path: Path) -> bytes:
        return idempotency.fingerprint(
            request.method, str(request.url_rule), words_of(path), _json_body()
        )

    def to_keep(self, answer: Response) -> StoredAnswer:
        return StoredAnswer(answer.status_code, answer.get_data(), answer.mimetype or "")

    def replay(self, stored: StoredAnswer) -> Response:
        response = Response(
            stored.body or None, stored.status, content_type=stored.content_type or None
        )
        response.headers["Idempotency-Replayed"] = "true"
        return response

    def refused(self, refusal: AppError) -> Response:
        return problem_response(refusal)


class _ByToken(_Call):
    """A read whose one statement also says whose the token is."""

    def authenticated(self, session: Session) -> None:
        """The view's part."""

    def show(self, session: Session, actor: Actor | None, path: Path) -> Any:
        token = _bearer_token()
        found = self.view(session, token, **path) if token else None
        if found is None:
            raise NotLoggedIn
        return found

    def answer_read(self, answer: Any, actor: Actor | None) -> Response:
        return _cacheable(answer, private=True)


def _bearer_token() -> str | None:
    """The request's bearer token; None without one. Raises NotLoggedIn (401) for anything else
    that says who asks."""
    header = request.headers.get("Authorization")
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotLoggedIn
    return token.strip()


def _json_body() -> Any:
    asked = the_request()
    _read_uncounted(asked)
    try:
        raw = asked.get_data()
    except OSError:  # its sender has gone, or fallen silent
        raise MalformedBody from None
    if not raw:
        return {}
    if asked.content_type != JSON and asked.mimetype != JSON:
        raise UnsupportedMediaType
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise MalformedBody from None


def _read_uncounted(asked: Request) -> None:
    """Where a body's length is said, and is not too much, gunicorn reads no more than that:
    werkzeug need not count along (a thirtieth of a check-in). Of any other body it counts, and
    refuses (413)."""
    environ = asked.environ
    length = environ.get("CONTENT_LENGTH", "")
    ends = environ.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" not in environ
    if ends and length.isdecimal() and int(length) <= MAX_BODY_BYTES:
        asked.stream = environ["wsgi.input"]


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON answer; UUIDs and instants are written by orjson."""
    return Response(orjson.dumps(value), status, content_type=JSON)


def _cacheable(response: Response, *, private: bool) -> Response:
    """An ETag for every read, so that a phone that polls is told 304 where nothing changed."""
    if response.status_code == 200 and not response.cache_control.no_store:
        response.headers["Cache-Control"] = "private, no-cache" if private else "no-cache"
        response.vary.add("Authorization")
        response.add_etag()
        response.make_conditional(request)
    return response


class Api(flask_smorest.Api):
    """The API object; one per app. Its document is written when somebody first asks for it: that
    is a seventh of a start and some megabytes, and few processes are ever asked."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        self._undocumented: list[Blueprint] = []
        self._writing = threading.RLock()  # what is written looks at what is written so far
        super().__init__(app)

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Take in a feature's routes."""
        self._app.register_blueprint(blueprint)
        self._undocumented.append(blueprint)

    @property
    def spec(self) -> Any:
        """The document, whole."""
        with self._writing:
            waiting, self._undocumented = self._undocumented, []
            for blueprint in waiting:
                blueprint.register_views_in_doc(
                    self, self._app, self._spec, name=blueprint.name, parameters=None
                )
                self._spec.tag({"name": blueprint.name, "description": blueprint.description})
        return self._spec

    @spec.setter
    def spec(self, value: Any) -> None:
        self._spec = value


def init_api(app: Flask, authenticate: Authenticate) -> Api:
    """Attach the API to an app, with the feature that knows bearer tokens."""
    app.extensions["authenticate"] = authenticate
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        API_TITLE="吾社集 API",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = Api(app)
    describe(api.spec)
    return api


__all__ = [
    "LOGIN",
    "PUBLIC",
    "Api",
    "Blueprint",
    "Ready",
    "declare_access",
    "init_api",
    "json_response",
]
