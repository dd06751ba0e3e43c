"""HTTP: our Blueprint on flask-smorest, one way to declare an endpoint, problem+json.

    @blp.post("/bookings/<uuid:booking_id>/cancel", access=LOGIN, answer=BookingAnswer)
    def cancel(session, actor, body, booking_id): ...

An endpoint declares who may call it, how often, its body or query, and its answer. The decorator
does, in this order: authenticate (401), check the declared access (403), count the request (429),
read and check the body (413, 415, 400, 422), answer a repeated `Idempotency-Key`, run the view in
the one transaction, keep the answer for a repeat, commit. flask-smorest makes the OpenAPI document
from the same words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Any, ClassVar

import flask_smorest
import marshmallow as ma
import orjson
from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.core import fields, idempotency, limits, refusals
from backend.core.db import RunAgain, transaction
from backend.core.errors import (
    AppError,
    Forbidden,
    MalformedBody,
    NotFound,
    NotLoggedIn,
    TryAgain,
    UnsupportedMediaType,
    ValidationFailed,
)
from backend.core.idempotency import StoredAnswer
from backend.core.limits import CHANGES, Limit, TooManyRequests, Unlimited
from backend.core.permissions import Actor, Permission
from backend.core.problems import problem_response, refusal_for

MAX_BODY_BYTES = 1_000_000
MAX_RUNS = 3
JSON = "application/json"

View = Callable[..., Any]
Authenticate = Callable[[Session, str], Actor | None]


class Access(Enum):
    """Who may call an endpoint, where no permission is needed."""

    PUBLIC = "public"
    LOGIN = "login"


PUBLIC, LOGIN = Access.PUBLIC, Access.LOGIN


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that is JSON already, in the shape that its schema documents.

    It spares the hot paths the schema's dump; tests/api/test_contract.py holds it to the
    document.
    """

    value: Any


class NoFields(fields.Schema):
    """The body of an action that takes none: `{}` or nothing at all."""


