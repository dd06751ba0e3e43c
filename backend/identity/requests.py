"""What the use cases around a person take, as the schemas of web/ make it."""

from dataclasses import dataclass, field
from uuid import UUID

from backend.core.given import UNSET, Given


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesEdit:
    """What of somebody's preferences changes."""

    elder_mode: Given[bool] = UNSET


@dataclass(frozen=True, slots=True)
class SpecialNeeds:
    """What somebody needs when they come.

    Attributes:
        tags: keys of config/special_needs.toml, in its order.
        words: more of it, in their own words.
    """

    tags: tuple[str, ...]
    words: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEdit:
    """What of the caller's own profile and preferences changes."""

    name: Given[str | None] = UNSET
    birth_year: Given[int] = UNSET
    region_id: Given[UUID | None] = UNSET
    special_needs: Given[SpecialNeeds | None] = UNSET
    preferences: PreferencesEdit = field(default_factory=PreferencesEdit)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyMember:
    """A family member, new or changed; of one that there is already, what is not named stays."""

    name: str
    relation: Given[str] = UNSET
    birth_year: Given[int] = UNSET
    phone: Given[str] = UNSET
    special_needs: Given[SpecialNeeds | None] = UNSET
