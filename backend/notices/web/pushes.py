"""What is answered to a push that can't be taken in."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from backend.core.context import composed
from backend.core.errors import AppError, MalformedBody
from backend.gateways.push import PushReader, PushRefused, PushUnreadable

log = logging.getLogger(__name__)
TEXT = "text/plain"


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
        log.warning("a push was no JSON: choose JSON where its address is registered")
        raise MalformedBody from None
