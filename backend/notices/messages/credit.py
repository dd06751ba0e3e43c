"""How many messages people may be sent: what their phones have got, and what WeChat says of it."""

from collections.abc import Mapping
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
from backend.notices.requests import CreditEvent, CreditItem

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


def take_in(session: Session, event: CreditEvent) -> None:
    """An event of WeChat's: what it says of credits is the truth. A repeat, and what is of nobody
    we know, does nothing."""
    digest = crypto.hash_token(event.told)
    if statements.TAKEN_IN.first(session, digest=digest, now=clock.now()) is None:
        return
    whose = select(User.id).where(User.openid == event.openid)
    user_id = session.execute(whose).scalar_one_or_none()
    if user_id is None:
        return
    ids = composed(TemplateIds)
    named = [(ids.name_of(item.template_id), item) for item in event.items]
    known = [(template, item) for template, item in named if template is not None]
    # In one order, as everybody has who locks several.
    for template, item in sorted(known, key=lambda found: found[0]):
        _take_in_item(session, user_id, template, item, asked=event.asked)


def _take_in_item(
    session: Session, user_id: UUID, template: str, item: CreditItem, *, asked: bool
) -> None:
    if asked and item.status == "accept":
        statements.ACCEPTED.rows(
            session, user_id=user_id, template=template, most=MESSAGES.most_credits
        )
    elif item.status == "reject" or item.error == _REFUSED_OR_NO_CREDIT:
        statements.NONE_LEFT.rows(session, user_id=user_id, template=template)
