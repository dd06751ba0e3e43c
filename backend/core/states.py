"""State machines: one enum, one table, one function.

A feature writes its table `{from: {to: who}}` with the enum of its states. `transition()` locks
the row, checks the table, sets the state and audits. docs/states.md is made from these tables.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import audit
from backend.core.errors import AppError
from backend.core.permissions import Actor


class IllegalTransition(AppError):
    status = 409
    code = "illegal_transition"
    title = "当前状态不能做这项操作，请刷新后再看"


S = TypeVar("S", bound=StrEnum)
Row = TypeVar("Row")


def check_transition(table: Mapping[S, Mapping[S, str]], now: S, to: S) -> None:
    """Raise IllegalTransition unless `table` leads from `now` to `to`."""
    if to not in table[now]:
        raise IllegalTransition(extra={"from": now.value, "to": to.value})


def lock(session: Session, model: type[Row], row_id: UUID) -> Row:
    """The row, locked FOR UPDATE and read afresh."""
    statement = (
        select(model)
        .where(model.id == row_id)  # type: ignore[attr-defined]
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.execute(statement).scalar_one()


def transition(
    session: Session,
    actor: Actor | None,
    table: Mapping[S, Mapping[S, str]],
    row: Any,
    to: S,
    *,
    action: str,
    region_code: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Move a row to another state, in the caller's transaction.

    The row is locked and read afresh first, so of two simultaneous requests the second meets
    the state that the first has left.

    Args:
        row: a mapped row with `id` and `state`.
        action: the verb for the audit log.

    Raises IllegalTransition (409) when the table does not allow the move.
    """
    lock(session, type(row), row.id)
    before = row.state
    check_transition(table, before, to)
    row.state = to
    session.flush()
    audit.record(
        session,
        actor,
        action,
        row.__tablename__,
        row.id,
        region_code=region_code,
        from_state=before.value,
        to_state=to.value,
        details=details,
    )
