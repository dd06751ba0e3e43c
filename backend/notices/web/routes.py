"""The inbox."""

from sqlalchemy.orm import Session

from backend.core.pagination import Page
from backend.core.permissions import Actor
from backend.core.web.api import LOGIN, Blueprint, Ready
from backend.notices import operations, queries
from backend.notices.requests import MyNotices, Read
from backend.notices.web import schemas

blp = Blueprint("notices", __name__, url_prefix="/api/v1", description="消息")


@blp.get("/me/notices", access=LOGIN, query=schemas.NoticeQuery, answer=schemas.NoticeAnswer,
         page=True)  # fmt: skip
def my_notices(session: Session, actor: Actor, query: MyNotices) -> Page:
    """My notices, the newest first."""
    return queries.my_notices(session, actor, query)


@blp.get("/me/notices/count", access=LOGIN, answer=schemas.CountAnswer, by_token=True)
def count_notices(session: Session, token: str) -> Ready | None:
    """How many of my notices I have not read."""
    unread = queries.unread(session, token)
    return None if unread is None else Ready({"unread": unread})


@blp.post("/me/notices/read", access=LOGIN, body=schemas.ReadRequest, status=204)
def read_notices(session: Session, actor: Actor, body: Read) -> None:
    """I have read these, or all."""
    operations.mark_read(session, actor, body)
