"""Who may see an organisation's credentials, and who may decide on them: its own people, and the
clerks of where it is based."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.errors import Forbidden, NotFound
from backend.core.permissions import Actor, Permission
from backend.core.states import lock as lock_row
from backend.partners.models import Organisation
from backend.regions.models import Region
from backend.resources.credentials.models import Credential


def access_holder(
    session: Session, actor: Actor, organisation_id: UUID, permission: Permission
) -> Organisation:
    """The organisation, if the caller has `permission` for its credentials.

    Raises NotFound (404) where the caller may not see them, Forbidden (403) where they may.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    base = select(Region.code).where(Region.id == organisation.region_id)
    code = session.execute(base).scalar_one()
    _check(actor, code, organisation_id, permission)
    return organisation


def may_access(
    session: Session, actor: Actor, organisation_id: UUID, permission: Permission
) -> bool:
    """Whether `access_holder` would answer: what can't be opened is not offered."""
    try:
        access_holder(session, actor, organisation_id, permission)
    except (NotFound, Forbidden):
        return False
    return True


def access_credential(
    session: Session,
    actor: Actor,
    credential_id: UUID,
    permission: Permission,
    *,
    lock: bool = False,
) -> Credential:
    """The credential, if the caller has `permission` for it.

    Args:
        lock: FOR UPDATE, read afresh.

    Raises NotFound (404), Forbidden (403), as `access_holder`.
    """
    credential = session.get(Credential, credential_id)
    if credential is None:
        raise NotFound
    _check(actor, credential.region_code, credential.organisation_id, permission)
    return lock_row(session, Credential, credential_id) if lock else credential


def _check(actor: Actor, region_code: str, organisation_id: UUID, permission: Permission) -> None:
    def may(what: Permission) -> bool:
        return actor.may(what, region_code=region_code, organisation_id=organisation_id)

    if not may(Permission.RESOURCE_SEE):
        raise NotFound
    if not may(permission):
        raise Forbidden
