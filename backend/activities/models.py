"""Activities and what they are made of."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    Numeric,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Who, by
from backend.regions.models import Region


class Programme(StrEnum):
    MARKET = "market"  # 吾社集
    ACTION = "action"  # 吾社行
    EXCHANGE = "exchange"  # 吾社汇


class ExchangeKind(StrEnum):
    VISIT = "visit"
    TRAINING = "training"
    SEMINAR = "seminar"
    SHOWCASE = "showcase"
    PARTY_STUDY = "party_study"
    UNIVERSITY = "university"


class ActivityState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    LIVE = "live"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# Who may move an activity where; docs/states.md is made from this table.
ACTIVITY_TRANSITIONS: dict[ActivityState, dict[ActivityState, Who]] = {
    ActivityState.DRAFT: {
        ActivityState.SUBMITTED: by(Permission.ACTIVITY_SUBMIT),
        ActivityState.PUBLISHED: by(Permission.ACTIVITY_PUBLISH),
        ActivityState.CANCELLED: by(Permission.ACTIVITY_CANCEL),
    },
    ActivityState.SUBMITTED: {
        ActivityState.PUBLISHED: by(Permission.ACTIVITY_PUBLISH),
        ActivityState.DRAFT: by(Permission.ACTIVITY_PUBLISH, note="returned with a reason"),
        ActivityState.CANCELLED: by(Permission.ACTIVITY_CANCEL),
    },
    ActivityState.PUBLISHED: {
        ActivityState.LIVE: by(Permission.ACTIVITY_RUN),
        ActivityState.CANCELLED: by(Permission.ACTIVITY_CANCEL),
    },
    ActivityState.LIVE: {
        ActivityState.CLOSED: by(Permission.ACTIVITY_RUN),
        ActivityState.PUBLISHED: by(
            Permission.ACTIVITY_RUN, note="opened by mistake, nobody has come"
        ),
        ActivityState.CANCELLED: by(Permission.ACTIVITY_CANCEL),
    },
    ActivityState.CLOSED: {},
    ActivityState.CANCELLED: {},
}


# So that whoever looks for what has not ended need not look at all that ever began.
LONGEST_ACTIVITY = timedelta(days=31)


class Venue(Base):
    """A place as an activity names it. Never changed: an activity that moves gets another row."""

    __tablename__ = "venue"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    address: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    wheelchair: Mapped[bool | None]


class Activity(Base):
    __tablename__ = "activity"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    programme: Mapped[Programme]
    title: Mapped[str]
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"), index=True)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venue.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    description: Mapped[str | None]
    organiser_name: Mapped[str | None]
    # The organiser's public number, printed on posters; not a resident's.
    contact_phone: Mapped[str | None]
    checkin_opens_minutes: Mapped[int] = mapped_column(default=30)
    # None: the printed code is the check-in code. Otherwise the code on the screen changes.
    code_rotates_seconds: Mapped[int | None]
    field: Mapped[str | None]
    kind: Mapped[ExchangeKind | None]
    state: Mapped[ActivityState] = mapped_column(default=ActivityState.DRAFT)
    # Counts changes, so that of two people who edit at once the second is told.
    version: Mapped[int] = mapped_column(default=1)
    return_reason: Mapped[str | None]
    cancel_reason: Mapped[str | None]
    copied_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("activity.id"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # None also for one that was cancelled before this was kept.
    cancelled_at: Mapped[datetime | None]
    # Cancelled because the import that made it was undone: no list shows it any more.
    withdrawn_at: Mapped[datetime | None]
    # The region's code: roles are compared with it.
    region_code: Mapped[str] = column_property(
        select(Region.code).where(Region.id == region_id).correlate_except(Region).scalar_subquery()
    )

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_activity_list", "starts_at", "id"),
        Index("ix_activity_state_list", "state", "starts_at", "id"),
    )


class MarketCode(Base):
    """An activity's own check-in code: opaque, in printed QR images, revocable."""

    __tablename__ = "market_code"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    scene: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_market_code_active",
            "activity_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )


class CodeImage(Base):
    """WeChat's image of a market code. It never expires there, so it is fetched once."""

    __tablename__ = "code_image"

    market_code_id: Mapped[UUID] = mapped_column(ForeignKey("market_code.id"), primary_key=True)
    png: Mapped[bytes]
    fetched_at: Mapped[datetime] = mapped_column(default=clock.now)


class Stall(Base):
    __tablename__ = "stall"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    number: Mapped[str]
    name: Mapped[str]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    # On the plan; both or neither.
    spot_row: Mapped[int | None]
    spot_column: Mapped[int | None]
    place_note: Mapped[str | None]
    # Spot and note in words (第2排第3位 东门左侧). Written by the database alone (migration 0030),
    # but for code of before it.
    place: Mapped[str | None] = mapped_column(
        server_default=FetchedValue(), server_onupdate=FetchedValue()
    )
    # Taken out of an announced activity though people had signed up: their numbers tell of it.
    dropped_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_stall_activity_id_number",
            "activity_id",
            "number",
            unique=True,
            postgresql_where=text("dropped_at IS NULL"),
        ),
        Index(
            "uq_stall_spot",
            "activity_id",
            "spot_row",
            "spot_column",
            unique=True,
            postgresql_where=text("spot_row IS NOT NULL"),
        ),
        CheckConstraint(
            "(spot_row IS NULL) = (spot_column IS NULL)"
            " AND spot_row BETWEEN 1 AND 12 AND spot_column BETWEEN 1 AND 12",
            name="spot",
        ),
    )


class OfferingMode(StrEnum):
    OPEN = "open"  # just come
    QUEUE = "queue"  # numbers
    SLOTS = "slots"  # appointments, then numbers


