"""Statements on the driver's own connection behave as SQLAlchemy's do (core/db/statement.py): in
the same transaction, with bound values, and with the same errors."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from backend.core.audit import AuditEntry
from backend.core.db import db, transaction
from backend.core.db.statement import Statement
from backend.core.errors import TryAgain
from backend.core.ids import new_id
from backend.core.web.problems import refusal_for
from backend.identity.models import User
from tests.api.core.conftest import NAME, PHONE

ECHO = Statement("SELECT :words AS words, '50%' AS literal, 7::int AS number")
NOTE = Statement(
    """
    INSERT INTO user_account (id, openid, state, elder_mode, created_at)
    VALUES (:id, :openid, 'active', false, now()) RETURNING openid
    """
)
NOTHING = Statement("UPDATE user_account SET elder_mode = true WHERE openid = :openid")


def count(app: Flask, openid: str) -> int:
    with app.app_context(), transaction() as session:
        found = select(func.count()).where(User.openid == openid)
        return session.execute(found).scalar_one()


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE user_account; --", "%s", "%(x)s", ":words", "50%"]
)
def test_values_are_bound_and_never_part_of_the_statement(scratch_app: Flask, words: str) -> None:
    with scratch_app.app_context(), transaction() as session:
        row = ECHO.first(session, words=words)
    assert (row.words, row.literal, row.number) == (words, "50%", 7)


def test_a_statement_without_rows_has_none(scratch_app: Flask) -> None:
    with scratch_app.app_context(), transaction() as session:
        assert NOTHING.rows(session, openid="nobody") == []
        assert NOTHING.first(session, openid="nobody") is None


def test_each_statement_has_its_own_columns(scratch_app: Flask) -> None:
    """All of a transaction's run on one cursor."""
    one, two = Statement("SELECT 1 AS one"), Statement("SELECT 2 AS two, 3 AS three")
    with scratch_app.app_context(), transaction() as session:
        for _ in range(2):
            assert one.rows(session) == [(1,)]
            assert one.first(session)._fields == ("one",)
            assert NOTHING.rows(session, openid="nobody") == []
            assert two.first(session)._asdict() == {"two": 2, "three": 3}


def test_it_belongs_to_the_sessions_transaction(scratch_app: Flask) -> None:
    """What was added before is there for it, and a rollback takes its work along."""
    openid = f"statement-{uuid4()}"
    find = Statement("SELECT id FROM user_account WHERE openid = :openid")

    def add_both_and_fail() -> None:
        with transaction() as session:
            session.add(User(openid=openid))
            assert find.first(session, openid=openid) is not None, "flushed first"
            NOTE.rows(session, id=new_id(), openid=f"{openid}-2")
            raise ZeroDivisionError

    with scratch_app.app_context(), pytest.raises(ZeroDivisionError):
        add_both_and_fail()
    assert count(scratch_app, openid) == count(scratch_app, f"{openid}-2") == 0


def test_a_select_of_sqlalchemys_is_compiled_once(scratch_app: Flask) -> None:
    """Its own constants stay, its bindparams are the parameters."""
    statement = Statement.of(
        select(
            AuditEntry.action, func.concat(bindparam("name", type_=Text()), "!").label("greeting")
        )
        .where(AuditEntry.object_id == bindparam("row"))
        .limit(5)
    )
    row_id = new_id()
    with scratch_app.app_context(), transaction() as session:
        session.add(AuditEntry(action="x", at=func.now(), object_type="y", object_id=row_id,
                               details={}))  # fmt: skip
        rows = statement.rows(session, name="王", row=row_id)
    assert [(row.action, row.greeting) for row in rows] == [("x", "王" + "!")]


def test_plans_are_kept_until_the_transaction_ends(scratch_app: Flask) -> None:
    first, mode = Statement("SELECT 1 AS one", plans_once=True), Statement("SHOW plan_cache_mode")
    seen = []
    with scratch_app.app_context():
        for _ in range(2):  # on the same connection: it was given back last
            with transaction() as session:
                seen.append(mode.first(session).plan_cache_mode)
                assert first.first(session).one == 1
                seen.append(mode.first(session).plan_cache_mode)
    assert seen == ["auto", "force_generic_plan"] * 2


# ---------------------------------------------------------------------------- errors


def fails(app: Flask, run: Callable[..., object], kind: type[DBAPIError]) -> DBAPIError:
    """The error of something done in a transaction."""
    with app.app_context(), pytest.raises(kind) as failure, transaction() as session:
        run(session)
    return failure.value


def test_a_constraint_is_named_as_ever(scratch_app: Flask) -> None:
    openid = f"twice-{uuid4()}"
    with scratch_app.app_context(), transaction() as session:
        NOTE.rows(session, id=new_id(), openid=openid)
    error = fails(scratch_app, lambda s: NOTE.rows(s, id=new_id(), openid=openid), IntegrityError)
    assert error.orig is not None
    assert error.orig.diag.constraint_name == "uq_user_account_openid"  # type: ignore[attr-defined]
    assert count(scratch_app, openid) == 1


def test_values_are_not_in_the_error(scratch_app: Flask) -> None:
    """It goes to the log."""
    secret = f"{NAME}{PHONE}\x00"
    error = fails(scratch_app, lambda s: ECHO.rows(s, words=secret), DataError)
    assert NAME not in str(error)
    assert PHONE not in str(error)


def test_a_lost_connection_asks_to_try_again_and_is_replaced(scratch_app: Flask) -> None:
    end = Statement("SELECT pg_terminate_backend(pg_backend_pid())")
    error = fails(scratch_app, end.rows, OperationalError)
    assert error.connection_invalidated
    assert isinstance(refusal_for(error), TryAgain)
    with scratch_app.app_context():
        for _ in range(db.engine.pool.size() + 1):  # type: ignore[attr-defined]
            with transaction() as session:
                assert ECHO.first(session, words="x").words == "x"
