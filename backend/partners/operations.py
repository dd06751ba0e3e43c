"""Entering organisations, and keeping what is known of them right."""

from typing import NoReturn
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.core import audit
from backend.core.errors import AppError, EditedMeanwhile, NotFound, on_constraint
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.text import compared
from backend.partners.models import Organisation
from backend.regions.models import Region

NAME_LENGTH = 60
# One name at a time is looked for and taken; reading, and writing rows that refer to
# organisations, go on.
_LOCK = text("LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE")


class OrganisationUnknown(NotFound):
    code = "organisation_unknown"
    title = "没有这个单位"


class NameTaken(AppError):
    status = 409
    code = "organisation_name_taken"
    field = "name"
    title = "已经有同名的单位，没有保存"


on_constraint("uq_organisation_name", NameTaken)


def add_organisation(
    session: Session, actor: Actor | None, name: str, region: Region
) -> tuple[UUID, bool]:
    """The organisation with this name, and whether it is new; two at once make one.

    One that is there already, or has a name that nobody could tell from it, stays as it is and
    where it is based.
    """
    session.execute(_LOCK)
    twin = _twin(session, name)
    if twin is not None:
        return twin.id, False
    organisation = Organisation(id=new_id(), name=name, region_id=region.id)
    session.add(organisation)
    session.flush()
    audit.record(
        session,
        actor,
        "add_organisation",
        Organisation.__tablename__,
        organisation.id,
        region_code=region.code,
    )
    return organisation.id, True


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

    Raises NameTaken (409) where there is one with this name, or that nobody could tell from it.
    """
    organisation_id, added = add_organisation(session, actor, name, region)
    if not added:
        _refuse(session.get_one(Organisation, organisation_id), name)
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
        raise EditedMeanwhile(f"现在的名称是「{organisation.name}」")
    if organisation.name != name:
        session.execute(_LOCK)
        twin = _twin(session, name, but=organisation)
        if twin is not None:
            _refuse(twin, name)
    changed = [
        field
        for field, before, after in (
            ("name", organisation.name, name),
            ("region_id", organisation.region_id, region.id),
        )
        if before != after
    ]
    was = session.get_one(Region, organisation.region_id)
    before = {"organisation_name": organisation.name, "region_id": audit.Known(was.name)}
    after = {"organisation_name": name, "region_id": audit.Known(region.name)}
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
        details={"changed": changed} | audit.changes(before, after),
    )


def _twin(session: Session, name: str, but: Organisation | None = None) -> Organisation | None:
    """The organisation whose name people would take for this one; the very same before others."""
    others = session.execute(select(Organisation).order_by(Organisation.name != name))
    return next(
        (
            one
            for one in others.scalars()
            if one is not but and compared(one.name) == compared(name)
        ),
        None,
    )


def _refuse(twin: Organisation, name: str) -> NoReturn:
    if twin.name == name:
        raise NameTaken
    raise NameTaken(f"已有「{twin.name}」，只差空格、全半角或大小写")
