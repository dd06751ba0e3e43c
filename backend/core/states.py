"""State machines: one enum, one table, one function.

A feature writes its table `{from: {to: who}}` with the enum of its states. `transition()` locks
the row, asks the table whether there is such a move and who makes it, sets the state and audits.
docs/states.md is made from these tables.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import audit
from backend.core.errors import AppError, Forbidden
from backend.core.permissions import Actor, Permission


class IllegalTransition(AppError):
    status = 409
    code = "illegal_transition"
    title = "当前状态不能做这项操作，请刷新后再看"


class Other(StrEnum):
    """Who moves something without a permission to."""

    SYSTEM = "system"  # it follows from something else that somebody did, or from the clock
    PERSON = "resident"  # whose it is, or whose family's
    ASKER = "whoever asked for it"
    PARTNER = "partner"  # whose organisation's it is


@dataclass(frozen=True, slots=True)
class Who:
    """Who makes a move.

    Attributes:
        permission: what staff must hold where the row is; None where no staff makes it by hand.
        note: when or why, for docs/states.md.
    """

    permission: Permission | None
    others: frozenset[Other]
    note: str

    def __str__(self) -> str:
        staff = [f"`{self.permission.value}`"] if self.permission else []
        return ", ".join([*staff, *sorted(self.others)]) + (f" ({self.note})" if self.note else "")


def by(*who: Permission | Other, note: str = "") -> Who:
    """Who makes a move: at most one permission, and others."""
    permissions = [one for one in who if isinstance(one, Permission)]
    assert len(permissions) <= 1
    others = frozenset(one for one in who if isinstance(one, Other))
    return Who(permissions[0] if permissions else None, others, note)


S = TypeVar("S", bound=StrEnum)
Row = TypeVar("Row")


def permission_to(
    table: Mapping[S, Mapping[S, Who]], to: S, leaves: Collection[S] | None = None
) -> Permission:
    """What staff must hold to move something to a state.

    Args:
        leaves: the states that it is moved from; None: any.
    """
    ways = [targets[to] for state, targets in table.items()
            if to in targets and (leaves is None or state in leaves)]  # fmt: skip
    (permission,) = {way.permission for way in ways if way.permission}
    return permission


def check_transition(table: Mapping[S, Mapping[S, Who]], now: S, to: S) -> Who:
    """Who moves something from `now` to `to`.

    Raises IllegalTransition (409) where `table` has no such move.
    """
    if to not in table[now]:
        raise IllegalTransition(extra={"from": now.value, "to": to.value})
    return table[now][to]


def _check_who(who: Who, actor: Actor | None, region_code: str | None) -> None:
    """Raise Forbidden unless the table names who is about to make a move. Whose row it is has been
    asked where it was loaded, by `access_*`."""
    if actor is None:
        permitted = Other.SYSTEM in who.others
    else:
        permitted = bool(who.others - {Other.SYSTEM}) or _holds(actor, who.permission, region_code)
    if not permitted:
        raise Forbidden


def _holds(actor: Actor, permission: Permission | None, region_code: str | None) -> bool:
    if permission is None or region_code is None:
        return permission is not None and actor.may_anywhere(permission)
    return actor.may(permission, region_code=region_code)


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
    table: Mapping[S, Mapping[S, Who]],
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
        actor: None where nobody makes it: the system.
        row: a mapped row with `id` and `state`.
        action: the verb for the audit log.
        region_code: where the row is; None where it is of no place.

    Raises IllegalTransition (409) when the table does not have the move, Forbidden (403) when it
    names somebody else to make it.
    """
    lock(session, type(row), row.id)
    before = row.state
    _check_who(check_transition(table, before, to), actor, region_code)
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
        # What follows for the system must not tell whose request set it going: a complaint's, say.
        of_request=actor is not None,
    )