class Blueprint(flask_smorest.Blueprint):
    """A feature's routes. `get`, `post`, `put` and `delete` declare an endpoint each."""

    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING: ClassVar[dict[str, str]] = {"json": JSON}

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """A read. Options as in `_endpoint`; `query` for its parameters, `page` for a list."""
        return self._endpoint("GET", rule, **options)

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        return self._endpoint("POST", rule, **options)

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        return self._endpoint("PUT", rule, **options)

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        return self._endpoint("DELETE", rule, status=options.pop("status", 204), **options)

    def _endpoint(
        self,
        method: str,
        rule: str,
        *,
        access: Access | Permission,
        body: type[ma.Schema] | None = None,
        query: type[ma.Schema] | None = None,
        answer: type[ma.Schema] | None = None,
        status: int = 200,
        page: bool = False,
        in_transaction: bool = True,
        key_field: str | None = None,
        content_type: str = JSON,
        also: dict[int, str] | None = None,
        limit: Limit | Unlimited | None = None,
    ) -> Callable[[View], View]:
        """Declare an endpoint.

        Args:
            access: PUBLIC, LOGIN, or the permission that the caller must hold somewhere; where
                they hold it is checked with the row, by `access_*`.
            body, query: schemas of what comes in; unknown fields are refused.
            answer: schema of what goes out; of one item where `page` is set.
            status: of a plain return value; a view may return `(value, status)` instead.
            in_transaction: False for a view that talks to WeChat: it is handed no session and
                opens `transaction()` itself, around the database work alone.
            key_field: the body's field that serves as Idempotency-Key (`press_id`).
            also: further statuses of success that the view answers, each with when.
            limit: how often one person, or one address, may call it; CHANGES for a write and none
                for a read that declares nothing. A read changes nothing: its limit is counted in
                the process.
        """
        limit = limit or (Unlimited("a read") if method == "GET" else CHANGES)
        incoming = query if method == "GET" else (body or NoFields)
        schema = incoming() if incoming else None
        out = _page_schema(answer)() if page and answer else (answer() if answer else None)

        def declare(view: View) -> View:
            endpoint = _Endpoint(
                view, access, schema, out, status, in_transaction, key_field, limit
            )

            @wraps(view)
            def handle(**path: Any) -> Response:
                return endpoint.handle(path)

            handle.access = access  # type: ignore[attr-defined]
            handle.answer = out  # type: ignore[attr-defined]
            handle.limit = limit  # type: ignore[attr-defined]
            statuses = {status: None} | (also or {})
            self._document(handle, method, body, query, out, statuses, content_type, access, limit)
            return self.route(rule, methods=[method])(handle)  # type: ignore[no-any-return]

        return declare

    def _document(
        self,
        handle: Any,
        method: str,
        body: type[ma.Schema] | None,
        query: type[ma.Schema] | None,
        out: ma.Schema | None,
        statuses: Mapping[int, str | None],
        content_type: str,
        access: Access | Permission,
        limit: Limit | Unlimited,
    ) -> None:
        """Let flask-smorest's decorators write the documentation, on a function never called:
        the work itself is done by `_Endpoint`, which must authenticate before it parses."""

        def described() -> None: ...

        if query:
            described = self.arguments(query, location="query")(described)
        if body:
            # An empty body is `{}`.
            needed = any(field.required for field in body().fields.values()) and not body().partial
            described = self.arguments(body, location="json", required=needed)(described)
        for status, when in statuses.items():
            schema = None if status == 204 else out if content_type == JSON else A_FILE
            described = self.response(status, schema, content_type=content_type, description=when)(
                described
            )
        if isinstance(limit, Limit):
            described = self.alt_response(429, response=TOO_MANY_REQUESTS)(described)
        described = self.alt_response(
            "default",
            schema=ProblemSchema,
            content_type="application/problem+json",
            description="A problem; see its `code`.",
        )(described)
        handle._apidoc = described._apidoc  # type: ignore[attr-defined]
        # Its own 422 would promise application/json; ours is a problem like all the others.
        handle._apidoc.get("arguments", {}).pop("responses", None)
        manual = handle._apidoc.setdefault("manual_doc", {})
        manual["x-access"] = access.value
        if isinstance(limit, Limit):
            manual["x-limit"] = limit.name
        if access is PUBLIC:
            manual["security"] = []
        if method != "GET" and access is not PUBLIC:
            manual["parameters"] = [IDEMPOTENCY_PARAMETER]


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


