"""Resources: what an organisation offers to markets, from a draft to its end."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, Uuid, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, column_property, mapped_column
from sqlalchemy.types import Text

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Other, Who, by
from backend.regions.models import Region


class ResourceState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Equipment(StrEnum):
    """What the place of a market has to have for it."""

    POWER = "power"
    WATER = "water"
    TABLE = "table"
    SHADE = "shade"


_GIVEN_UP = by(Permission.RESOURCE_EDIT, Other.PARTNER)
# Who may move a resource where; docs/states.md is made from this table.
RESOURCE_TRANSITIONS: dict[ResourceState, dict[ResourceState, Who]] = {
    ResourceState.DRAFT: {
        ResourceState.SUBMITTED: by(Permission.RESOURCE_EDIT, Other.PARTNER),
        ResourceState.RETIRED: _GIVEN_UP,
    },
    ResourceState.SUBMITTED: {
        ResourceState.APPROVED: by(Permission.RESOURCE_APPROVE),
        ResourceState.DRAFT: by(Permission.RESOURCE_APPROVE, note="returned with a reason"),
    },
    ResourceState.APPROVED: {
        ResourceState.SUBMITTED: by(
            Permission.RESOURCE_EDIT, Other.PARTNER,
            note="what was approved is changed by who may not approve it",
        ),
        ResourceState.SUSPENDED: by(Permission.RESOURCE_APPROVE, note="with a reason"),
        ResourceState.RETIRED: _GIVEN_UP,
    },
    ResourceState.SUSPENDED: {
        ResourceState.APPROVED: by(Permission.RESOURCE_APPROVE),
        ResourceState.RETIRED: _GIVEN_UP,
    },
    ResourceState.RETIRED: {},
}  # fmt: skip


class Resource(Base):
    __tablename__ = "resource"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str]
    service_kind: Mapped[str]
    # At a market: who comes, and how many of them serve at once.
    people: Mapped[int]
    stations: Mapped[int]
    minutes_per_person: Mapped[int]
    # Where it may serve, with all below; empty: anywhere.
    region_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    # Monday is 1; empty: any day.
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    # Hours of Shanghai's day; None: from morning on, until night.
    from_time: Mapped[time | None]
    to_time: Mapped[time | None]
    days_off: Mapped[list[date]] = mapped_column(ARRAY(Date))
    # Days ahead by which it must be asked.
    lead_days: Mapped[int]
    most_per_month: Mapped[int | None]
    # Of the place, Equipment's words.
    requires: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Which of its organisation's credentials it was offered with; whether one counts on a day is
    # asked of all that the organisation holds.
    credential_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    state: Mapped[ResourceState] = mapped_column(default=ResourceState.DRAFT)
    # Why it was returned or suspended; None once that is over.
    reason: Mapped[str | None]
    # Whose clerks decide on it: the smallest region that holds all where it serves; where none is
    # said, its organisation's.
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"), index=True)
    # Counts changes, so that of two who edit at once the second is told.
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    submitted_at: Mapped[datetime | None]
    # The region's code: roles are compared with it.
    region_code: Mapped[str] = column_property(
        select(Region.code).where(Region.id == region_id).correlate_except(Region).scalar_subquery()
    )

    __table_args__ = (
        Index("ix_resource_list", "created_at", "id"),
        CheckConstraint(
            "people > 0 AND stations > 0 AND minutes_per_person > 0"
            " AND lead_days >= 0 AND most_per_month > 0",
            name="capacity",
        ),
        CheckConstraint("from_time < to_time", name="hours"),
    )
