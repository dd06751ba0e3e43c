"""How many messages people may be sent: what their phones have got, and what WeChat says of it."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock, crypto
from backend.core.config import MESSAGES
from backend.core.context import composed
from backend.core.permissions import Actor
from backend.identity.models import User
from backend.notices.messages import statements
from backend.notices.messages.models import MessageCredit
from backend.notices.messages.templates import TemplateIds

_ASKED = frozenset({"subscribe_msg_popup_event", "subscribe_msg_change_event"})
_SENT = "subscribe_msg_sent_event"
_REFUSED_OR_NO_CREDIT = "43101"


def left(session: Session, actor: Actor) -> dict[str, int]:
    """What the caller may still be sent, of every template of this deployment."""
    found = session.execute(
        select(MessageCredit.template, MessageCredit.remaining).where(
            MessageCredit.user_id == actor.user_id
        )
    )
    return dict.fromkeys(composed(TemplateIds), 0) | {
        template: remaining for template, remaining in found if template in composed(TemplateIds)
    }


def add_said(session: Session, actor: Actor, said: Mapping[str, int]) -> None:
    """The caller's phone has got so many credits of each template. What WeChat has told of already
    is not counted again."""
    known = [
        {"template": template, "n": n}
        for template, n in said.items()
        if n and template in composed(TemplateIds)
    ]
    if known:
        statements.SAID.rows(
            session, user_id=actor.user_id, said=orjson.dumps(known).decode(),
            most=MESSAGES.most_credits,
        )  # fmt: skip


def take_in(session: Session, event: Mapping[str, Any]) -> None:
    """An event of WeChat's: what it says of credits is the truth. A repeat, and what is of nobody
    we know, does nothing."""
    name, openid = event.get("Event"), event.get("FromUserName")
    if name not in {*_ASKED, _SENT} or not isinstance(openid, str):
        return
    if not _is_new(session, event):
        return
    user_id = session.execute(select(User.id).where(User.openid == openid)).scalar_one_or_none()
    if user_id is None:
        return
    for template, item in sorted(_items(event), key=lambda found: found[0]):
        _take_in_item(session, user_id, template, item, asked=name in _ASKED)


def _is_new(session: Session, event: Mapping[str, Any]) -> bool:
    told = orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode()
    digest = crypto.hash_token(told)
    return statements.TAKEN_IN.first(session, digest=digest, now=clock.now()) is not None


def _items(event: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Each item of an event with its template's name: one comes as an object, several as a list."""
    listed = event.get("List")
    for item in listed if isinstance(listed, list) else [listed]:
        if isinstance(item, dict):
            template = composed(TemplateIds).name_of(str(item.get("TemplateId")))
            if template is not None:
                yield template, item


def _take_in_item(
    session: Session, user_id: UUID, template: str, item: Mapping[str, Any], *, asked: bool
) -> None:
    status = item.get("SubscribeStatusString")
    if asked and status == "accept":
        statements.ACCEPTED.rows(
            session, user_id=user_id, template=template, most=MESSAGES.most_credits
        )
    elif status == "reject" or str(item.get("ErrorCode")) == _REFUSED_OR_NO_CREDIT:
        statements.NONE_LEFT.rows(session, user_id=user_id, template=template)
