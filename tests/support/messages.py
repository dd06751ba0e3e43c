"""People whom WeChat can send messages to, and what became of these."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from backend.core import clock
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.identity.models import User
from backend.notices.messages import sending
from backend.notices.messages.models import Message, MessageCredit
from backend.notices.models import NoticeKind
from backend.notices.news import Facts, News
from backend.notices.operations import tell
from tests.gateways.standin import SEND, StandIn
from tests.support.world import Person, World


def reachable(world: World, wechat: StandIn | None = None, **may_get: int) -> tuple[Person, str]:
    """Somebody with an openid as WeChat's are, and so many credits of each template, of which the
    stand-in knows."""
    person, openid = world.person(), f"o{new_id().hex[5:]}"
    with world.app.app_context(), transaction() as session:
        session.execute(update(User).where(User.id == person.user_id).values(openid=openid))
        for template, n in may_get.items():
            session.add(
                MessageCredit(user_id=person.user_id, template=template, remaining=n, unmatched=0)
            )
    for template, n in may_get.items():
        if wechat is not None:
            wechat.grant(openid, f"standin-{template}", n)
    return person, openid


def facts(**more: Any) -> Facts:
    known: dict[str, Any] = {
        "activity": "花园社区公益集市",
        "place": "社区广场",
        "at": clock.now() + timedelta(hours=2),
        "until": clock.now() + timedelta(days=2),
        "urgent": True,
    }
    return Facts(**known | more)


def news(person: Person, kind: NoticeKind = NoticeKind.CALLED, **more: Any) -> News:
    known: dict[str, Any] = {
        "user_id": person.user_id,
        "kind": kind,
        "title": "轮到您了",
        "text": "请到 3 号摊位",
        "page": "/pages/number/number",
        "facts": facts(),
    }
    return News(**known | more)


def told(*several: News) -> None:
    with transaction() as session:
        tell(session, several)


def changed(person: Person, title: str, activity_id: UUID, **more: Any) -> News:
    """News of a change."""
    return news(
        person, NoticeKind.MARKET_MOVED, title=title, activity_id=activity_id, facts=facts(**more)
    )


def send_now() -> None:
    """What the job does, in this thread alone."""
    sending.tidy()
    sending.send_due()


def outcomes(person: Person | None = None) -> Counter[str]:
    """How many messages ended how; of what was given up, why."""
    statement = select(Message.state, Message.reason)
    if person is not None:
        statement = statement.where(Message.user_id == person.user_id)
    with transaction() as session:
        return Counter(
            f"{state}: {reason}" if state == "given_up" else str(state)
            for state, reason in session.execute(statement)
        )


def seen(wechat: StandIn) -> list[str]:
    """The bodies of the messages that reached the stand-in."""
    return [call["body"] for call in wechat.log(SEND)["calls"]]


def shanghai(text: str) -> datetime:
    """An instant by the clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)
