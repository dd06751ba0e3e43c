"""Reads of the audit log: the latest first, by keyset, within an auditor's regions.

Most entries name the region they concern. Some concern none (logins, roles, guests, forged
forms): an auditor sees those of the staff in their regions, and whoever audits all of the
deployment's topmost regions sees all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.activities.history.parts import (
    named_in_details,
    origin_in_words,
    part_in_words,
    with_parts,
)
from backend.activities.models import Activity, ScheduleImport
from backend.audit.requests import Entries
from backend.audit.words import (
    action_in_words,
    change_in_words,
    details_in_words,
    main_change,
    object_in_words,
)
from backend.board.models import WallLink
from backend.board.walls import wall_in_words
from backend.bookings.models import Booking
from backend.core.audit import AuditEntry
from backend.core.errors import NotFound
from backend.core.feature import AuditWords
from backend.core.pagination import Page, paginate
from backend.core.permissions import Role
from backend.identity.models import Resident, RoleAssignment
from backend.identity.names import masked_name
from backend.outreach.models import ActivityChange, Addressee, Announcement, AnnouncementState
from backend.partners.models import Organisation
from backend.regions.models import Region, RegionImport
from backend.regions.queries import within
from backend.reports.models import ReportRun

SYSTEM = "系统"
# At which something was done that is not itself an activity.
_market = aliased(Activity)
_place = aliased(Region)
# Whom a change concerned.
_addressed = aliased(Resident)
_readable = case((Announcement.state != AnnouncementState.REJECTED, Announcement.text))
# What entries are about, and what it is called.
_TITLES: Mapping[str, tuple[Any, Any]] = {
    Activity.__tablename__: (Activity, Activity.title),
    ReportRun.__tablename__: (ReportRun, ReportRun.title),
    Booking.__tablename__: (Booking, Booking.ticket + " · " + _market.title),
    ScheduleImport.__tablename__: (ScheduleImport, ScheduleImport.file_name),
    RegionImport.__tablename__: (RegionImport, RegionImport.file_name),
    Organisation.__tablename__: (Organisation, Organisation.name),
    # A market is known of others' entries, too.
    WallLink.__tablename__: (
        WallLink,
        case((WallLink.id.is_not(None), wall_in_words(_market, _place))),
    ),
    ActivityChange.__tablename__: (ActivityChange, ActivityChange.words),
    Announcement.__tablename__: (Announcement, _readable),
    # Masked before anybody reads it (`_shown`).
    Addressee.__tablename__: (Addressee, _addressed.name),
}
# What there is no title of: files are deleted some time after they came, people erased or merged,
# and what WeChat has refused is read nowhere but where it was written.
_FORGOTTEN = dict.fromkeys(
    (ScheduleImport.__tablename__, RegionImport.__tablename__), "文件已到期删除"
) | {
    Addressee.__tablename__: "资料已删除或合并",
    Announcement.__tablename__: "没有通过检查，内容不显示",
}
_MOST_STAFF = 500
_actor_person = aliased(Resident)
_COLUMNS: tuple[Any, ...] = (
    AuditEntry,
    _actor_person.name.label("actor_name"),
    Region.name.label("region_name"),
    func.coalesce(*(title for _, title in _TITLES.values())).label("object_title"),
    _market.id.label("market_id"),
    _market.title.label("market_title"),
)


@dataclass(frozen=True, slots=True)
class Market:
    """The activity at which something was done."""

    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry in words.

    Attributes:
        market: None where none is known, or the entry is about an activity itself.
    """

    id: UUID
    at: datetime
    actor_user_id: UUID | None
    who: str
    what: str
    object_type: str
    object_id: UUID
    object_kind: str
    object_title: str
    part: str
    market: Market | None
    region: str | None
    change: str
    reason: str
    reason_erased: bool
    details: Sequence[tuple[str, str]]
    raw: Mapping[str, Any]
    request_id: str | None
    address: str


