"""Totals that are counted beforehand, so that a dashboard costs the same at ten thousand and at
ten million visits. A job keeps them (rollup_tasks.py); nothing on the way of a check-in does.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.activities.models import ActivityState
from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id


class ActivityTotal(Base):
    """What one activity comes to, as it was last counted."""

    __tablename__ = "activity_total"

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    # The activity as it was then: what has changed since is counted anew.
    region_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[ActivityState]
    frozen: Mapped[bool]
    visits: Mapped[int]  # 服务人次
    people: Mapped[int]  # 服务人数, of this activity: they don't add up over several
    served: Mapped[int]
    rated: Mapped[int]
    satisfied: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(default=clock.now)


class ServiceTotal(Base):
    """The same of one service kind at one activity."""

    __tablename__ = "service_total"

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    service_kind: Mapped[str] = mapped_column(primary_key=True)
    served: Mapped[int]
    rated: Mapped[int]
    satisfied: Mapped[int]


class PeopleTotal(Base):
    """服务人数 of a region and all below it in a period: each person once, however many
    activities they came to. It is no sum, so each region and period has its own count."""

    __tablename__ = "people_total"

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"), primary_key=True)
    # "all", a year "2026" or a month "2026-11" (dashboard.Period).
    period: Mapped[str] = mapped_column(primary_key=True)
    # None until it is counted for the first time.
    people: Mapped[int | None]
    stale: Mapped[bool] = mapped_column(default=True)
    counted_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_people_total_stale", "period", "region_id", postgresql_where=text("stale")),
    )


class StaleActivity(Base):
    """A note, left in the transaction that changed something, that an activity is to be counted
    anew. It refers to the activity without a foreign key: whoever leaves a note locks nothing."""

    __tablename__ = "stale_activity"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(index=True)


class RollupRun(Base):
    """When the totals were last brought up to date: one row."""

    __tablename__ = "rollup_run"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    refreshed_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
