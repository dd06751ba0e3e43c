"""Messages, for staff."""

from sqlalchemy.orm import Session

from backend.core.pagination import Page
from backend.core.permissions import Actor, Permission
from backend.core.web.api import Blueprint
from backend.delivery import queries
from backend.delivery.permissions import access_told
from backend.delivery.requests import Messages
from backend.delivery.web import schemas

blp = Blueprint("messages", __name__, url_prefix="/api/v1", description="消息发送")


@blp.get("/messages", access=Permission.ACTIVITY_SEE_DRAFT, query=schemas.MessagesQuery,
         answer=schemas.MessageAnswer, page=True)  # fmt: skip
def list_messages(session: Session, actor: Actor, query: Messages) -> Page:
    """WeChat's messages about my regions' activities, or one of them: what became of each."""
    if query.activity_id is not None:
        access_told(session, actor, query.activity_id)
    return queries.list_messages(session, actor, query)
