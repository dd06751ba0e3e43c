"""Who may see an organisation, and who may change it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.permissions import Actor, Permission
from backend.partners.models import Organisation
from backend.regions.models import Region


def access_organisation(session: Session, actor: Actor, organisation_id: UUID) -> Organisation:
    """An organisation, for whoever may list them: all of the deployment's, wherever they are
    based, because an organisation may serve anywhere.

    Raises NotFound (404).
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None or not actor.may_anywhere(Permission.ORGANISATION_LIST):
        raise NotFound
    return organisation


def may_edit(session: Session, actor: Actor, organisation: Organisation) -> bool:
    """Whether the caller keeps the organisations of the region where this one is based."""
    code = session.execute(
        select(Region.code).where(Region.id == organisation.region_id)
    ).scalar_one()
    return actor.may(Permission.ORGANISATION_EDIT, region_code=code)


def access_organisation_for_edit(
    session: Session, actor: Actor, organisation_id: UUID
) -> Organisation:
    """The organisation, locked and read afresh, if it is the caller's to change.

    Raises NotFound (404), Forbidden (403) for one that is based elsewhere.
    """
    organisation = access_organisation(session, actor, organisation_id)
    if not may_edit(session, actor, organisation):
        raise Forbidden("这个单位不在您负责的地区，由当地修改")
    session.refresh(organisation, with_for_update={"key_share": True})
    return organisation


def check_base(session: Session, actor: Actor, region_id: UUID) -> Region:
    """The region that a form names for an organisation, if the caller keeps those of it.

    Raises ValidationFailed (422) when there is no such region, Forbidden (403).
    """
    region = session.get(Region, region_id)
    if region is None:
        raise ValidationFailed(errors={"region_id": ["没有这个地区"]})
    if not actor.may(Permission.ORGANISATION_EDIT, region_code=region.code):
        raise Forbidden
    return region
