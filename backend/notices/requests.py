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
