"""Who may see whom a change has reached, and who calls the others."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.activities.permissions import access_activity
from backend.core.errors import NotFound
from backend.core.permissions import Actor, Permission
from backend.outreach.models import ActivityChange, Addressee, Announcement


def access_changes(
    session: Session, actor: Actor, activity_id: UUID, permission: Permission | None = None
) -> Activity:
    """The activity, if the caller may see whom its changes have reached and has `permission`
    there.

    Raises NotFound (404), whatever everybody may see of the activity, Forbidden (403).
    """
    activity = access_activity(session, actor, activity_id)
    if not actor.may(Permission.ACTIVITY_SEE_DRAFT, region_code=activity.region_code):
        raise NotFound
    return access_activity(session, actor, activity_id, permission)


def access_change(
    session: Session, actor: Actor, change_id: UUID, permission: Permission | None = None
) -> tuple[Activity, ActivityChange]:
    """The change with its activity. Raises as `access_changes`."""
    change = session.get(ActivityChange, change_id)
    if change is None:
        raise NotFound
    return access_changes(session, actor, change.activity_id, permission), change


def access_addressee(
    session: Session, actor: Actor, change_id: UUID, addressee_id: UUID
) -> tuple[Activity, ActivityChange, Addressee]:
    """Somebody on an activity's call list as a change's page shows it, for who calls them.

    Raises NotFound (404), Forbidden (403).
    """
    activity, change = access_change(session, actor, change_id, Permission.CALL_LIST)
    addressee = session.get(Addressee, addressee_id)
    if addressee is None:
        raise NotFound
    theirs = session.get_one(ActivityChange, addressee.change_id)
    if theirs.activity_id != activity.id:
        raise NotFound
    return activity, change, addressee


def access_announcement(
    session: Session, actor: Actor, activity_id: UUID, announcement_id: UUID
) -> tuple[Activity, Announcement]:
    """An activity's announcement, for who may send or withdraw it.

    Raises NotFound (404), Forbidden (403).
    """
    activity = access_changes(session, actor, activity_id, Permission.ACTIVITY_RUN)
    row = session.get(Announcement, announcement_id)
    if row is None or row.activity_id != activity.id:
        raise NotFound
    return activity, row
