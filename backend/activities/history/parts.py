"""Which of an activity's parts an audit entry is about: its stall, service, slot or colleague, as
they are called now; of a new activity, what it was made from. The log itself keeps ids
(core/audit.py); what was deleted is called as the entry of its deletion has it, in each entry.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, case, cast, func, null, select
from sqlalchemy.orm import aliased

from backend.activities.models import Activity, Offering, ScheduleImport, Slot, Stall
from backend.activities.words import quoted
from backend.core import clock, dates
from backend.core.audit import AuditEntry
from backend.core.db import AnySelect
from backend.identity.models import Resident

_colleague = aliased(Resident)
_source = aliased(Activity)
_file = aliased(ScheduleImport)
_deletion = aliased(AuditEntry)


def with_parts(statement: AnySelect) -> AnySelect:
    """A statement of entries, with what `part_in_words` needs of each."""
    offering_id = func.coalesce(named_in_details("offering_id"), Slot.offering_id)
    return (
        statement.add_columns(
            Stall.number.label("stall_number"),
            Stall.name.label("stall_name"),
            Offering.title.label("offering_title"),
            Slot.starts_at.label("slot_starts_at"),
            _colleague.name.label("colleague_name"),
            _source.title.label("source_title"),
            _source.starts_at.label("source_starts_at"),
            _file.file_name.label("from_file"),
            _as_it_was("stall_id", Stall.id, "delete_stall").label("stall_was"),
            _as_it_was("offering_id", Offering.id, "delete_offering").label("offering_was"),
            _as_it_was("slot_id", Slot.id, "delete_slot").label("slot_was"),
        )
        .outerjoin(Stall, Stall.id == named_in_details("stall_id"))
        .outerjoin(Slot, Slot.id == named_in_details("slot_id"))
        .outerjoin(Offering, Offering.id == offering_id)
        .outerjoin(_colleague, _colleague.user_id == named_in_details("user_id"))
        .outerjoin(_source, _source.id == named_in_details("copied_from_id"))
        .outerjoin(_file, _file.id == named_in_details("import_id"))
    )


def named_in_details(name: str) -> ColumnElement[UUID]:
    """The id that an entry's details keep under a name; null where they have none."""
    return cast(AuditEntry.details[name].as_string(), Uuid)


def _as_it_was(name: str, standing: Any, action: str) -> ColumnElement[Any]:
    """What the entry of a part's deletion says of it; nothing is looked for while it stands."""
    told = (
        select(_deletion.details["was"])
        .where(
            _deletion.object_type == AuditEntry.object_type,
            _deletion.object_id == AuditEntry.object_id,
            _deletion.action == action,
            _deletion.details[name].as_string() == AuditEntry.details[name].as_string(),
        )
        .limit(1)
        .correlate(AuditEntry)
        .scalar_subquery()
    )
    return case(
        (standing.is_not(None), null()), (named_in_details(name).is_(None), null()), else_=told
    )


def part_in_words(row: Any, name_of: Callable[[str | None], str]) -> str:
    """3 号 义诊台; empty where an entry is about the whole.

    Args:
        row: of a statement `with_parts`.
        name_of: how a colleague's name is shown to who reads it.
    """
    details = row.AuditEntry.details
    if "user_id" in details:
        return name_of(row.colleague_name)
    if "stall_id" in details:
        return _stall(details, row)
    if "slot_id" in details:
        return _slot(details, row)
    if "offering_id" in details:
        return _offering(details, row)
    return ""


def origin_in_words(row: Any) -> str:
    """由文件「五月.xlsx」第 3 行，照搬自「花园集市」（5月3日 周六）; empty where it was made anew.

    Args:
        row: of a statement `with_parts`.
    """
    details, said = row.AuditEntry.details, []
    if "import_id" in details:
        file = f"文件{quoted(row.from_file)}" if row.from_file else "文件（已到期删除）"
        said.append(f"由{file}第 {details['row']} 行")
    if "copied_from_id" in details:
        on = dates.day(clock.local_day(row.source_starts_at))
        said.append(f"照搬自{quoted(row.source_title)}（{on}）")
    return "，".join(said)


def _stall(details: dict[str, Any], row: Any) -> str:
    if row.stall_number:
        return f"{row.stall_number} 号 {row.stall_name}"
    was = row.stall_was or {}
    number, name = was.get("number") or details.get("number"), was.get("name")
    if name:
        return f"{number} 号 {name}（已删除）"
    return f"{number} 号摊位（已删除）" if number else "已删除的摊位"


def _offering(details: dict[str, Any], row: Any) -> str:
    if row.offering_title:
        return quoted(row.offering_title)
    was = row.offering_was or {}
    letter, title = was.get("letter") or details.get("letter"), was.get("title")
    if title:
        return f"{quoted(title)}（已删除）"
    return f"服务 {letter}（已删除）" if letter else "已删除的服务"


def _slot(details: dict[str, Any], row: Any) -> str:
    was = row.slot_was or {}
    title = row.offering_title or was.get("service") or (row.offering_was or {}).get("title")
    starts_at = row.slot_starts_at or _instant(was.get("starts_at") or details.get("slot_at"))
    if title is None and starts_at is None:
        return "已删除的时段"
    at = f"{_moment(starts_at)} 的时段" if starts_at else "的时段"
    gone = "" if row.slot_starts_at else "（已删除）"
    return f"{quoted(title) if title else ''}{at}{gone}"


def _instant(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


def _moment(instant: datetime) -> str:
    at = instant.astimezone(clock.SHANGHAI)
    return f"{at:%-m}月{at:%-d}日 {at:%-H:%M}"
