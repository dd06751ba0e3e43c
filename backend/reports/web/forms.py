"""What the pages of reports take."""

import re
from datetime import date, timedelta
from typing import Any

import marshmallow as ma

from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.reports.models import ReportKind

REASON_LENGTH = 200
LEDGER_DAYS = 366
# What the form offers; audit exports are asked for on the audit page.
KINDS = (ReportKind.MONTHLY, ReportKind.QUARTERLY, ReportKind.LEDGER, ReportKind.BRIEF)
_NEEDED: dict[ReportKind, dict[str, str]] = {
    ReportKind.MONTHLY: {"region_id": "请选择地区", "month": "请选择月份"},
    ReportKind.QUARTERLY: {"region_id": "请选择地区", "quarter": "请选择季度"},
    ReportKind.LEDGER: {
        "region_id": "请选择地区", "from": "请选择开始日期", "to": "请选择结束日期",
    },
    ReportKind.BRIEF: {"activity_id": "请选择活动"},
}  # fmt: skip


def month_days(month: str) -> tuple[date, date]:
    """The first and the last day of a month, YYYY-MM."""
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, 1), _first_of(year, number + 1) - timedelta(days=1)


def quarter_days(quarter: str) -> tuple[date, date]:
    """The first and the last day of a quarter, YYYY-Q1 to YYYY-Q4."""
    year, number = (int(part) for part in quarter.split("-Q"))
    first = 3 * number - 2
    return date(year, first, 1), _first_of(year, first + 3) - timedelta(days=1)


def _first_of(year: int, month: int) -> date:
    return date(year + 1, 1, 1) if month > 12 else date(year, month, 1)


class _Period(fields.Text):
    """A month or a quarter in words of its own."""

    def __init__(self, pattern: str, hint: str, **kwargs: Any) -> None:
        super().__init__(7, **kwargs)
        self.pattern, self.hint = re.compile(pattern, re.ASCII), hint

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not self.pattern.fullmatch(text):
            raise ma.ValidationError(self.hint)
        return text


class ReportsQuery(PageQuery):
    """The list's filter, and what the form begins with."""

    kind = fields.Choice(ReportKind)
    whose = fields.Key(("mine", "all"))
    region_id = fields.Id()
    activity_id = fields.Id()
    month = fields.Text(7)
    quarter = fields.Text(7)
    from_ = fields.Day(data_key="from")
    to = fields.Day()


class ReportForm(Schema):
    """What report, of what, and what for."""

    kind = fields.Choice(ReportKind, required=True)
    region_id = fields.Id()
    month = _Period(r"20\d\d-(0[1-9]|1[0-2])", "请选择月份")
    quarter = _Period(r"20\d\d-Q[1-4]", "请选择季度")
    from_ = fields.Day(data_key="from")
    to = fields.Day()
    activity_id = fields.Id()
    reason = fields.ImpersonalText(REASON_LENGTH, required=True)

    @ma.validates_schema
    def whole(self, data: dict[str, Any], **_: object) -> None:
        """All that the kind needs is there; a ledger of one activity needs nothing else."""
        kind = data["kind"]
        if kind not in KINDS:
            raise ma.ValidationError("没有这种报表", "kind")
        if kind is ReportKind.LEDGER and "activity_id" in data:
            return
        missing = {
            name: [hint]
            for name, hint in _NEEDED[kind].items()
            if {"from": "from_"}.get(name, name) not in data
        }
        if missing:
            raise ma.ValidationError(missing)
        if kind is ReportKind.LEDGER:
            _check_days(data["from_"], data["to"])


def _check_days(first: date, last: date) -> None:
    if last < first:
        raise ma.ValidationError("结束日期不能早于开始日期", "to")
    if (last - first).days >= LEDGER_DAYS:
        raise ma.ValidationError("一份台账最多一年，请分开做", "to")
