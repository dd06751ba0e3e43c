"""What the report routes answer, and what the addresses of boards carry."""

import marshmallow as ma
from marshmallow import fields as out

from backend.activities.models import ActivityState
from backend.core.web import fields
from backend.core.web.lists import PageQuery
from backend.feedback.web.shapes import MeanAnswer, ShareAnswer


class OfferingRatingAnswer(ma.Schema):
    rated = out.Integer()
    score = out.Nested(MeanAnswer, allow_none=True)
    satisfied_share = out.Nested(ShareAnswer, allow_none=True)
    hidden = out.Boolean()
    small_sample = out.Boolean()


class SummaryStall(ma.Schema):
    number = out.String(metadata={"example": "A3"})
    name = out.String()


class OfferingSummaryAnswer(ma.Schema):
    offering_id = out.UUID()
    title = out.String()
    service_kind = out.String()
    stall = out.Nested(SummaryStall)
    mean_wait_minutes = out.Integer(
        allow_none=True, metadata={"description": "from arrival to the first call"}
    )
    booked = out.Integer(metadata={"description": "signed up, not here yet"})
    waiting = out.Integer()
    calling = out.Integer()
    serving = out.Integer()
    served = out.Integer()
    missed = out.Integer()
    parked = out.Integer()
    no_show = out.Integer()
    cancelled = out.Integer()
    expired = out.Integer(metadata={"description": "here, but the market ended first"})
    rating = out.Nested(OfferingRatingAnswer)


class SummaryAnswer(ma.Schema):
    activity_id = out.UUID()
    state = out.Enum(ActivityState, by_value=True)
    visits = out.Integer(metadata={"description": "服务人次"})
    people = out.Integer(metadata={"description": "服务人数"})
    inside_now = out.Integer()
    offerings = out.List(out.Nested(OfferingSummaryAnswer))


class BoardQuery(PageQuery):
    on = fields.Day(metadata={"description": "the day; today unless given"})
    region_id = fields.Id()


class WallQuery(fields.Schema):
    wall = ma.fields.Boolean(load_default=False)


class WallsQuery(fields.Schema):
    """The secret of the link that was just made, and whether it leads to a calendar."""

    made = fields.Text(50)
    calendar = fields.FlagInQuery(load_default=False)


class WallForm(fields.Schema):
    region_id = fields.Id(required=True)


class DisplayQuery(fields.Schema):
    stall = ma.fields.List(fields.Text(10), load_default=list)
