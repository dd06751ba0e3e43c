"""The audit log as an Excel file, for those who inspect it elsewhere."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.audit.log import Shown, audit_page
from backend.audit.requests import Entries
from backend.core.config import REPORTS
from backend.core.context import composed
from backend.core.dates import dated
from backend.core.db import transaction
from backend.core.feature import AuditWords
from backend.core.given import picked
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook
from backend.reports.making import CannotMake, NoteProgress, Order, makes
from backend.reports.models import ReportKind

COLUMNS = (
    Column("时间", 18, "moment"),
    Column("谁", 10),
    Column("做了什么", 18),
    Column("对象", 12),
    Column("名称", 30),
    Column("哪场活动", 30),
    Column("地区", 14),
    Column("变化", 18),
    Column("原因", 30),
    Column("其他", 34),
    Column("网络地址", 18),
    Column("编号", 38),
)
_CHUNK = 1000
_INSTANTS, _IDS = ("from_", "to"), ("actor_id", "object_id")
_OF_PAGES = ("cursor", "limit")


def parameters_of(asked: Entries) -> dict[str, Any]:
    """A filter as JSON: what is asked for, and nothing of pages."""
    values = ((one.name, getattr(asked, one.name)) for one in fields(asked))
    return {name: _plain(value) for name, value in values if value and name not in _OF_PAGES}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _asked_of(order: Order) -> Entries:
    """The filter of an order. What comes after it was given is not in it: the making itself writes
    entries."""
    kept = dict(order.parameters) | {"limit": _CHUNK}
    for name in _INSTANTS:
        if name in kept:
            kept[name] = datetime.fromisoformat(kept[name])
    for name in _IDS:
        if name in kept:
            kept[name] = UUID(kept[name])
    asked = picked(Entries, kept)
    return replace(asked, to=min(asked.to or order.requested_at, order.requested_at))


@makes(ReportKind.AUDIT)
def make_audit_export(order: Order, note: NoteProgress) -> bytes:
    """The entries that a filter finds, the latest first.

    Raises CannotMake where there is none, or more than a file should hold.
    """
    asked = _asked_of(order)
    rows: list[tuple[Any, ...]] = []
    while True:
        note(len(rows), len(rows) + _CHUNK)
        with transaction() as session:
            page = audit_page(session, [order.region_code], asked, composed(AuditWords))
        rows += [_row(entry) for entry in page.items]
        if len(rows) > REPORTS.audit_rows:
            raise CannotMake(f"超过 {REPORTS.audit_rows:,} 条，请缩小时间范围或加上筛选再导出")
        if page.next_cursor is None:
            break
        asked = replace(asked, cursor=page.next_cursor)
    if not rows:
        raise CannotMake("没有符合条件的记录。请换个时间或筛选条件")
    note(len(rows), len(rows))
    return write_workbook([_sheet(order, rows)])


def _row(entry: Shown) -> tuple[Any, ...]:
    more = "；".join(f"{label}：{value}" for label, value in entry.details)
    return (
        entry.at, entry.who, entry.what, entry.object_kind, entry.object_title,
        entry.market.title if entry.market else None, entry.region, entry.change, entry.reason,
        more, entry.address, str(entry.id),
    )  # fmt: skip


def _sheet(order: Order, rows: list[tuple[Any, ...]]) -> Sheet:
    return Sheet(
        "审计记录",
        COLUMNS,
        rows,
        heading=order.title,
        note=f"共 {len(rows):,} 条，最近的在前；姓名已隐去部分。导出于 {dated(order.at)}",
    )