class Offering(Base):
    """A service at a stall. `letter` begins its numbers (A012) and is its own in the activity."""

    __tablename__ = "offering"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    stall_id: Mapped[UUID] = mapped_column(ForeignKey("stall.id"), index=True)
    letter: Mapped[str]
    title: Mapped[str]
    service_kind: Mapped[str]
    mode: Mapped[OfferingMode]
    minutes_per_person: Mapped[int] = mapped_column(default=10)
    # The most people served in a day, whichever way they come; None: no limit.
    capacity: Mapped[int | None]
    # The share of each slot kept for walk-ins and the assisted, 0 to 1.
    walk_in_share: Mapped[Decimal] = mapped_column(Numeric(4, 3), default=Decimal(0))
    min_age: Mapped[int | None]
    daily_cap_per_person: Mapped[int] = mapped_column(default=1)
    sign_up_opens_at: Mapped[datetime | None]
    sign_up_closes_at: Mapped[datetime | None]
    # As of a stall.
    dropped_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("activity_id", "letter"),
        CheckConstraint("walk_in_share BETWEEN 0 AND 1", name="walk_in_share"),
        CheckConstraint("capacity > 0", name="capacity"),
    )


class Desk(Base):
    """A stall that serves an offering's queue: its own, and others that share the line."""

    __tablename__ = "desk"

    offering_id: Mapped[UUID] = mapped_column(
        ForeignKey("offering.id", ondelete="CASCADE"), primary_key=True
    )
    stall_id: Mapped[UUID] = mapped_column(ForeignKey("stall.id"), primary_key=True, index=True)


class Slot(Base):
    """A time for appointments. `taken` is moved by the one conditional UPDATE that also guards
    it; the CHECK is the second guard."""

    __tablename__ = "slot"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    offering_id: Mapped[UUID] = mapped_column(ForeignKey("offering.id", ondelete="CASCADE"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        UniqueConstraint("offering_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("taken BETWEEN 0 AND capacity", name="taken_within_capacity"),
    )


class ServiceDay(Base):
    """An offering's day: the last number given and when, and how many places are taken, all ways
    in."""

    __tablename__ = "service_day"

    offering_id: Mapped[UUID] = mapped_column(
        ForeignKey("offering.id", ondelete="CASCADE"), primary_key=True
    )
    on_day: Mapped[date] = mapped_column(primary_key=True)
    last_number: Mapped[int]
    # Each number's is later than that of the one before. None while only code has given numbers
    # that did not know it.
    numbered_at: Mapped[datetime | None]
    taken: Mapped[int]

    __table_args__ = (CheckConstraint("taken >= 0", name="taken"),)


class Attendance(Base):
    """A person's visit to an activity on one day: derived from scans, unique while it stands.

    It lives here and not in `checkin`, because bookings ask whether somebody has come.
    """

    __tablename__ = "attendance"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    on_day: Mapped[date]
    attended_at: Mapped[datetime]
    # The device that admitted first; shown to the one who scans again.
    device_id: Mapped[str | None]
    left_at: Mapped[datetime | None]
    # Set when the admitting scan was undone; the row then counts nowhere.
    reverted_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_attendance_person_day",
            "activity_id",
            "resident_id",
            "on_day",
            unique=True,
            postgresql_where=text("reverted_at IS NULL"),
        ),
        Index("ix_attendance_resident", "resident_id", "id"),
    )


class Duty(Base):
    """What a colleague does at an activity; one row for each, changed by taking it away."""

    __tablename__ = "duty"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    # None: not at a stall, or at one that has been deleted.
    stall_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("stall.id", ondelete="SET NULL"), index=True
    )
    words: Mapped[str]
    assigned_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    assigned_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (UniqueConstraint("activity_id", "user_id"),)


class ActivityRecord(Base):
    """What the organiser writes down of an activity, for the ledger: who helped, for how long,
    what it cost, what went wrong. Typed in by hand, and shown as such."""

    __tablename__ = "activity_record"

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    volunteers: Mapped[int | None]
    # Of all volunteers together.
    volunteer_minutes: Mapped[int | None]
    funds_yuan: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    problems: Mapped[str | None]
    # Counts changes, so that of two people who edit at once the second is told.
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))

    __table_args__ = (
        CheckConstraint("volunteers >= 0", name="volunteers"),
        CheckConstraint("volunteer_minutes >= 0", name="volunteer_minutes"),
        CheckConstraint("funds_yuan >= 0", name="funds_yuan"),
    )


class ScheduleImport(Base):
    """An Excel file on its way into the schedule: kept with what was put right in its preview, so
    that nothing is uploaded or typed twice and what is made is what was looked at."""

    __tablename__ = "schedule_import"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # Nobody else sees it.
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    file_name: Mapped[str]
    content: Mapped[bytes]
    # Whose stalls and services rows get that name none themselves.
    model_id: Mapped[UUID | None] = mapped_column(ForeignKey("activity.id"))
    # What was typed in place of what the file says: by row and column. By the id of an activity
    # that rows copy: what becomes of its slots where they don't fit.
    typed: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB, server_default="{}")
    # Of rows of which the clerk has said so: whether they are imported, and where something was
    # doubtful what they have confirmed.
    wanted: Mapped[dict[str, bool | list[str]]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    # When rows of it were last imported, how many there are, and how many are yet to be: counted
    # when it was last imported or put right.
    done_at: Mapped[datetime | None]
    made: Mapped[int | None]
    rows_left: Mapped[int | None]


class ImportedRow(Base):
    """A row of a file that has become an activity: it becomes no second one, and the import that
    made it can be undone."""

    __tablename__ = "imported_row"

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("schedule_import.id", ondelete="CASCADE"), primary_key=True
    )
    # As the reader of the file calls it.
    row: Mapped[str] = mapped_column(primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"), unique=True)
