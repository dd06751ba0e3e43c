"""What the use cases of check-in take, as the schemas of web/ make it. None: not given."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from backend.checkin.models import ScanDirection, ScanSource
from backend.identity.people.guests import NewGuest


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan as its phone tells of it.

    Attributes:
        id: made by the phone, once for each scan.
        scanned_at, sent_at: by the phone's clock, when it was made and when it was uploaded.
        code: the market's, where people check themselves in.
        resident_code, resident_id, guest: one of them says whom a volunteer means.
    """

    id: UUID
    source: ScanSource
    direction: ScanDirection = ScanDirection.ENTRY
    scanned_at: datetime | None = None
    sent_at: datetime | None = None
    device_id: str | None = None
    code: str | None = None
    resident_code: str | None = None
    resident_id: UUID | None = None
    guest: NewGuest | None = None

    def meaning(self) -> dict[str, Any]:
        """What was given, by which this scan is told from another of the same id. Scans are kept
        for good with a hash of it: it must come to the same in every release."""
        return _given(self) | ({"guest": _given(self.guest)} if self.guest else {})


def _given(part: Scanned | NewGuest) -> dict[str, Any]:
    values = zip(part.__slots__, attrgetter(*part.__slots__)(part), strict=True)
    return {name: value for name, value in values if value is not None}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is looked for: by a phone number or its last four digits, or by the whole name."""

    phone: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Why a scan is undone."""

    reason: str
