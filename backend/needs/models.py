"""Needs: what a community asks for, from its being raised to its end."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Who, by
from backend.regions.models import Region


class NeedState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    PLANNED = "planned"
    SERVED = "served"
    EVALUATED = "evaluated"
    DECLINED = "declined"
    CLOSED_UNSOLVED = "closed_unsolved"


class NeedSource(StrEnum):
    RESIDENT = "resident"  # 居民提出
    VISIT = "visit"  # 入户走访
    HOTLINE = "hotline"  # 热线
    MEETING = "meeting"  # 社区议事会


# Who may move a need where; docs/states.md is made from this table.
NEED_TRANSITIONS: dict[NeedState, dict[NeedState, Who]] = {
    NeedState.OPEN: {
        NeedState.ACCEPTED: by(Permission.NEED_HANDLE),
        NeedState.DECLINED: by(Permission.NEED_HANDLE, note="with a reason"),
    },
    NeedState.ACCEPTED: {
        NeedState.PLANNED: by(Permission.NEED_HANDLE),
        NeedState.CLOSED_UNSOLVED: by(Permission.NEED_HANDLE, note="with a reason"),
    },
    NeedState.PLANNED: {
        NeedState.SERVED: by(Permission.NEED_HANDLE),
        NeedState.ACCEPTED: by(Permission.NEED_HANDLE, note="its activity fell through"),
        NeedState.CLOSED_UNSOLVED: by(Permission.NEED_HANDLE, note="with a reason"),
    },
    NeedState.SERVED: {
        NeedState.EVALUATED: by(Permission.NEED_HANDLE),
        NeedState.CLOSED_UNSOLVED: by(Permission.NEED_HANDLE, note="with a reason"),
    },
    NeedState.EVALUATED: {
        NeedState.OPEN: by(Permission.NEED_HANDLE, note="the resident says that it isn't solved"),
    },
    NeedState.DECLINED: {},
    NeedState.CLOSED_UNSOLVED: {},
}


class Need(Base):
    """A need of a community. It names no resident: who raised it is the community's to know."""

    __tablename__ = "need"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    title: Mapped[str]
    details: Mapped[str | None]
    service_kind: Mapped[str | None]
    source: Mapped[NeedSource]
    raised_on: Mapped[date]
    state: Mapped[NeedState] = mapped_column(default=NeedState.OPEN)
    # Of a refusal, of an end without a solution, or of being opened again.
    reason: Mapped[str | None]
    # The activity that it is planned for, and by which it was served.
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activity.id"), index=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    # When it came to an end, whichever; None while it is on its way.
    ended_at: Mapped[datetime | None]
    # The region's code: roles are compared with it.
    region_code: Mapped[str] = column_property(
        select(Region.code).where(Region.id == region_id).correlate_except(Region).scalar_subquery()
    )

    __table_args__ = (
        Index("ix_need_list", "raised_on", "id"),
        Index("ix_need_region", "region_id", "state"),
    )
