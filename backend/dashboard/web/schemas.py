"""What the dashboard's route and pages take and answer."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.activities.models import Programme
from backend.core.config import titles
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.dashboard.lists import LastMarket
from backend.dashboard.periods import Period, this_year
from backend.feedback.web.shapes import ShareAnswer
from backend.regions.models import RegionLevel

_KEY = {
    "description": "all, a year or a month of Shanghai's; this year unless told otherwise",
    "example": "2026-11",
    "pattern": r"^(all|20\d\d(-(0[1-9]|1[0-2]))?)$",
}


class PeriodField(fields.Text):
    """`all`, `2026` or `2026-11`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(len("2026-11"), metadata=_KEY, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return Period.of(super()._deserialize(value, *args, **kwargs))
        except ValueError:
            raise ma.ValidationError("应为 all、年份（如 2026）或月份（如 2026-11）") from None


class DashboardQuery(Schema):
    region_id = fields.Id(
        metadata={"description": "this region and all below it; else the topmost of one's own"}
    )
    period = PeriodField(load_default=this_year)


class CountedQuery(PageQuery, DashboardQuery):
    """The activities behind a figure."""

    programme = fields.Choice(Programme)
    kind = fields.Key(titles("service_kinds"))
    recorded = fields.FlagInQuery()


class CommunitiesQuery(DashboardQuery):
    """The communities behind a figure."""

    reached = fields.FlagInQuery()
    last_market = fields.Choice(LastMarket)


# ---------------------------------------------------------------------------- out


class _SatisfactionAnswer(ma.Schema):
    rated = out.Integer()
    satisfied_share = out.Nested(ShareAnswer, allow_none=True)
    small_sample = out.Boolean(metadata={"description": "too few answers to say anything"})


class _SumsAnswer(_SatisfactionAnswer):
    activities = out.Integer(metadata={"description": "场次: those that have begun"})
    live = out.Integer(metadata={"description": "of these, on now"})
    visits = out.Integer(metadata={"description": "服务人次"})
    volunteer_minutes = out.Integer(metadata={"description": "of the records that were typed in"})
    funds_yuan = out.Float(metadata={"example": 1250.5})
    recorded = out.Integer(metadata={"description": "activities with such a record"})
    communities_reached = out.Integer(
        metadata={"description": "communities where at least one took place"}
    )


class DashboardTotals(_SumsAnswer):
    people = out.Integer(
        allow_none=True,
        metadata={"description": "服务人数, each person once; null until it has been counted"},
    )
    people_counted_at = out.AwareDateTime(allow_none=True)
    communities = out.Integer(metadata={"description": "communities in the region"})


class ProgrammeTotals(_SumsAnswer):
    programme = out.Enum(Programme, by_value=True)


class DashboardMonth(_SatisfactionAnswer):
    month = out.String(metadata={"example": "2026-11"})
    title = out.String(metadata={"example": "2026年11月"})
    activities = out.Integer()
    visits = out.Integer()


class DashboardKind(_SatisfactionAnswer):
    service_kind = out.String(metadata={"example": "clinic"})
    title = out.String(metadata={"example": "义诊"})
    activities = out.Integer(metadata={"description": "where it was served or rated"})
    served = out.Integer()


class DashboardNeeds(ma.Schema):
    raised = out.Integer(metadata={"description": "in the period; the others are of these"})
    evaluated = out.Integer(metadata={"description": "those who asked have said what they think"})
    solved = out.Integer(metadata={"description": "evaluated, and most of them say it is solved"})
    closed_unsolved = out.Integer()
    declined = out.Integer()


class DashboardRegion(ma.Schema):
    id = out.UUID()
    code = out.String(metadata={"example": "320412"})
    name = out.String(metadata={"example": "武进区"})
    level = out.Enum(RegionLevel, by_value=True)


class DashboardPeriod(ma.Schema):
    key = out.String(metadata=_KEY)
    title = out.String(metadata={"example": "2026年11月"})
    first = out.Date(data_key="from", allow_none=True)
    last = out.Date(data_key="to", allow_none=True)


class DashboardAnswer(ma.Schema):
    region = out.Nested(DashboardRegion)
    period = out.Nested(DashboardPeriod)
    refreshed_at = out.AwareDateTime(
        allow_none=True, metadata={"description": "when the totals were last brought up to date"}
    )
    late = out.Boolean(
        metadata={"description": "older than they should ever be, or never made: tell somebody"}
    )
    totals = out.Nested(DashboardTotals)
    programmes = out.List(out.Nested(ProgrammeTotals))
    months = out.List(out.Nested(DashboardMonth))
    service_kinds = out.List(out.Nested(DashboardKind))
    needs = out.Nested(DashboardNeeds)
