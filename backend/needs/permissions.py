"""Who may see a need, and who may move it."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.permissions import Actor, Permission
from backend.needs.models import Need


def access_need(session: Session, actor: Actor, need_id: UUID, permission: Permission) -> Need:
    """The need, if the caller may see it and has `permission` in its region.

    Raises NotFound (404) outside the caller's regions, Forbidden (403) within them.
    """
    need = session.get(Need, need_id)
    if need is None or not actor.may(Permission.NEED_SEE, region_code=need.region_code):
        raise NotFound
    if not actor.may(permission, region_code=need.region_code):
        raise Forbidden
    return need


def check_activity(session: Session, actor: Actor, activity_id: UUID) -> Activity:
    """The activity that a form names for a need, if it is the caller's to plan.

    Raises ValidationFailed (422) beside the field for any other: whether it exists elsewhere is
    not the caller's business.
    """
    activity = session.get(Activity, activity_id)
    if activity is None or not actor.may(Permission.NEED_HANDLE, region_code=activity.region_code):
        raise ValidationFailed(errors={"activity_id": ["请选择您负责地区的活动"]})
    return activity
