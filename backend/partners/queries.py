"""Reads of organisations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import column, func, select, table
from sqlalchemy.orm import Session

from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor, Permission, Role
from backend.core.search import has_words
from backend.identity.models import Resident, RoleAssignment
from backend.identity.names import own_name
from backend.partners.models import Organisation
from backend.regions.models import Region
from backend.regions.queries import within

# Of the layer above; only what an organisation has taken part in is read.
_stall = table(
    "stall", column("organisation_id"), column("activity_id"), column("number"), column("name")
)
_activity = table(
    "activity", column("id"), column("title"), column("starts_at"), column("state"),
    column("region_id"),
)  # fmt: skip
_ACTIVITIES_SHOWN = 20


def list_organisations(
    session: Session, *, q: str | None = None, cursor: str | None = None, limit: int
) -> Page:
    """A page of organisations by name; with `q`, those whose name contains it.

    All of the deployment's, wherever they are based: an organisation may serve anywhere.
    """
    statement = select(Organisation)
    if q is not None:
        statement = statement.where(*has_words(q, Organisation.name))
    # Collation C: one order, whatever the database's locale is.
    return paginate(
        session,
        statement,
        [(Organisation.name.collate("C"), str), (Organisation.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda organisation: (organisation.name, organisation.id),
    )


def organisations_to_choose(session: Session) -> Sequence[Any]:
    """What a form offers of organisations: id and name, by name."""
    order = (Organisation.name.collate("C"), Organisation.id)
    return session.execute(select(Organisation.id, Organisation.name).order_by(*order)).all()


@dataclass(frozen=True, slots=True)
class ListedOrganisation:
    """An organisation in the console's list, with what it has in the caller's regions.

    Attributes:
        activities: in how many it had a stall.
        partners: how many people act for it.
    """

    id: UUID
    name: str
    region_name: str
    activities: int
    partners: int


def organisations_in_full(
    session: Session,
    actor: Actor,
    *,
    words: str | None,
    region_code: str | None,
    limit: int,
    cursor: str | None,
) -> Page:
    """A page of organisations by name, as `ListedOrganisation`.

    Args:
        words: of a name.
        region_code: where it is based, or above that.
    """
    statement = select(Organisation, Region.name.label("region_name")).join(
        Region, Region.id == Organisation.region_id
    )
    if words is not None:
        statement = statement.where(*has_words(words, Organisation.name))
    if region_code is not None:
        statement = statement.where(Region.code.startswith(region_code))
    page = paginate(
        session,
        statement,
        [(Organisation.name.collate("C"), str), (Organisation.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (row.Organisation.name, row.Organisation.id),
        scalars=False,
    )
    ids = [row.Organisation.id for row in page.items]
    activities, partners = _count_activities(session, actor, ids), _count_partners(session, ids)
    return Page(
        [
            ListedOrganisation(
                row.Organisation.id,
                row.Organisation.name,
                row.region_name,
                activities.get(row.Organisation.id, 0),
                partners.get(row.Organisation.id, 0),
            )
            for row in page.items
        ],
        page.next_cursor,
    )


def _count_activities(session: Session, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, int]:
    statement = (
        select(_stall.c.organisation_id, func.count(_activity.c.id.distinct()).label("n"))
        .join(_activity, _activity.c.id == _stall.c.activity_id)
        .join(Region, Region.id == _activity.c.region_id)
        .where(_stall.c.organisation_id.in_(ids), _mine(actor))
        .group_by(_stall.c.organisation_id)
    )
    return {row.organisation_id: row.n for row in session.execute(statement)}


def _count_partners(session: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    statement = (
        select(RoleAssignment.organisation_id, func.count().label("n"))
        .where(RoleAssignment.organisation_id.in_(ids), RoleAssignment.revoked_at.is_(None))
        .group_by(RoleAssignment.organisation_id)
    )
    return {row.organisation_id: row.n for row in session.execute(statement)}


def _mine(actor: Actor) -> Any:
    return within(actor.region_codes(Permission.ORGANISATION_LIST))


def activities_of(session: Session, actor: Actor, organisation: Organisation) -> list[Any]:
    """The last activities in the caller's regions at which an organisation had a stall: id,
    title, starts_at, state, region_name, stalls (their numbers and names)."""
    stalls = func.string_agg(_stall.c.number + " 号 " + _stall.c.name, "、").label("stalls")
    statement = (
        select(_activity, Region.name.label("region_name"), stalls)
        .join(_stall, _stall.c.activity_id == _activity.c.id)
        .join(Region, Region.id == _activity.c.region_id)
        .where(_stall.c.organisation_id == organisation.id, _mine(actor))
        .group_by(*_activity.c, Region.name)
        .order_by(_activity.c.starts_at.desc(), _activity.c.id)
        .limit(_ACTIVITIES_SHOWN)
    )
    return list(session.execute(statement))


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody who acts for an organisation."""

    user_id: UUID
    name: str


def partners_of(session: Session, organisation: Organisation) -> list[Partner]:
    """Who acts for an organisation, by name."""
    statement = (
        select(RoleAssignment.user_id, Resident.name)
        .join(Resident, Resident.user_id == RoleAssignment.user_id)
        .where(
            RoleAssignment.organisation_id == organisation.id,
            RoleAssignment.role == Role.PARTNER,
            RoleAssignment.revoked_at.is_(None),
        )
        .order_by(Resident.name, RoleAssignment.user_id)
    )
    return [Partner(row.user_id, own_name(row.name)) for row in session.execute(statement)]
