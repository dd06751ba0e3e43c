"""Entering organisations, and keeping what is known of them right."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.errors import AppError, EditedMeanwhile, NotFound, on_constraint
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.partners.models import Organisation
from backend.regions.models import Region

NAME_LENGTH = 60


class OrganisationUnknown(NotFound):
    code = "organisation_unknown"
    title = "没有这个单位"


class NameTaken(AppError):
    status = 409
    code = "organisation_name_taken"
    title = "已经有同名的单位，没有保存"


on_constraint("uq_organisation_name", NameTaken)


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


def enter_organisation(session: Session, actor: Actor, name: str, region: Region) -> UUID:
    """A new organisation's id.

    Raises NameTaken (409) where there is one with this name.
    """
    organisation_id, added = add_organisation(session, actor, name, region)
    if not added:
        raise NameTaken
    return organisation_id


def edit_organisation(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    *,
    name: str,
    region: Region,
    version: int,
) -> None:
    """Change an organisation's name and where it is based.

    Args:
        organisation: through `access_organisation_for_edit`, which locks it.
        version: as it was read; of two who edit at once the second is told.

    Raises EditedMeanwhile (409), and NameTaken (409) where another has the name.
    """
    if organisation.version != version:
        raise EditedMeanwhile(f"现在的名称是「{organisation.name}」，核对后再保存一次")
    if organisation.name != name and _has_name(session, name):
        raise NameTaken
    changed = [
        field
        for field, before, after in (
            ("name", organisation.name, name),
            ("region_id", organisation.region_id, region.id),
        )
        if before != after
    ]
    organisation.name, organisation.region_id = name, region.id
    organisation.version += 1
    session.flush()
    audit.record(
        session,
        actor,
        "edit_organisation",
        Organisation.__tablename__,
        organisation.id,
        region_code=region.code,
        details={"changed": changed},
    )


def _has_name(session: Session, name: str) -> bool:
    found = session.execute(select(Organisation.id).where(Organisation.name == name))
    return found.first() is not None
