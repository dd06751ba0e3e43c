"""The one transaction, and what PostgreSQL is told to guard."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from backend.core import audit, errors
from backend.core.audit import AuditEntry
from backend.core.context import composed
from backend.core.db import Base, db, open_transaction, transaction
from backend.core.db.statement import Statement
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import lock
from backend.identity.models import Resident, User, UserState
from tests.support.transactions import joins_of
from tests.support.world import World


def entries(app: Flask, object_type: str) -> int:
    with app.app_context(), transaction() as session:
        wanted = select(func.count()).where(AuditEntry.object_type == object_type)
        return session.execute(wanted).scalar_one()


def write_and_fail(object_type: str, fail: Callable[[], object]) -> None:
    """Write an entry in a transaction in which something then goes wrong."""
    with transaction() as session:
        audit.record(session, None, "x", object_type, new_id())
        fail()


def divide_by_zero() -> object:
    return 1 / 0


def begin_another() -> object:
    with transaction() as session:
        return session


def test_what_raises_is_rolled_back(scratch_app: Flask) -> None:
    with scratch_app.app_context():
        with pytest.raises(ZeroDivisionError):
            write_and_fail("rolled_back", divide_by_zero)
        write_and_fail("kept", object)
    assert (entries(scratch_app, "rolled_back"), entries(scratch_app, "kept")) == (0, 1)


def test_a_transaction_within_another_is_refused(scratch_app: Flask) -> None:
    """An operation that opened its own could commit half of its caller's work."""
    with scratch_app.app_context():
        with pytest.raises(RuntimeError, match="open already"):
            write_and_fail("nested", begin_another)
        begin_another()  # the refusal leaves nothing open
    assert entries(scratch_app, "nested") == 0


def test_nothing_is_read_outside_a_transaction(scratch_app: Flask) -> None:
    """Nobody would end what it begins."""
    with scratch_app.app_context():
        with transaction() as session:
            read_through_session(session)
        for ended in (session, db.session):
            with pytest.raises(RuntimeError, match="no transaction"):
                ended.execute(select(1))
        with pytest.raises(RuntimeError, match="no transaction"):
            select_one(session)
        with pytest.raises(RuntimeError, match="no transaction"):
            open_transaction()


def test_a_transaction_forgets_what_another_has_read(scratch_app: Flask) -> None:
    """Also within one request: what others have committed meanwhile is seen."""
    with scratch_app.app_context():
        with transaction() as session:
            session.add(user := User(openid=f"forgotten-{new_id()}"))
        with transaction() as session:
            statement = text("UPDATE user_account SET state = 'blocked' WHERE id = :id")
            session.execute(statement, {"id": user.id})
            again = session.get_one(User, user.id)
            assert open_transaction() is session
        assert (user.state, again.state) == (UserState.ACTIVE, UserState.BLOCKED)


def select_one(session: Session) -> None:
    assert Statement("SELECT 1 AS one").first(session).one == 1


def read_through_session(session: Session) -> None:
    session.execute(select(1))


def divide_by_zero_in(session: Session) -> None:
    read_through_session(session)
    divide_by_zero()


@pytest.mark.parametrize(
    ("use", "joined"),
    [
        (lambda _: None, False),
        (select_one, False),
        (read_through_session, True),
        (divide_by_zero_in, True),
    ],
)
def test_connection_and_session_are_joined_when_they_are_needed(
    scratch_app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    use: Callable[[Session], None],
    joined: bool,
) -> None:
    """A statement alone does without the session (docs/adr/0014); no connection stays out."""
    seen = joins_of(monkeypatch)
    with scratch_app.app_context():
        with suppress(ZeroDivisionError), transaction() as session:
            use(session)
        assert bool(seen) is joined
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_naive_datetime_never_reaches_the_database(scratch_app: Flask) -> None:
    with (
        scratch_app.app_context(),
        pytest.raises(StatementError, match="naive datetime"),
        transaction() as session,
    ):
        session.add(User(openid="x", created_at=datetime(2026, 5, 1)))  # noqa: DTZ001


def test_instants_come_back_in_utc(scratch_app: Flask) -> None:
    instant = datetime(2026, 5, 1, 9, 0, tzinfo=timezone(timedelta(hours=8)))
    with scratch_app.app_context():
        with transaction() as session:
            user = User(openid=f"zone-{new_id()}", created_at=instant)
            session.add(user)
            session.flush()
            user_id = user.id
        with transaction() as session:
            found = session.execute(select(User.created_at).where(User.id == user_id)).scalar_one()
    assert found == instant
    assert found.tzinfo is UTC


def test_a_row_is_locked_and_read_afresh(scratch_app: Flask) -> None:
    """What the session had read before may be out of date by the time the lock is held."""
    with scratch_app.app_context(), transaction() as session:
        user = User(openid=f"lock-{new_id()}")
        session.add(user)
        session.flush()
        statement = text("UPDATE user_account SET state = 'blocked' WHERE id = :id")
        session.execute(statement, {"id": user.id})
        assert user.state is UserState.ACTIVE
        assert lock(session, User, user.id) is user
        assert user.state is UserState.BLOCKED  # type: ignore[comparison-overlap]


def test_every_constraint_that_has_an_answer_exists(world: World, outer: Connection) -> None:
    """A misspelled name would give the loser of a race the wrong code."""
    found = outer.execute(
        text("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
    )
    assert set(errors._BY_CONSTRAINT) - set(found.scalars()) == set()
    assert len(errors._BY_CONSTRAINT) >= 8


def test_a_connection_has_its_time_limits(scratch_app: Flask) -> None:
    """So that a stuck row answers 503 and never holds a worker's thread for good."""
    with scratch_app.app_context(), transaction() as session:
        values = {
            name: session.execute(text(f"SHOW {name}")).scalar_one()
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "timezone",
            )
        }
    assert values == {
        "statement_timeout": "2s",
        "lock_timeout": "1s",
        "idle_in_transaction_session_timeout": "4s",
        "timezone": "UTC",
    }


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
def test_the_audit_log_cannot_be_rewritten(scratch_app: Flask, statement: str) -> None:
    with scratch_app.app_context():
        write_and_fail("once", object)
        with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
            session.execute(text(statement))


def test_an_audit_entry_says_who_what_when(scratch: World) -> None:
    person, row = scratch.person(), new_id()
    with scratch.app.app_context(), transaction() as session:
        actor = Actor(person.user_id, person.resident_id)
        audit.record(
            session, actor, "publish", "activity", row, region_code="320412",
            from_state="draft", to_state="published", details={"reason": "x"},
        )  # fmt: skip
        entry = session.execute(select(AuditEntry).where(AuditEntry.object_id == row)).scalar_one()
    assert (entry.actor_user_id, entry.action, entry.object_type) == (
        person.user_id, "publish", "activity",
    )  # fmt: skip
    assert (entry.region_code, entry.from_state, entry.to_state) == (
        "320412", "draft", "published",
    )  # fmt: skip
    assert (entry.details, entry.reason) == ({}, "x"), "the reason is kept apart"
    assert entry.request_id is None, "outside a request"


def test_ids_are_in_order_of_creation() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert {one.version for one in ids} == {7}


def test_what_was_not_composed_is_missed(scratch_app: Flask) -> None:
    with scratch_app.app_context(), pytest.raises(KeyError):
        composed(Resident)


def test_every_table_is_singular_snake_case() -> None:
    """Singular, snake_case (CONTRIBUTING.md, Names)."""
    for name in Base.metadata.tables:
        assert name == name.lower()
        assert not name.endswith("s"), name
