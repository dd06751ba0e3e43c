"""Reads of the staff: a fixed number of statements each."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor, Permission, Role
from backend.core.search import has_words
from backend.identity.login import console
from backend.identity.models import (
    ConsoleSession,
    PasswordAccount,
    Resident,
    RoleAssignment,
    User,
    UserState,
)
from backend.identity.names import masked_name, name_key_of, own_name, parts_of
from backend.identity.phones import masked_phone
from backend.identity.roles import organisations, place_of_role
from backend.regions.models import Region
from backend.regions.queries import within

# Of organisations to choose for a partner.
_CHOICES = 300
_ROLES_SHOWN = 50
_AT_CONSOLE = (
    select(func.max(ConsoleSession.last_used_at))
    .where(ConsoleSession.user_id == User.id, ConsoleSession.revoked_at.is_(None))
    .correlate(User)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class PlacedRole:
    """A role with the name of the place or the organisation where it holds."""

    id: UUID
    role: Role
    place: str
    region_code: str
    granted_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff in a list.

    Attributes:
        username: of their password login; None for who logs in with WeChat alone.
        console_at: when they last used the console; None where no session is left.
    """

    user_id: UUID
    name: str
    phone: str | None
    roles: tuple[PlacedRole, ...]
    username: str | None
    console_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFilter:
    """Which of the staff in the caller's regions are wanted; None: whoever.

    Attributes:
        region_code: of a region, with all below it.
        words: of a name, or of a user name.
    """

    role: Role | None = None
    region_code: str | None = None
    words: str | None = None


def list_staff(
    session: Session, actor: Actor, wanted: StaffFilter, *, limit: int, cursor: str | None
) -> Page:
    """A page of the staff in the caller's regions by name, as `Member`, with what they hold
    there."""
    name = func.coalesce(Resident.name, "").collate("C")
    statement = (
        select(User.id, Resident, PasswordAccount.username, _AT_CONSOLE.label("at_console"),
               name.label("sort_name"))
        .join(Resident, Resident.user_id == User.id)
        .outerjoin(PasswordAccount, PasswordAccount.user_id == User.id)
        .where(User.id.in_(_held(actor, wanted)), User.state == UserState.ACTIVE)
    )  # fmt: skip
    if wanted.words is not None:
        names = name_key_of(Resident.name), PasswordAccount.username
        statement = statement.where(*has_words(parts_of(wanted.words), *names))
    page = paginate(
        session,
        statement,
        [(name, str), (User.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (row.sort_name, str(row.id)),
        scalars=False,
    )
    held = _roles(session, actor, [row.id for row in page.items])
    members = [
        Member(row.id, own_name(row.Resident.name), masked_phone(row.Resident),
               tuple(held[row.id]), row.username, row.at_console)
        for row in page.items
    ]  # fmt: skip
    return Page(members, page.next_cursor)


def count_by_role(session: Session, actor: Actor, region_code: str | None) -> dict[Role, int]:
    """How many people there are with each role, in all of the caller's regions or in one."""
    held = _held(actor, StaffFilter(region_code=region_code)).with_only_columns(
        RoleAssignment.role, func.count(RoleAssignment.user_id.distinct()).label("n")
    )
    return {row.role: row.n for row in session.execute(held.group_by(RoleAssignment.role))}


def _held(actor: Actor, wanted: StaffFilter) -> Select[Any]:
    """The users with an active role that a filter finds in the caller's regions."""
    statement: Select[Any] = (
        select(RoleAssignment.user_id)
        .join(Region, Region.id == place_of_role())
        .where(RoleAssignment.revoked_at.is_(None), _mine(actor))
    )
    if wanted.role is not None:
        statement = statement.where(RoleAssignment.role == wanted.role)
    if wanted.region_code is not None:
        statement = statement.where(Region.code.startswith(wanted.region_code))
    return statement


def _mine(actor: Actor) -> ColumnElement[bool]:
    return within(actor.region_codes(Permission.STAFF_SEE))


def _roles(
    session: Session, actor: Actor, user_ids: list[UUID], *, ended: bool = False
) -> defaultdict[UUID, list[PlacedRole]]:
    """What some people hold in the caller's regions; with `ended`, what they held, too."""
    statement = (
        select(RoleAssignment, Region.code,
               func.coalesce(organisations.c.name, Region.name).label("place"))
        .join(Region, Region.id == place_of_role())
        .outerjoin(organisations, organisations.c.id == RoleAssignment.organisation_id)
        .where(RoleAssignment.user_id.in_(user_ids), _mine(actor))
        .order_by(RoleAssignment.revoked_at.desc().nulls_first(), RoleAssignment.id)
    )  # fmt: skip
    if not ended:
        statement = statement.where(RoleAssignment.revoked_at.is_(None))
    held: defaultdict[UUID, list[PlacedRole]] = defaultdict(list)
    for row in session.execute(statement):
        one: RoleAssignment = row.RoleAssignment
        held[one.user_id].append(
            PlacedRole(one.id, one.role, row.place, row.code, one.granted_at, one.revoked_at)
        )
    return held


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the staff, or somebody who is to become one, on a page of their own.

    Attributes:
        roles: those in the caller's regions, the active ones first.
        sessions: how many browsers they are logged in from.
    """

    user_id: UUID
    name: str
    phone: str | None
    active: bool
    roles: tuple[PlacedRole, ...]
    username: str | None
    sessions: int
    console_at: datetime | None


def colleague(session: Session, actor: Actor, person: Resident) -> Colleague:
    """Somebody with their roles and logins. The name in full of who is on the staff; that of a
    resident who was found by their number stays masked until then.

    Args:
        person: through `access_colleague`.
    """
    assert person.user_id is not None
    roles = tuple(_roles(session, actor, [person.user_id], ended=True)[person.user_id])
    alive = (
        ConsoleSession.user_id == User.id,
        ConsoleSession.revoked_at.is_(None),
        ConsoleSession.last_used_at > clock.now() - console.IDLE,
    )
    row = session.execute(
        select(
            User.state,
            PasswordAccount.username,
            select(func.count()).where(*alive).correlate(User).scalar_subquery().label("sessions"),
            _AT_CONSOLE.label("at_console"),
        )
        .outerjoin(PasswordAccount, PasswordAccount.user_id == User.id)
        .where(User.id == person.user_id)
    ).one()
    shown = own_name if any(role.revoked_at is None for role in roles) else masked_name
    return Colleague(
        person.user_id,
        shown(person.name),
        masked_phone(person),
        row.state is UserState.ACTIVE,
        roles[:_ROLES_SHOWN],
        row.username,
        row.sessions,
        row.at_console,
    )


def organisations_to_choose(session: Session, codes: tuple[str, ...]) -> list[Any]:
    """The organisations based in some regions, by name: id and name."""
    statement = (
        select(organisations.c.id, organisations.c.name)
        .join(Region, Region.id == organisations.c.region_id)
        .where(within(codes))
        .order_by(organisations.c.name.collate("C"))
        .limit(_CHOICES)
    )
    return list(session.execute(statement))
