"""What the inbox's operations and reads take."""

from dataclasses import dataclass
from uuid import UUID

from backend.core.pagination import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class MyNotices(Asked):
    """Which of one's notices are asked for: all, or only those that were not read."""

    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What has been read: these notices, or all that there are."""

    ids: tuple[UUID, ...] = ()
    all: bool = False


@dataclass(frozen=True, slots=True)
class CreditItem:
    """What an event says of one template.

    Attributes:
        template_id: WeChat's.
        status: what somebody has answered, `accept` or `reject`; None of what was sent.
        error: why a message was not delivered; None where nothing is said.
    """

    template_id: str
    status: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class CreditEvent:
    """An event of WeChat's about subscription messages.

    Attributes:
        asked: whether somebody was asked, or changed their mind; else a message was sent.
        openid: whose it is.
        told: all that it says, the same text for the same event.
    """

    asked: bool
    openid: str
    items: tuple[CreditItem, ...]
    told: str