class _Endpoint:
    """One endpoint at work; built once, called for each request."""

    def __init__(
        self,
        view: View,
        access: Access | Permission,
        schema: ma.Schema | None,
        out: ma.Schema | None,
        status: int,
        in_transaction: bool,
        key_field: str | None,
        limit: Limit | Unlimited,
    ) -> None:
        self.view, self.access, self.schema, self.out = view, access, schema, out
        self.status, self.in_transaction, self.key_field = status, in_transaction, key_field
        self.limit = limit

    def handle(self, path: dict[str, Any]) -> Response:
        try:
            return self._handled(path)
        except Forbidden as refusal:
            refusals.note(refusal, _actor_of_request, "api_call")
            raise
        except ValidationFailed as refusal:
            self._take_back(refusal)
            raise
        except NotFound as refusal:
            # Of a row that is another's a write says that it is not there. A read that finds
            # nothing is mostly an old link, and a code that is unknown has its own name.
            if refusal.code == NotFound.code and not _is_read():
                refusals.note(refusal, _actor_of_request, "api_call")
            raise

    def _handled(self, path: dict[str, Any]) -> Response:
        actor = self._counted(path)
        if _is_read():
            return self._read(path)
        # Few requests are repeats. The first run does the work and learns from storing its answer
        # that it was one; the next run then looks before it does anything. What WeChat is asked
        # for can't be rolled back: there the first run looks too.
        for run in range(MAX_RUNS):
            try:
                return self._write_or_refuse(path, actor, look=run > 0 or not self.in_transaction)
            except RunAgain:
                continue
        raise TryAgain

    def _counted(self, path: dict[str, Any]) -> Actor | None:
        """Count the request once, however often it is run, and answer whose it is. Who may not
        call it at all is told so, and uses nothing up. None where it is not counted here.

        Raises TooManyRequests (429).
        """
        if not isinstance(self.limit, Limit) or self.limit.in_process:
            return None
        with transaction() as session:
            actor = self._authenticated(session)
            refusal = limits.count_request(session, self.limit, actor, path)
        if refusal is not None:
            raise refusal
        return actor

    def _take_back(self, refusal: ValidationFailed) -> None:
        """Raises TooManyRequests (429) where even that was too often."""
        if not isinstance(self.limit, Limit) or not self.limit.done_only:
            return
        with transaction() as session:
            too_many = limits.take_back(session, self.limit, _actor_of_request(session))
        if too_many is not None:
            raise too_many from refusal

    def _write_or_refuse(
        self, path: dict[str, Any], known: Actor | None, *, look: bool
    ) -> Response:
        attempt = _Attempt(path)
        try:
            return self._write(path, known, attempt, look=look)
        except AppError as refusal:
            return attempt.remember_refusal(refusal)
        except DBAPIError as error:
            refused = refusal_for(error)
            if refused is None:
                raise
            return attempt.remember_refusal(refused)

    def _read(self, path: dict[str, Any]) -> Response:
        if not self.in_transaction:
            with transaction() as session:
                actor = self._authenticated(session)
            response = self._render(self.view(actor, *self._incoming(), **path))
        else:
            with transaction() as session:
                actor = self._authenticated(session)
                response = self._render(self.view(session, actor, *self._incoming(), **path))
        return _cacheable(response, private=actor is not None)

    def _write(
        self, path: dict[str, Any], known: Actor | None, attempt: "_Attempt", *, look: bool
    ) -> Response:
        with transaction() as session:
            actor = known or self._authenticated(session)
            incoming = self._incoming()
            attempt.begin(actor, incoming, self.key_field)
            stored = attempt.find(session) if look else None
            if stored is not None:
                return _replay(stored)
            if self.in_transaction:
                try:
                    answer = self.view(session, actor, *incoming, **path)
                    response = self._render(answer)
                except TooManyRequests as refusal:
                    limits.hold_here(self.limit, actor, refusal)
                    raise
                except AppError as refusal:
                    if not refusal.kept:
                        raise
                    response = problem_response(refusal)
                attempt.store(session, response)
                return response
        response = self._render(self.view(actor, *incoming, **path))
        with transaction() as session:
            attempt.store(session, response)
        return response

    def _authenticated(self, session: Session) -> Actor | None:
        actor = _actor_of_request(session)
        if self.access is PUBLIC:
            return actor
        if actor is None:
            raise NotLoggedIn
        if isinstance(self.access, Permission) and not actor.may_anywhere(self.access):
            raise Forbidden
        if isinstance(self.limit, Limit) and self.limit.in_process:
            limits.check_here(self.limit, actor)
        return actor

    def _incoming(self) -> tuple[Any, ...]:
        if self.schema is None:
            return ()
        raw = request.args.to_dict() if _is_read() else _json_body()
        try:
            return (self.schema.load(raw),)
        except ma.ValidationError as error:
            messages = error.normalized_messages()  # type: ignore[no-untyped-call]
            raise ValidationFailed(errors=messages) from None

    def _render(self, returned: Any) -> Response:
        if isinstance(returned, Response):
            return returned
        value, status = returned if isinstance(returned, tuple) else (returned, self.status)
        if status == 204 or self.out is None:
            return Response(status=status)
        if isinstance(value, Ready):
            return json_response(value.value, status)
        return json_response(self.out.dump(value), status)


