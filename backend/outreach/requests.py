"""What the use cases of announcements take."""

from dataclasses import dataclass
from uuid import UUID

from backend.outreach.models import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnnouncement:
    """An organiser's words, and to whom.

    Attributes:
        offering_id: whose line, for that audience alone.
    """

    text: str
    audience: Audience
    offering_id: UUID | None = None
