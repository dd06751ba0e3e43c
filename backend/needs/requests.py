"""What the use cases of needs take, as the schemas of web/ make it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from backend.needs.models import NeedSource


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNeed:
    """A need of a region that is to be registered.

    Attributes:
        raised_on: the day on which somebody spoke of it.
        service_kind: a key of config/, where it can be told.
    """

    region_id: UUID
    title: str
    source: NeedSource
    raised_on: date
    details: str | None = None
    service_kind: str | None = None
