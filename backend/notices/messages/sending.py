"""Sending what is owed: a message is marked as being sent, and that is committed, before WeChat is
called, outside of any transaction. Whoever dies in between leaves one that is never sent again
(docs/adr/0030).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import MESSAGES
from backend.core.context import composed
from backend.core.db import transaction
from backend.gateways.errors import WeChatError
from backend.gateways.wechat import WeChatGateway
from backend.notices.messages import statements
from backend.notices.messages.models import MessageState
from backend.notices.messages.owing import JOINED_WITHIN
from backend.notices.messages.templates import TEMPLATES, TemplateIds

_REFUSED_OR_NO_CREDIT = 43101
_AGAIN = sorted(kind for template in TEMPLATES.values() for kind in template.again)
# A message that is worth it is sent a second time where we don't know of the first, and no more.
_TRIES_OF_UNKNOWN = 2


def tidy() -> int:
    """Give up what is over and what a newer message says, and end what a dead worker has left;
    answers how many messages are due."""
    now = clock.now()
    silent_since = now - timedelta(seconds=MESSAGES.silent_seconds)
    with transaction() as session:
        statements.SWEEP.rows(session, now=now, silent_since=silent_since, again=_AGAIN)
        statements.GIVE_UP.rows(session, now=now)
        return int(statements.COUNT_DUE.first(session, **_due(now)).due)


def send_due() -> None:
    """Send what is due, one after the other, until nothing is left or WeChat does not answer. Any
    number of threads and workers may.

    That one was sent and the claim of the next are one transaction: it is half of what a message
    costs. Any other end may touch a credit, and is one of its own, so that two threads never wait
    for one another's.
    """
    sent: Ending | None = None
    while True:
        message = _claim_next(sent)
        if message is None:
            return
        sent = _send(message) if message.state == MessageState.SENDING else None
        if sent is not None and sent.state is not MessageState.SENT:
            _keep(sent)
            if not sent.answered:
                return
            sent = None


def _claim_next(sent: "Ending | None") -> Any:
    """Claim the next message, and write down that the last one was sent: that is kept though there
    be no claim, or a call would be sent once more."""
    try:
        with transaction() as session:
            if sent is not None:
                sent.keep(session)
            return statements.CLAIM.first(session, **_due(clock.now()))
    except DBAPIError:
        if sent is not None:
            _keep(sent)
        raise


def _keep(ending: "Ending") -> None:
    with transaction() as session:
        ending.keep(session)


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a message that was being sent.

    Attributes:
        message: as it was claimed.
        state: its end; OWED where it was not sent, or may be once more.
        due_at: of one that is owed again.
        answered: whether WeChat has answered; where it has not, whoever comes next had better wait.
    """

    message: Any
    state: MessageState
    answered: bool = True
    due_at: datetime | None = None
    errcode: int | None = None
    reason: str | None = None

    def keep(self, session: Session) -> None:
        """Write it down, if nobody else has ended the message meanwhile."""
        try_of = {"id": self.message.id, "tries": self.message.tries}
        if self.state == MessageState.OWED:
            statements.PUT_OFF.rows(session, **try_of, due_at=self.due_at, errcode=self.errcode)
            return
        ended = statements.END.first(
            session, **try_of, state=self.state, now=clock.now(), errcode=self.errcode,
            reason=self.reason,
        )  # fmt: skip
        if ended is not None and self.state == MessageState.REFUSED:
            none_left = self.errcode == _REFUSED_OR_NO_CREDIT
            credit = statements.NONE_LEFT if none_left else statements.GIVE_BACK
            credit.rows(session, user_id=ended.user_id, template=ended.template)


def is_quiet(now: datetime) -> bool:
    """Whether it is an hour in which nobody is disturbed."""
    hour, since, until = (
        now.astimezone(clock.SHANGHAI).hour, MESSAGES.quiet_from_hour, MESSAGES.quiet_until_hour,
    )  # fmt: skip
    return hour >= since or hour < until if since > until else since <= hour < until


def _due(now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "quiet": is_quiet(now),
        "templates": sorted(composed(TemplateIds)),
        "joined_since": now - JOINED_WITHIN,
    }


def _send(message: Any) -> Ending:
    try:
        _call(message)
    except WeChatError as error:
        if error.maybe_done:
            return _of_unknown_end(message)
        if error.retryable:
            due_at = clock.now() + _pause(message.tries)
            return Ending(
                message, MessageState.OWED, answered=False, due_at=due_at, errcode=error.errcode
            )
        return Ending(message, MessageState.REFUSED, errcode=error.errcode, reason=error.message)
    return Ending(message, MessageState.SENT)


def _call(message: Any) -> None:
    instants = {name: datetime.fromisoformat(message.facts[name]) for name in ("at", "until")}
    facts = message.facts | instants | {"title": message.title, "text": message.text}
    composed(WeChatGateway).send_message(
        message.openid,
        composed(TemplateIds)[message.template],
        page=message.page,
        fields=TEMPLATES[message.template].filled(facts),
    )


def _pause(tries: int) -> timedelta:
    """How long after so many tries the next one waits."""
    return timedelta(minutes=min(2 ** (tries - 1), MESSAGES.longest_pause_minutes))


def _of_unknown_end(message: Any) -> Ending:
    now = clock.now()
    holds = message.kind in _AGAIN and message.tries < _TRIES_OF_UNKNOWN and now < message.until
    state = MessageState.OWED if holds else MessageState.UNKNOWN
    return Ending(message, state, answered=False, due_at=now)