def audit_page(session: Session, codes: Sequence[str], asked: Entries, words: AuditWords) -> Page:
    """A page of entries.

    Args:
        codes: of the regions whose entries are shown.
        words: of all features.
    """
    page = paginate(
        session,
        found_entries(session, codes, asked),
        [(AuditEntry.at.expression, datetime), (AuditEntry.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (row.AuditEntry.at, str(row.AuditEntry.id)),
        descending=True,
        scalars=False,
    )
    return Page([_shown(row, words) for row in page.items], page.next_cursor)


def audit_entry(session: Session, codes: Sequence[str], entry_id: UUID, words: AuditWords) -> Shown:
    """One entry.

    Raises NotFound (404) outside the given regions.
    """
    statement = found_entries(session, codes, Entries()).where(AuditEntry.id == entry_id)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return _shown(row, words)


def found_entries(session: Session, codes: Sequence[str], asked: Entries) -> Select[Any]:
    """The entries that a filter finds, with the names that their words need."""
    statement = (
        select(*_COLUMNS)
        .outerjoin(_actor_person, _actor_person.user_id == AuditEntry.actor_user_id)
        .outerjoin(Region, Region.code == AuditEntry.region_code)
    )
    for kind, (model, _) in _TITLES.items():
        about = and_(AuditEntry.object_type == kind, model.id == AuditEntry.object_id)
        statement = statement.outerjoin(model, about)
    of_market = func.coalesce(
        Booking.activity_id, WallLink.activity_id, named_in_details("activity_id")
    )
    statement = statement.outerjoin(_market, _market.id == of_market)
    statement = statement.outerjoin(_addressed, _addressed.id == Addressee.resident_id)
    statement = statement.outerjoin(_place, _place.id == WallLink.region_id)
    return with_parts(statement).where(_may_see(session, codes), *_conditions(asked))


def _may_see(session: Session, codes: Sequence[str]) -> ColumnElement[bool]:
    of_region = or_(false(), *(AuditEntry.region_code.startswith(code) for code in codes))
    if _audits_everything(session, codes):
        return or_(of_region, AuditEntry.region_code.is_(None))
    staff = _staff(codes).with_only_columns(RoleAssignment.user_id)
    of_staff = or_(AuditEntry.actor_user_id.in_(staff), AuditEntry.object_id.in_(staff))
    return or_(of_region, and_(AuditEntry.region_code.is_(None), of_staff))


def _audits_everything(session: Session, codes: Sequence[str]) -> bool:
    beside = select(Region.id).where(Region.parent_id.is_(None), ~within(codes)).limit(1)
    return bool(codes) and session.execute(beside).first() is None


def _conditions(asked: Entries) -> Iterable[ColumnElement[bool]]:
    if asked.from_ is not None:
        yield AuditEntry.at >= asked.from_
    if asked.to is not None:
        yield AuditEntry.at < asked.to
    if asked.by_system:
        yield AuditEntry.actor_user_id.is_(None)
    if asked.actor_id is not None:
        yield AuditEntry.actor_user_id == asked.actor_id
    if asked.action is not None:
        yield AuditEntry.action == asked.action
    if asked.object_type is not None:
        yield AuditEntry.object_type == asked.object_type
    if asked.address is not None:
        yield AuditEntry.address == asked.address
    if asked.object_id is not None:
        yield AuditEntry.object_id == asked.object_id


def _shown(row: Any, words: AuditWords) -> Shown:
    entry: AuditEntry = row.AuditEntry
    part, origin = part_in_words(row, masked_name), origin_in_words(row)
    said = (("哪一个", part), ("来源", origin))
    return Shown(
        id=entry.id,
        at=entry.at,
        actor_user_id=entry.actor_user_id,
        who=masked_name(row.actor_name) if entry.actor_user_id else SYSTEM,
        what=action_in_words(words, entry.action, entry.object_type),
        object_type=entry.object_type,
        object_id=entry.object_id,
        object_kind=object_in_words(words, entry.object_type),
        object_title=_title(row),
        part=part or origin,
        market=Market(row.market_id, row.market_title) if row.market_id else None,
        region=row.region_name or entry.region_code,
        change=change_in_words(words, entry) or main_change(words, entry.details),
        reason=entry.reason_in_words or "",
        reason_erased=entry.reason == "",
        details=[one for one in said if one[1]] + details_in_words(words, entry.details),
        raw=entry.details,
        request_id=entry.request_id,
        address=entry.address or "",
    )


def _title(row: Any) -> str:
    kind: str = row.AuditEntry.object_type
    if row.object_title and kind == Addressee.__tablename__:
        return masked_name(row.object_title)
    return row.object_title or _FORGOTTEN.get(kind, "")


# ---------------------------------------------------------------------------- who


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who has or had a role, as the filter names them."""

    user_id: UUID
    name: str
    roles: tuple[Role, ...]


def staff_to_choose(session: Session, codes: Sequence[str]) -> list[Staff]:
    """Who has or had a role in these regions; the most recent ones where they are very many."""
    rows = session.execute(
        _staff(codes)
        .join(Resident, Resident.user_id == RoleAssignment.user_id)
        .with_only_columns(RoleAssignment.user_id, RoleAssignment.role, Resident.name)
        .order_by(RoleAssignment.id.desc())
        .limit(_MOST_STAFF)
    )
    found: dict[UUID, tuple[str, list[Role]]] = {}
    for row in rows:
        _, roles = found.setdefault(row.user_id, (masked_name(row.name), []))
        if row.role not in roles:
            roles.append(row.role)
    people = [Staff(user_id, name, tuple(roles)) for user_id, (name, roles) in found.items()]
    return sorted(people, key=lambda one: (one.name, str(one.user_id)))


def _staff(codes: Sequence[str]) -> Select[Any]:
    return (
        select(RoleAssignment.id)
        .join(Region, Region.id == RoleAssignment.region_id)
        .where(within(codes))
    )
