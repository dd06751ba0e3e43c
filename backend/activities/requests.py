"""What operations and lists of activities take: made by web/'s schemas, or by who drafts without a
form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from backend.activities.models import ActivityState, ExchangeKind, OfferingMode, Programme
from backend.activities.words import SlotChoice
from backend.core.given import UNSET, Given
from backend.core.pagination import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVenue:
    """A place as an activity names it; given whole."""

    name: str
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    wheelchair: bool | None = None

    @classmethod
    def of(cls, row: Any) -> "NewVenue":
        """The same place as a row's with a venue's columns."""
        return cls(
            name=row.name,
            address=row.address,
            latitude=row.latitude,
            longitude=row.longitude,
            wheelchair=row.wheelchair,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What an activity may have, and need not."""

    description: Given[str | None] = UNSET
    organiser_name: Given[str | None] = UNSET
    contact_phone: Given[str | None] = UNSET
    checkin_opens_minutes: Given[int] = UNSET
    code_rotates_seconds: Given[int | None] = UNSET
    field: Given[str | None] = UNSET
    kind: Given[ExchangeKind | None] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewActivity(_Facts):
    """An activity that is to be drafted.

    Attributes:
        copied_from_id: the activity that it is a copy of.
    """

    programme: Programme
    title: str
    region_id: UUID
    venue: NewVenue
    starts_at: datetime
    ends_at: datetime
    copied_from_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityEdit(_Facts):
    """What of an activity changes, or of a copy differs from its source.

    Attributes:
        version: as its editor has read it.
    """

    programme: Given[Programme] = UNSET
    title: Given[str] = UNSET
    region_id: Given[UUID] = UNSET
    venue: Given[NewVenue] = UNSET
    starts_at: Given[datetime] = UNSET
    ends_at: Given[datetime] = UNSET
    version: Given[int] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy that is asked for.

    Attributes:
        ends_at: without it it is as long as the source.
        region_id: without it it is where the source is.
    """

    starts_at: datetime
    slots: SlotChoice
    ends_at: Given[datetime] = UNSET
    region_id: Given[UUID] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class StallEdit:
    """What of a stall changes; its spot is both or neither."""

    number: Given[str] = UNSET
    name: Given[str] = UNSET
    organisation_id: Given[UUID | None] = UNSET
    spot_row: Given[int | None] = UNSET
    spot_column: Given[int | None] = UNSET
    place_note: Given[str | None] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStall(StallEdit):
    """A stall that is to be added."""

    number: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferingEdit:
    """What of a service changes.

    Attributes:
        capacity: people a day, all ways in.
        walk_in_share: of each slot, kept for walk-ins; 0 to 1.
        also_at_stall_ids: further stalls that serve the same queue.
    """

    title: Given[str] = UNSET
    service_kind: Given[str] = UNSET
    mode: Given[OfferingMode] = UNSET
    minutes_per_person: Given[int] = UNSET
    capacity: Given[int | None] = UNSET
    walk_in_share: Given[Decimal | float] = UNSET
    min_age: Given[int | None] = UNSET
    daily_cap_per_person: Given[int] = UNSET
    sign_up_opens_at: Given[datetime | None] = UNSET
    sign_up_closes_at: Given[datetime | None] = UNSET
    also_at_stall_ids: Given[Sequence[UUID]] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffering(OfferingEdit):
    """A service that is to be added; without minutes it takes as many as its kind usually does."""

    title: str
    service_kind: str
    mode: OfferingMode


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotEdit:
    """What of an appointment time changes."""

    starts_at: Given[datetime] = UNSET
    ends_at: Given[datetime] = UNSET
    capacity: Given[int] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSlot(SlotEdit):
    """An appointment time that is to be added."""

    starts_at: datetime
    ends_at: datetime
    capacity: int


@dataclass(frozen=True, slots=True)
class SlotPattern:
    """Appointment times one after the other, of `minutes` each."""

    first: datetime
    last: datetime
    minutes: int
    capacity: int


NewSlots: TypeAlias = tuple[NewSlot, ...] | SlotPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who is to do what.

    Attributes:
        stall_id: where it is at a stall.
        confirmed: the user_id of whom one has been told that they are expected elsewhere at the
            same time.
    """

    user_id: UUID
    words: str
    stall_id: UUID | None = None
    confirmed: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEdit:
    """What is written down of an activity; None says that it isn't known.

    Attributes:
        version: of the record as it was read, 0 where there was none.
    """

    version: int
    volunteers: Given[int | None] = UNSET
    volunteer_minutes: Given[int | None] = UNSET
    funds_yuan: Given[Decimal | None] = UNSET
    problems: Given[str | None] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Activities(Asked):
    """Which activities are asked for; None: whichever.

    Attributes:
        region_id: this region and all below it.
        from_, to: that are on in this time.
        q: words of the title or the venue.
        near: latitude and longitude in degrees: the nearest first.
    """

    programme: Programme | None = None
    region_id: UUID | None = None
    from_: datetime | None = None
    to: datetime | None = None
    state: ActivityState | None = None
    q: str | None = None
    near: tuple[float, float] | None = None
