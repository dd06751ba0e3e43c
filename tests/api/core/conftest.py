"""An app with routes that misbehave, on a database of its own with real commits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import marshmallow as ma
import pytest
from flask import Flask, Response, abort, request
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from werkzeug.routing import RequestRedirect

from backend.app import create_app
from backend.core import audit, clock, idempotency
from backend.core.audit import AuditEntry
from backend.core.db import RunAgain, db, transaction
from backend.core.errors import AppError, Conflict
from backend.core.idempotency import IdempotencyRecord
from backend.core.permissions import Actor
from backend.core.web import fields
from backend.core.web.api import LOGIN, PUBLIC, Blueprint, json_response
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.support.world import World

NAME, PHONE = "王秀英", "13812345678"
blp = Blueprint("scratch", __name__, url_prefix="/api/v1/scratch")


class Body(fields.Schema):
    n = fields.Int(0, 100)
    refuse = fields.Flag()
    names = fields.Items(fields.Text(5), 3)


@dataclass(frozen=True, slots=True)
class Pressed:
    press_id: UUID


class Press(fields.Schema):
    press_id = fields.Id(required=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Pressed:
        return Pressed(**data)


class Query(fields.Schema):
    colour = fields.Text(10)


class Count(ma.Schema):
    count = ma.fields.Integer()
    n = ma.fields.Integer()


class Unkept(AppError):
    status = 422
    code = "unkept"
    title = "这次不行"


def work(session: Session, actor: Actor | None) -> int:
    """Something that must happen once: an audit entry. Answers how many there are by now."""
    assert actor is not None
    audit.record(session, actor, "scratch", "user_account", actor.user_id)
    return count(session, actor)


def count(session: Session, actor: Actor) -> int:
    entries = select(func.count()).where(
        AuditEntry.action == "scratch", AuditEntry.actor_user_id == actor.user_id
    )
    return session.execute(entries).scalar_one()


@blp.post("/work", access=LOGIN, body=Body, answer=Count, status=201)
def do_work(session: Session, actor: Actor, body: dict[str, Any]) -> dict[str, int]:
    done = work(session, actor)
    if body.get("refuse"):
        raise Conflict(extra={"try": done})
    return {"count": done, "n": body.get("n", 0)}


@blp.put("/work/<int:number>", access=LOGIN, body=Body, answer=Count)
def put_work(session: Session, actor: Actor, body: dict[str, Any], number: int) -> dict[str, int]:
    return {"count": work(session, actor), "n": number}


@blp.delete("/work", access=LOGIN)
def delete_work(session: Session, actor: Actor, _: Any) -> None:
    work(session, actor)


@blp.post("/outside", access=LOGIN, in_transaction=False, body=Body, answer=Count)
def work_outside(actor: Actor, body: dict[str, Any]) -> dict[str, int]:
    with transaction() as session:
        done = work(session, actor)
    if body.get("refuse"):
        raise Conflict
    return {"count": done, "n": body.get("n", 0)}


@blp.post("/press", access=LOGIN, body=Press, answer=Count, key_field="press_id")
def press(session: Session, actor: Actor, _: Pressed) -> dict[str, int]:
    return {"count": work(session, actor), "n": 0}


@blp.post("/unkept", access=LOGIN)
def unkept(session: Session, actor: Actor, _: Any) -> None:
    work(session, actor)
    raise Unkept


@blp.post("/fails-once", access=LOGIN, answer=Count)
def fail_once(session: Session, actor: Actor, _: Any) -> dict[str, int]:
    """A race lost after some work was done; won when it is run again."""
    done = work(session, actor)
    if not count_runs(session):
        raise RunAgain
    return {"count": done, "n": 0}


def count_runs(session: Session) -> int:
    """How often this was asked before: a sequence is not rolled back."""
    nextval = text("SELECT nextval('scratch_runs')")
    return session.execute(nextval).scalar_one() - 1  # type: ignore[no-any-return]


@blp.post("/twin", access=LOGIN, body=Body, answer=Count)
def twin(_session: Session, actor: Actor, body: dict[str, Any]) -> None:
    """Refused, because this request's twin was faster: its answer is committed already."""
    path: dict[str, str] = {}
    request_hash = idempotency.fingerprint("POST", str(request.url_rule), path, body)
    with db.engine.begin() as other:
        other.execute(
            insert(IdempotencyRecord).values(
                user_id=actor.user_id, key=request.headers["Idempotency-Key"],
                request_hash=request_hash, status=200, body=b'{"count":99,"n":1}',
                content_type="application/json", created_at=clock.now(),
            )
        )  # fmt: skip
    raise Conflict


@blp.post("/never", access=LOGIN)
def never(session: Session, actor: Actor, _: Any) -> None:
    work(session, actor)
    raise RunAgain


@blp.post("/sql", access=PUBLIC)
def bad_sql(session: Session, _: Actor | None, __: Any) -> None:
    """A fault of ours, with a person's data among the statement's values."""
    session.execute(text("SELECT no_such_column, :name"), {"name": f"{NAME}{PHONE}"})


@blp.post("/value", access=PUBLIC)
def bad_value(session: Session, _: Actor | None, __: Any) -> None:
    session.execute(text("SELECT CAST(:name AS integer)"), {"name": f"{NAME}{PHONE}"})


@blp.post("/slow", access=PUBLIC)
def slow(session: Session, _: Actor | None, __: Any) -> None:
    session.execute(text("SELECT pg_sleep(30)"))


@blp.post("/cut-off", access=PUBLIC)
def cut_off(session: Session, _: Actor | None, __: Any) -> None:
    session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@blp.get("/boom", access=PUBLIC)
def boom(_session: Session, _actor: Actor | None) -> None:
    raise RuntimeError(f"about {NAME} {PHONE}")


@blp.get("/no-connection", access=PUBLIC)
def no_connection(_session: Session, _actor: Actor | None) -> None:
    raise PoolTimeout("the pool is empty")


@blp.get("/teapot", access=PUBLIC)
def teapot(_session: Session, _actor: Actor | None) -> None:
    abort(418)


@blp.get("/unavailable", access=PUBLIC)
def unavailable(_session: Session, _actor: Actor | None) -> None:
    abort(502)


@blp.get("/moved", access=PUBLIC)
def moved(_session: Session, _actor: Actor | None) -> None:
    raise RequestRedirect("/api/v1/me")


@blp.get("/other-status", access=PUBLIC)
def other_status(_session: Session, _actor: Actor | None) -> Response:
    return json_response({}, 202)


@blp.get("/query", access=PUBLIC, query=Query)
def query(_session: Session, _actor: Actor | None, query: dict[str, str]) -> Response:
    return json_response(query)


@blp.get("/colour", access=PUBLIC, in_transaction=False, query=Query)
def colour_outside(_actor: Actor | None, query: dict[str, str]) -> Response:
    return json_response(query)


@pytest.fixture(scope="session")
def scratch_app(postgres: PrivatePostgres) -> Iterator[Flask]:
    url = postgres.create_database("scratch", template=TEMPLATE)
    app = create_app(settings_for(url, statement_timeout_ms=2000))
    app.register_blueprint(blp)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE scratch_runs"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def scratch(scratch_app: Flask) -> World:
    return World(scratch_app)
