"""The inbox, and what WeChat may send beside it."""

from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from backend.core.context import composed
from backend.core.limits import Unlimited
from backend.core.pagination import Page
from backend.core.permissions import Actor
from backend.core.web.api import LOGIN, PUBLIC, Blueprint, Ready
from backend.notices import operations, queries
from backend.notices.messages import credit
from backend.notices.messages.templates import TEMPLATES, TemplateIds
from backend.notices.requests import MyNotices, Read
from backend.notices.web import schemas
from backend.notices.web.pushes import TEXT, credit_event, reading_push

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


@blp.get("/message-templates", access=PUBLIC, answer=schemas.TemplateAnswer, page=True)
def message_templates(session: Session, actor: Actor | None) -> dict[str, Any]:
    """WeChat's templates of this deployment, for the phone to ask for."""
    ids = composed(TemplateIds)
    items = [{"template": name, "id": ids[name], "title": TEMPLATES[name].title,
              "kinds": sorted(TEMPLATES[name].kinds)} for name in ids]  # fmt: skip
    return {"items": items, "next_cursor": None}


@blp.get("/me/message-credits", access=LOGIN, answer=schemas.CreditsAnswer)
def my_credits(session: Session, actor: Actor) -> dict[str, int]:
    """How many messages of each template I may still be sent."""
    return credit.left(session, actor)


@blp.post("/me/message-credits", access=LOGIN, body=schemas.CreditsRequest,
          answer=schemas.CreditsAnswer)  # fmt: skip
def report_credits(session: Session, actor: Actor, body: dict[str, int]) -> dict[str, int]:
    """What my phone has just got from requestSubscribeMessage."""
    credit.add_said(session, actor, body)
    return credit.left(session, actor)


@blp.get("/wechat/push", access=PUBLIC, content_type=TEXT)
def greet_push(session: Session, actor: Actor | None) -> Response:
    """WeChat tries the address of pushes: its echostr, as it came."""
    with reading_push() as reader:
        reader.check(request.args)
    return Response(request.args.get("echostr", ""), content_type=TEXT)


@blp.post("/wechat/push", access=PUBLIC, raw=True, content_type=TEXT,
          limit=Unlimited("signed by WeChat"))  # fmt: skip
def take_push(session: Session, actor: Actor | None) -> Response:
    """An event of WeChat's, plain or encrypted."""
    with reading_push() as reader:
        event = credit_event(reader.read(request.args, request.get_data()))
    if event is not None:
        credit.take_in(session, event)
    return Response("success", content_type=TEXT)
