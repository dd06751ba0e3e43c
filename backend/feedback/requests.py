"""What the use cases of ratings take, as the schemas of web/ make it."""

from dataclasses import dataclass
from uuid import UUID

from backend.core.given import UNSET, Given


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingEdit:
    """What of a rating changes.

    Attributes:
        items: scores by the checklist's keys.
        tags: keys of the configured tags.
        comment: an empty one takes the comment back.
        may_call: whether one may be called back, should it be a complaint; None was not asked, and
            takes back nothing that was said before.
    """

    score: Given[int] = UNSET
    items: Given[dict[str, int]] = UNSET
    tags: Given[list[str]] = UNSET
    comment: Given[str | None] = UNSET
    may_call: Given[bool | None] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRating(RatingEdit):
    """A resident's word on a service or a visit."""

    score: int
    items: dict[str, int]
    tags: list[str]


@dataclass(frozen=True, slots=True)
class OfService:
    """A rating of a service received."""

    booking_id: UUID
    rating: NewRating


@dataclass(frozen=True, slots=True)
class OfVisit:
    """A rating of a visit: one's own, or that of a family member."""

    activity_id: UUID
    resident_id: UUID | None
    rating: NewRating
