"""What the use cases of resources take, as the schemas of web/ make it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from backend.core.given import UNSET, Given
from backend.resources.models import Equipment, ResourceState


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceEdit:
    """What of a resource changes.

    Attributes:
        people, stations: at one market.
        region_ids: where it may serve; empty: anywhere.
        weekdays: Monday is 1; empty: any day.
        from_time, to_time: hours of the day in Shanghai; None: whenever.
        lead_days: how many days ahead it must be asked.
        version: as its editor has read it.
    """

    organisation_id: Given[UUID] = UNSET
    title: Given[str] = UNSET
    service_kind: Given[str] = UNSET
    people: Given[int] = UNSET
    stations: Given[int] = UNSET
    minutes_per_person: Given[int] = UNSET
    region_ids: Given[Sequence[UUID]] = UNSET
    weekdays: Given[Sequence[int]] = UNSET
    from_time: Given[time | None] = UNSET
    to_time: Given[time | None] = UNSET
    days_off: Given[Sequence[date]] = UNSET
    lead_days: Given[int] = UNSET
    most_per_month: Given[int | None] = UNSET
    requires: Given[Sequence[Equipment]] = UNSET
    credential_ids: Given[Sequence[UUID]] = UNSET
    version: Given[int] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResource:
    """A resource that is to be drafted; as `ResourceEdit` has it."""

    organisation_id: UUID
    title: str
    service_kind: str
    people: int
    stations: int
    minutes_per_person: int
    region_ids: Sequence[UUID] = ()
    weekdays: Sequence[int] = ()
    from_time: time | None = None
    to_time: time | None = None
    days_off: Sequence[date] = ()
    lead_days: int = 0
    most_per_month: int | None = None
    requires: Sequence[Equipment] = ()
    credential_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesAsked:
    """Which resources are wanted; None: whichever.

    Attributes:
        region_id: those that may serve there, or somewhere below.
        words: of the title, or of the organisation's name.
        expiring: those that can be planned with, and whose organisation lacks the credential that
            their kind requires, or does so soon.
    """

    organisation_id: UUID | None = None
    region_id: UUID | None = None
    service_kind: str | None = None
    state: ResourceState | None = None
    words: str | None = None
    expiring: bool = False
