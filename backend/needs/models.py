"""Needs: what a community asks for, from its being raised to its end; and, apart, who asked."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, column_property, mapped_column
from sqlalchemy.types import Text

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Other, Who, by
from backend.identity.people.texts import CommentState
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
    MARKET = "market"  # 集市现场


class ForWhom(StrEnum):
    SELF = "self"
    FAMILY = "family"
    NEIGHBOURS = "neighbours"


class Suits(StrEnum):
    """When it would suit."""

    WEEKDAY_MORNING = "weekday_morning"
    WEEKDAY_AFTERNOON = "weekday_afternoon"
    WEEKDAY_EVENING = "weekday_evening"
    WEEKEND_MORNING = "weekend_morning"
    WEEKEND_AFTERNOON = "weekend_afternoon"
    WEEKEND_EVENING = "weekend_evening"


_UNSOLVED = by(Permission.NEED_HANDLE, note="with a reason")
# As the system where a voice does: the audit log must not tell who asked.
_NEW_ROUND = by(
    Permission.NEED_HANDLE, Other.PERSON, Other.SYSTEM,
    note="a new round: it isn't solved, say the staff, or one who has said `not`",
)  # fmt: skip
_TAKEN_UP = by(Permission.NEED_HANDLE, note="what it lacked a resource for can be done now")
# Who may move a need where; docs/states.md is made from this table.
NEED_TRANSITIONS: dict[NeedState, dict[NeedState, Who]] = {
    NeedState.OPEN: {
        NeedState.ACCEPTED: by(Permission.NEED_HANDLE),
        NeedState.DECLINED: by(
            Permission.NEED_HANDLE, Other.SYSTEM, note="with a reason; or taken back"
        ),
    },
    NeedState.ACCEPTED: {
        NeedState.PLANNED: by(Permission.NEED_HANDLE),
        NeedState.CLOSED_UNSOLVED: _UNSOLVED,
    },
    NeedState.PLANNED: {
        NeedState.SERVED: by(Permission.NEED_HANDLE, Other.SYSTEM, note="its market was held"),
        NeedState.ACCEPTED: by(
            Permission.NEED_HANDLE, Other.SYSTEM, note="what it was planned for fell through"
        ),
        NeedState.CLOSED_UNSOLVED: _UNSOLVED,
    },
    NeedState.SERVED: {
        NeedState.EVALUATED: by(
            Permission.NEED_HANDLE, Other.SYSTEM, note="judged by those who asked; of nobody, staff"
        ),
        NeedState.ACCEPTED: _NEW_ROUND,
        NeedState.CLOSED_UNSOLVED: _UNSOLVED,
    },
    NeedState.EVALUATED: {NeedState.ACCEPTED: _NEW_ROUND},
    NeedState.DECLINED: {NeedState.ACCEPTED: _TAKEN_UP},
    NeedState.CLOSED_UNSOLVED: {NeedState.ACCEPTED: _TAKEN_UP},
}


# On their way, and open to who wants the same.
UNDER_WAY = (NeedState.OPEN, NeedState.ACCEPTED, NeedState.PLANNED)
# Where it may wait for somebody who can do it (`no_resource_yet`).
UNMET = (NeedState.DECLINED, NeedState.CLOSED_UNSOLVED)
# Where those who asked say whether it is solved.
JUDGED_IN = (NeedState.SERVED, NeedState.EVALUATED)


class Need(Base):
    """A need of a community. It names no resident: who asked stands in `NeedVoice`."""

    __tablename__ = "need"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    title: Mapped[str]
    details: Mapped[str | None]
    # Of what a resident has written: whether others may read it (identity/people/texts.py).
    text_state: Mapped[CommentState] = mapped_column(
        default=CommentState.NONE, server_default=CommentState.NONE.value
    )
    service_kind: Mapped[str | None]
    for_whom: Mapped[ForWhom | None]
    # When it would suit; None: whenever.
    suits: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    source: Mapped[NeedSource]
    raised_on: Mapped[date]
    # The last day on which it is decided in time; None of those that the older release wrote.
    decide_by: Mapped[date | None]
    decided_at: Mapped[datetime | None]
    state: Mapped[NeedState] = mapped_column(default=NeedState.OPEN)
    # Of a refusal, or of an end without a solution: a key of config/need_reasons.toml, and words.
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    # What it is dealt with as: it stays as it was when it was merged, and what becomes of that one
    # becomes of it (lifecycle/merging.py). That one is never merged itself.
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("need.id"), index=True)
    merged_at: Mapped[datetime | None]
    # Which time it is gone through: one more for each time that it was not solved.
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    served_at: Mapped[datetime | None]
    # What the older release planned it for: nothing reads it, NeedPlan has it; a later release
    # drops it.
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activity.id"), index=True)
    # Of the staff, who wrote it down; None of what residents raise themselves.
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    # What its likes find it by (needs/similar/); none of those that the older release wrote.
    grams: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default="{}", deferred=True
    )
    # When it came to an end, whichever; None while it is on its way.
    ended_at: Mapped[datetime | None]
    # The region's code: roles are compared with it.
    region_code: Mapped[str] = column_property(
        select(Region.code).where(Region.id == region_id).correlate_except(Region).scalar_subquery()
    )

    __table_args__ = (
        Index("ix_need_list", "raised_on", "id"),
        Index("ix_need_region", "region_id", "state"),
        # Of those under way alone: what has ended, and is the most by far, is not looked at.
        Index(
            "ix_need_grams", "grams",
            postgresql_using="gin", postgresql_with={"fastupdate": False},
            postgresql_where=text("state IN ('open', 'accepted', 'planned')"),
        ),
    )  # fmt: skip


class NeedPhoto(Base):
    """A photo of a need, as it was written anew (core/photos.py)."""

    __tablename__ = "need_photo"

    # Made by the phone: the same photo sent again is the same row.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"), index=True)
    content: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class VoiceRole(StrEnum):
    RAISER = "raiser"
    SUPPORTER = "supporter"


class NeedVoice(Base):
    """Somebody who asks for it: who raised it, or supports it. No list and no
    page reads it, and nothing that is kept of a need names it (docs/adr/0032)."""

    __tablename__ = "need_voice"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"), index=True)
    # None once the link is cut: the voice still counts, and is nobody's.
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"), index=True)
    role: Mapped[VoiceRole]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    # Of the staff, who wrote it down for them.
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_at: Mapped[datetime | None]
    # Of one whose link is cut, the first voice of the same person among what was merged: who has
    # asked twice counts as one for ever.
    counts_as: Mapped[UUID | None]

    __table_args__ = (
        Index(
            "uq_need_voice_resident", "need_id", "resident_id", unique=True,
            postgresql_where=text("resident_id IS NOT NULL"),
        ),
        Index(
            "uq_need_voice_raiser", "need_id", unique=True,
            postgresql_where=text("role = 'raiser'"),
        ),
    )  # fmt: skip


class Verdict(StrEnum):
    SOLVED = "solved"
    PARTLY = "partly"
    NOT = "not"


class NeedVerdict(Base):
    """What one voice was asked, and says, of how a need was solved in a round."""

    __tablename__ = "need_verdict"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    voice_id: Mapped[UUID] = mapped_column(ForeignKey("need_voice.id"))
    round: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    asked_again_at: Mapped[datetime | None]
    # None: no answer, which is never "solved".
    verdict: Mapped[Verdict | None]
    # In the resident's words: read by the staff of that region, never with whose they are.
    reason: Mapped[str | None]
    reason_state: Mapped[CommentState] = mapped_column(default=CommentState.NONE)
    answered_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("voice_id", "round", name="uq_need_verdict_voice_id"),)


class PlanEnd(StrEnum):
    """Why a need is not planned for something any more."""

    TAKEN_OFF = "taken_off"
    CANCELLED = "cancelled"
    SERVICE_DROPPED = "service_dropped"


class NeedPlan(Base):
    """需求列入项目: a need that a service is to meet."""

    __tablename__ = "need_plan"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    # None: the activity as a whole; or a service that was deleted since.
    offering_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("offering.id", ondelete="SET NULL"), index=True
    )
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"), index=True)
    round: Mapped[int]
    planned_at: Mapped[datetime] = mapped_column(default=clock.now)
    planned_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[PlanEnd | None]

    __table_args__ = (
        Index(
            "uq_need_plan_standing", "need_id", "offering_id", unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip
