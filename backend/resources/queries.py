"""Reads of resources: a fixed number of statements each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import CREDENTIALS, titles
from backend.core.db import AnyRow, AnySelect
from backend.core.errors import TooManyToExport
from backend.core.pagination import Asked, Page, paginate
from backend.core.permissions import Actor
from backend.core.search import has_words
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.partners.models import Organisation
from backend.regions.models import Region
from backend.resources.credentials.kinds import REQUIRED
from backend.resources.credentials.queries import held_on, unheld_on
from backend.resources.models import Resource, ResourceState
from backend.resources.permissions import seen_by, serves
from backend.resources.requests import ResourcesAsked

MOST_EXPORTED = 5000


def list_resources(session: Session, actor: Actor, wanted: ResourcesAsked, asked: Asked) -> Page:
    """A page of the resources that the caller sees, the last drafted first: rows of `Resource` and
    `organisation_name`."""
    statement = _found(session, actor, wanted)
    if wanted.state is not None:
        statement = statement.where(Resource.state == wanted.state)
    return paginate(
        session,
        statement,
        [(Resource.created_at.expression, datetime), (Resource.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (row.Resource.created_at, str(row.Resource.id)),
        descending=True,
        scalars=False,
    )


def resources_to_export(session: Session, actor: Actor, wanted: ResourcesAsked) -> Sequence[AnyRow]:
    """All that a filter finds, as `list_resources` answers it.

    Raises TooManyToExport (422).
    """
    statement = _found(session, actor, wanted)
    if wanted.state is not None:
        statement = statement.where(Resource.state == wanted.state)
    order = (Organisation.name.collate("C"), Resource.created_at, Resource.id)
    rows = session.execute(statement.order_by(*order).limit(MOST_EXPORTED + 1)).all()
    if len(rows) > MOST_EXPORTED:
        raise TooManyToExport(f"一次最多 {MOST_EXPORTED} 项")
    return rows


def count_by_state(
    session: Session, actor: Actor, wanted: ResourcesAsked
) -> dict[ResourceState, int]:
    """How many of those that a filter finds are in each state; its own state is passed over."""
    found = (
        _found(session, actor, wanted)
        .with_only_columns(Resource.state, func.count().label("n"))
        .group_by(Resource.state)
    )
    return {row.state: row.n for row in session.execute(found)}


def _found(session: Session, actor: Actor, wanted: ResourcesAsked) -> AnySelect:
    statement: AnySelect = (
        select(Resource, Organisation.name.label("organisation_name"))
        .join(Organisation, Organisation.id == Resource.organisation_id)
        .where(seen_by(actor))
    )
    if wanted.organisation_id is not None:
        statement = statement.where(Resource.organisation_id == wanted.organisation_id)
    region = session.get(Region, wanted.region_id) if wanted.region_id else None
    if region is not None:
        statement = statement.where(serves(region.code))
    if wanted.service_kind is not None:
        statement = statement.where(Resource.service_kind == wanted.service_kind)
    if wanted.expiring:
        soon = clock.today() + timedelta(days=max(CREDENTIALS.told_days))
        statement = statement.where(unheld_on(soon))
    if wanted.words is not None:
        statement = statement.where(*has_words(wanted.words, Resource.title, Organisation.name))
    return statement


def organisations_offering(session: Session, actor: Actor) -> list[Any]:
    """What a filter offers: the organisations whose resources the caller sees, id and name."""
    statement = (
        select(Organisation.id, Organisation.name)
        .where(Organisation.id.in_(select(Resource.organisation_id).where(seen_by(actor))))
        .order_by(Organisation.name.collate("C"), Organisation.id)
    )
    return list(session.execute(statement))


@dataclass(frozen=True, slots=True)
class ResourceInFull:
    """A resource as its page shows it.

    Attributes:
        regions: where it may serve, by name; empty: anywhere.
        answering: the region whose clerks decide on it.
        lacks: the credential that its kind requires and its organisation does not hold today.
    """

    row: Resource
    organisation: Organisation
    regions: list[str]
    answering: str
    lacks: str | None


def resource_in_full(session: Session, resource: Resource) -> ResourceInFull:
    """A resource with the names around it."""
    return ResourceInFull(
        resource,
        session.get_one(Organisation, resource.organisation_id),
        list(region_labels(session, resource.region_ids).values()),
        session.get_one(Region, resource.region_id).name,
        _lacks(session, resource),
    )


def _lacks(session: Session, resource: Resource) -> str | None:
    kind = REQUIRED.get(resource.service_kind)
    if kind is None:
        return None
    holder = resource.organisation_id
    held = (holder, kind) in held_on(session, [holder], clock.today())
    return None if held else titles("credential_kinds")[kind]


def region_labels(session: Session, region_ids: list[UUID]) -> dict[UUID, str]:
    """Regions as they are written here and read again: with what is above them, as 湖塘镇花园社区,
    below a town."""
    above = aliased(Region)
    statement = (
        select(Region.id, Region.name, Region.level, above.name.label("above"))
        .outerjoin(above, above.id == Region.parent_id)
        .where(Region.id.in_(region_ids))
        .order_by(Region.code)
    )
    return {
        row.id: f"{row.above or ''}{row.name}" if row.level == "community" else row.name
        for row in session.execute(statement)
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a resource's history."""

    at: datetime
    by: str
    action: str
    reason: str | None


def history(session: Session, resource: Resource) -> list[Step]:
    """What has happened to a resource, from its being drafted on."""
    statement = (
        select(AuditEntry, Resident.name)
        .outerjoin(Resident, Resident.user_id == AuditEntry.actor_user_id)
        .where(
            AuditEntry.object_type == Resource.__tablename__, AuditEntry.object_id == resource.id
        )
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    return [
        Step(row.AuditEntry.at, own_name(row.name), row.AuditEntry.action,
             row.AuditEntry.reason_in_words)
        for row in session.execute(statement)
    ]  # fmt: skip
