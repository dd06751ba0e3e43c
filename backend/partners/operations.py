"""Entering organisations."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.errors import NotFound
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.partners.models import Organisation
from backend.regions.models import Region

NAME_LENGTH = 60


class OrganisationUnknown(NotFound):
    code = "organisation_unknown"
    title = "没有这个单位"


def add_organisation(
    session: Session, actor: Actor | None, name: str, region: Region
) -> tuple[UUID, bool]:
    """The organisation with this name, and whether it is new; two at once make one.

    One that is there already stays where it is based.
    """
    added = session.execute(
        insert(Organisation)
        .values(id=new_id(), name=name, region_id=region.id, created_at=clock.now())
        .on_conflict_do_nothing(index_elements=[Organisation.name])
        .returning(Organisation.id)
    ).scalar_one_or_none()
    if added is None:
        return organisation_by_name(session, name).id, False
    audit.record(
        session,
        actor,
        "add_organisation",
        Organisation.__tablename__,
        added,
        region_code=region.code,
    )
    return added, True


def organisation_by_name(session: Session, name: str) -> Organisation:
    """The organisation with this name.

    Raises OrganisationUnknown (404) naming it.
    """
    found = session.execute(select(Organisation).where(Organisation.name == name))
    organisation = found.scalar_one_or_none()
    if organisation is None:
        raise OrganisationUnknown(f"没有名为「{name}」的单位")
    return organisation
