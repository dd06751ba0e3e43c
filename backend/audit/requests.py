"""What the audit log's lists and files take."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.core.pagination import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries(Asked):
    """Which entries of the audit log are asked for; None: whichever.

    Attributes:
        by_system: only what nobody did.
    """

    from_: datetime | None = None
    to: datetime | None = None
    by_system: bool = False
    actor_id: UUID | None = None
    action: str | None = None
    object_type: str | None = None
    address: str | None = None
    object_id: UUID | None = None
