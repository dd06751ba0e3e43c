"""Sending what is owed: a message is marked as being sent, and that is committed, before WeChat is
called, outside of any transaction. Whoever dies in between leaves one that is never sent again
(docs/adr/0030).
"""

from datetime import datetime, timedelta
from typing import Any

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
_AGAIN = sorted(template.name for template in TEMPLATES.values() if template.again)
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
    number of threads and workers may."""
    while (message := _claim()) is not None and _sent(message):
        pass


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


def _claim() -> Any:
    """The next message that is due, marked as being sent, or given up for want of a credit; None
    where there is none."""
    with transaction() as session:
        return statements.CLAIM.first(session, **_due(clock.now()))


def _sent(message: Any) -> bool:
    """Send a message that was claimed, and keep what became of it; False where WeChat did not
    answer, and whoever comes next had better wait."""
    if message.state == MessageState.GIVEN_UP:
        return True
    try:
        _call(message)
    except WeChatError as error:
        if error.maybe_done:
            _end_unknown(message)
        elif error.retryable:
            _put_off(message, clock.now() + _pause(message.tries))
        else:
            _refuse(message, error)
            return True
        return False
    _end(message, MessageState.SENT)
    return True


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


def _end_unknown(message: Any) -> None:
    now = clock.now()
    holds = message.template in _AGAIN and message.tries < _TRIES_OF_UNKNOWN and now < message.until
    if holds:
        _put_off(message, now)
    else:
        _end(message, MessageState.UNKNOWN)


def _put_off(message: Any, due_at: datetime) -> None:
    with transaction() as session:
        statements.PUT_OFF.rows(session, id=message.id, tries=message.tries, due_at=due_at)


def _refuse(message: Any, error: WeChatError) -> None:
    _end(message, MessageState.REFUSED, errcode=error.errcode, reason=error.message)


def _end(
    message: Any, state: MessageState, *, errcode: int | None = None, reason: str | None = None
) -> None:
    with transaction() as session:
        ended = statements.END.first(
            session, id=message.id, tries=message.tries, state=state, now=clock.now(),
            errcode=errcode, reason=reason,
        )  # fmt: skip
        if ended is not None and errcode == _REFUSED_OR_NO_CREDIT:
            statements.NONE_LEFT.rows(session, user_id=ended.user_id, template=ended.template)