class _Attempt:
    """One try at a write that its client may repeat."""

    def __init__(self, path: dict[str, Any]) -> None:
        self._path = {name: str(value) for name, value in path.items()}
        self._actor: Actor | None = None
        self._key: str | None = None
        self._hash = b""

    def begin(self, actor: Actor | None, incoming: tuple[Any, ...], key_field: str | None) -> None:
        """Take note of the key, if there is one."""
        key = str(incoming[0][key_field]) if key_field else request.headers.get("Idempotency-Key")
        if actor is None or key is None:
            return
        if not idempotency.is_key(key):
            words = f"1 到 {idempotency.MAX_KEY_LENGTH} 个字符"
            raise ValidationFailed(errors={"Idempotency-Key": [words]})
        self._actor, self._key = actor, key
        body = orjson.loads(request.get_data() or b"{}")
        self._hash = idempotency.fingerprint(
            request.method, str(request.url_rule), self._path, body
        )

    def find(self, session: Session) -> StoredAnswer | None:
        """What the key was answered before; None without a key."""
        if self._actor is None or self._key is None:
            return None
        return idempotency.find(session, self._actor.user_id, self._key, self._hash)

    def store(self, session: Session, response: Response) -> None:
        if self._actor is not None and self._key is not None:
            answer = StoredAnswer(
                response.status_code, response.get_data(), response.mimetype or ""
            )
            idempotency.store(session, self._actor.user_id, self._key, self._hash, answer)

    def remember_refusal(self, refusal: AppError) -> Response:
        """Answer a refusal, and keep it for a repeat where it is a rule's (409).

        A repeat may be refused only because the first has done the work: then the first answer
        is the answer.
        """
        if self._key is None or isinstance(refusal, idempotency.IdempotencyKeyReused):
            raise refusal
        with transaction() as session:
            stored = self.find(session)
            if stored is not None:
                return _replay(stored)
            if refusal.status != 409:
                raise refusal
            response = problem_response(refusal)
            self.store(session, response)
        return response


def _replay(stored: StoredAnswer) -> Response:
    response = Response(
        stored.body or None, stored.status, content_type=stored.content_type or None
    )
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _actor_of_request(session: Session) -> Actor | None:
    """The caller, by bearer token; None without one.

    Raises NotLoggedIn (401) for a token that is not or no longer valid, on public endpoints too:
    a client must learn that it has to log in again.
    """
    header = request.headers.get("Authorization")
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    authenticate: Authenticate = current_app.extensions["authenticate"]
    actor = authenticate(session, token.strip()) if scheme.lower() == "bearer" else None
    if actor is None:
        raise NotLoggedIn
    g.actor = actor
    return actor


def _is_read() -> bool:
    """GET, and HEAD, which Flask hands to the same view."""
    return request.method in {"GET", "HEAD"}


def _json_body() -> Any:
    raw = request.get_data()
    if not raw:
        return {}
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise MalformedBody from None


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON answer; UUIDs and instants are written by orjson."""
    return Response(orjson.dumps(value), status, content_type=JSON)


def _cacheable(response: Response, *, private: bool) -> Response:
    """An ETag for every read, so that a phone that polls is told 304 where nothing changed."""
    if response.status_code == 200:
        response.headers["Cache-Control"] = "private, no-cache" if private else "no-cache"
        response.vary.add("Authorization")
        response.add_etag()
        response.make_conditional(request)
    return response


def _page_schema(item: type[ma.Schema] | None) -> type[ma.Schema]:
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


def declare_access(access: Access | Permission) -> Callable[[View], View]:
    """Declare the access of a view that is no API endpoint (health, documents)."""

    def declare(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return declare


class Api(flask_smorest.Api):
    """The API object; one per app."""

    DEFAULT_ERROR_RESPONSE_NAME = None


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
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    api.spec.options["security"] = [{"bearer": []}]
    api.spec.components.response(
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
