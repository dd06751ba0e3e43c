"""What the reads of messages take."""

from dataclasses import dataclass
from uuid import UUID

from backend.core.pagination import Asked
from backend.notices.messages.models import MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class Activities(Asked):
    """Which activities are asked for: those of a region with all below it, or all of the
    caller's."""

    region_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages(Asked):
    """Which messages are asked for."""

    activity_id: UUID | None = None
    state: MessageState | None = None
