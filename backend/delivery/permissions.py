"""Who may see what became of a message, and who may have it sent again."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.activities.permissions import access_activity
from backend.core.errors import Forbidden, NotFound
from backend.core.permissions import Actor, Permission
from backend.notices.messages.models import Message
from backend.notices.models import Notice


def access_told(session: Session, actor: Actor, activity_id: UUID) -> Activity:
    """An activity, for who may see what people were told about it: staff of its region.

    Raises NotFound (404), Forbidden (403).
    """
    return access_activity(session, actor, activity_id, Permission.ACTIVITY_SEE_DRAFT)


def access_message(
    session: Session, actor: Actor, message_id: UUID, permission: Permission
) -> tuple[Message, Activity]:
    """A message with the activity that it is about, if the caller may see it and has `permission`
    in its region.

    Raises NotFound (404) outside the caller's regions, Forbidden (403) within them.
    """
    message = session.get(Message, message_id)
    notice = session.get(Notice, message_id)
    if message is None or notice is None or notice.activity_id is None:
        raise NotFound
    activity = session.get(Activity, notice.activity_id)
    if activity is None or not _sees(actor, activity):
        raise NotFound
    if not actor.may(permission, region_code=activity.region_code):
        raise Forbidden
    return message, activity


def _sees(actor: Actor, activity: Activity) -> bool:
    return actor.may(Permission.ACTIVITY_SEE_DRAFT, region_code=activity.region_code)
