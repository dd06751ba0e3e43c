"""Pushes of WeChat's: what of them is ours, and what is answered to one that can't be taken in."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from backend.core.context import composed
from backend.core.errors import AppError, MalformedBody
from backend.gateways.push import PushReader, PushRefused, PushUnreadable
from backend.notices.requests import CreditEvent, CreditItem

log = logging.getLogger(__name__)
TEXT = "text/plain"
_ASKED = frozenset({"subscribe_msg_popup_event", "subscribe_msg_change_event"})
_SENT = "subscribe_msg_sent_event"


class PushNotConfigured(AppError):
    status = 404
    code = "push_not_configured"
    title = "没有设置 WECHAT_PUSH_TOKEN，微信的推送不会被接收"


class PushForged(AppError):
    status = 403
    code = "push_forged"
    title = "签名不对"


@contextmanager
def reading_push() -> Iterator[PushReader]:
    """The reader of pushes; what it refuses is a problem, and a line for whoever runs this.

    Raises PushNotConfigured (404), PushForged (403), MalformedBody (400).
    """
    reader = composed(PushReader)
    if not reader.is_on:
        raise PushNotConfigured
    try:
        yield reader
    except PushRefused as refusal:
        log.warning("a push was refused: %s", refusal)
        raise PushForged from None
    except PushUnreadable:
        log.warning("a push was no JSON of an event: choose JSON where its address is registered")
        raise MalformedBody from None


def credit_event(pushed: Mapping[str, Any]) -> CreditEvent | None:
    """What a push says of credits; None where it is about something else, or about nobody: an
    account's name at WeChat is text that can be printed.

    Raises PushUnreadable.
    """
    name, openid = _text(pushed.get("Event")), _text(pushed.get("FromUserName"))
    if name not in {*_ASKED, _SENT} or not openid or not openid.isprintable():
        return None
    # One item comes as an object, several as a list.
    listed = pushed.get("List")
    items = listed if isinstance(listed, list) else [listed]
    return CreditEvent(
        asked=name in _ASKED,
        openid=openid,
        items=tuple(_item(item) for item in items if isinstance(item, dict)),
        told=_told(pushed),
    )


def _item(item: Mapping[str, Any]) -> CreditItem:
    error = item.get("ErrorCode")
    return CreditItem(
        template_id=_text(item.get("TemplateId")),
        status=_text(item.get("SubscribeStatusString")) or None,
        error=str(error) if isinstance(error, str | int) else None,
    )


def _text(given: object) -> str:
    """A member that is to be text; empty where it is none."""
    return given if isinstance(given, str) else ""


def _told(pushed: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(pushed, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # it reads what is nested deeper than it writes
        raise PushUnreadable from None
