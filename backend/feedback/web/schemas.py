"""What the feedback routes take and answer (docs/rules/ratings.md)."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.activities.models import ActivityState, Programme
from backend.core.config import load
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.feedback.evaluation.checklist import ITEMS, LEVELS, EvaluationState, EvaluationVerdict
from backend.feedback.evaluation.queries import EvaluationFilter
from backend.feedback.requests import NewRating, OfService, OfVisit, RatingEdit
from backend.feedback.web.complaint_schemas import ComplaintAnswer
from backend.feedback.web.shapes import SHARE, MeanAnswer, ShareAnswer
from backend.identity.people.texts import CommentState
from backend.needs.web.shapes import OutcomeAnswer

COMMENT_LENGTH = 500
TAGS: dict[str, str] = load("evaluation")["tags"]
_VERDICT = {"enum": [verdict.value for verdict in EvaluationVerdict]}


# ---------------------------------------------------------------------------- in


class Score(fields.Int):
    """One of the five levels of 好差评."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(LEVELS[0], LEVELS[-1], **kwargs)


def _no_repeats(tags: list[str]) -> None:
    if len(set(tags)) != len(tags):
        raise ma.ValidationError("标签不能重复")


class Tags(fields.Items):
    """Keys of the configured tags, each at most once."""

    def __init__(self, **kwargs: Any) -> None:
        unique = {"uniqueItems": True} | kwargs.pop("metadata", {})
        super().__init__(
            fields.Key(TAGS), len(TAGS), validate=_no_repeats, metadata=unique, **kwargs
        )


RatedItems = Schema.from_dict({key: Score() for key in ITEMS}, name="RatedItems")


class RatingChange(Schema):
    """What is said; what is not named stays. An empty comment takes the comment back."""

    score = Score(metadata={"example": 5})
    items = fields.Part(RatedItems, metadata={"example": {"attitude": 5, "waiting": 3}})
    tags = Tags(metadata={"example": ["warm"]})
    comment = fields.Paragraphs(COMMENT_LENGTH, blank=True, allow_none=True)
    may_call = fields.Flag(
        allow_none=True,
        metadata={"description": "whether I may be called back, should it be a complaint"},
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> RatingEdit | OfService | OfVisit:
        return RatingEdit(**data)


class RatingRequest(RatingChange):
    """What is said, of a service (`booking_id`) or of a visit (`activity_id`)."""

    booking_id = fields.Id()
    activity_id = fields.Id()
    resident_id = fields.Id(
        metadata={"description": "with activity_id: a family member's visit, not one's own"}
    )
    score = Score(required=True, metadata={"example": 5})
    items = fields.Part(RatedItems, load_default=dict, metadata={"example": {"attitude": 5}})
    tags = Tags(load_default=list, metadata={"example": ["warm"]})

    @ma.validates_schema
    def one_subject(self, data: dict[str, Any], **_: object) -> None:
        if ("booking_id" in data) == ("activity_id" in data):
            raise ma.ValidationError("请给出要评价的服务或活动，二选一", "booking_id")
        if "resident_id" in data and "booking_id" in data:
            raise ma.ValidationError("评价服务时不用填写", "resident_id")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> OfService | OfVisit:
        whose = ("booking_id", "activity_id", "resident_id")
        booking_id, activity_id, resident_id = (data.pop(name, None) for name in whose)
        rating = NewRating(**data)
        if booking_id is not None:
            return OfService(booking_id, rating)
        return OfVisit(activity_id, resident_id, rating)


class UnsolvedRequest(Schema):
    """What is not solved yet, of a complaint that was answered."""

    words = fields.Paragraphs(
        COMMENT_LENGTH, required=True, metadata={"example": "昨天去还是等了一个小时"}
    )


class EvaluationQuery(PageQuery):
    region_id = fields.Id(metadata={"description": "this region and all below it"})
    programme = fields.Choice(Programme)
    from_ = fields.Moment(data_key="from", metadata={"description": "an instant, or a day"})
    to = fields.Moment(end=True, metadata={"description": "an instant, or a day (included)"})


def evaluation_filter(query: dict[str, Any]) -> EvaluationFilter:
    """What an EvaluationQuery asks for."""
    return EvaluationFilter(
        region_id=query.get("region_id"),
        programme=query.get("programme"),
        since=query.get("from_"),
        until=query.get("to"),
    )


# ---------------------------------------------------------------------------- out


class RatedByAnswer(ma.Schema):
    id = out.UUID()
    display_name = out.String(metadata={"example": "王秀英"})


class RatingAnswer(ma.Schema):
    """A rating as the one who gave it sees it."""

    id = out.UUID()
    activity_id = out.UUID()
    activity_title = out.String(metadata={"example": "花园社区公益集市"})
    offering_id = out.UUID(allow_none=True)
    offering_title = out.String(allow_none=True, metadata={"example": "义剪"})
    booking_id = out.UUID(allow_none=True)
    resident = out.Nested(RatedByAnswer)
    score = out.Integer(metadata={"example": 5})
    items = out.Dict(keys=out.String(), values=out.Integer())
    tags = out.List(out.String())
    comment = out.String(allow_none=True)
    comment_state = out.Enum(CommentState, by_value=True)
    created_at = out.AwareDateTime()
    updated_at = out.AwareDateTime()
    editable_until = out.AwareDateTime()
    may_call = out.Boolean(allow_none=True, metadata={"description": "null: was not asked"})
    complaint = out.Nested(
        ComplaintAnswer, allow_none=True, metadata={"description": "of a bad rating"}
    )
    photos = out.List(out.UUID())


class RatingLevelAnswer(ma.Schema):
    score = out.Integer(metadata={"example": 5})
    title = out.String(metadata={"example": "非常满意"})


class RatingChoiceAnswer(ma.Schema):
    key = out.String(metadata={"example": "attitude"})
    title = out.String(metadata={"example": "服务态度"})


class RatingTagAnswer(RatingChoiceAnswer):
    negative = out.Boolean(metadata={"description": "says what was wrong"})


class RatingFormAnswer(ma.Schema):
    levels = out.List(out.Nested(RatingLevelAnswer))
    items = out.List(out.Nested(RatingChoiceAnswer))
    tags = out.List(out.Nested(RatingTagAnswer))
    comment_length = out.Integer(metadata={"example": COMMENT_LENGTH})
    window_days = out.Integer(metadata={"example": 7})
    edit_hours = out.Integer(metadata={"example": 24})
    photos = out.Integer(metadata={"description": "how many a complaint may have", "example": 3})


class FiguresAnswer(ma.Schema):
    rated = out.Integer(metadata={"description": "n"})
    response_rate = out.Float(allow_none=True, metadata=SHARE)
    score = out.Nested(MeanAnswer, allow_none=True)
    satisfied_share = out.Nested(ShareAnswer, allow_none=True)
    distribution = out.Dict(
        keys=out.String(),
        values=out.Integer(),
        allow_none=True,
        metadata={"example": {"1": 0, "2": 1, "3": 3, "4": 10, "5": 26}},
    )
    served = out.Integer(metadata={"description": "bookings served, 人次"})
    hidden = out.Boolean(metadata={"description": "figures withheld: too few answers"})
    small_sample = out.Boolean()


class OfferingEvaluationAnswer(FiguresAnswer):
    offering_id = out.UUID()
    title = out.String(metadata={"example": "义剪"})
    service_kind = out.String(metadata={"example": "haircut"})


class ItemEvaluationAnswer(ma.Schema):
    key = out.String(metadata={"example": "waiting"})
    title = out.String(metadata={"example": "等候时间"})
    n = out.Integer()
    mean = out.Float(allow_none=True)
    satisfied_share = out.Nested(ShareAnswer, allow_none=True)
    target_share = out.Float(metadata=SHARE)
    met = out.Boolean(allow_none=True, metadata={"description": "null: too few answers to say"})


class VisitsEvaluationAnswer(ma.Schema):
    attended = out.Integer(metadata={"description": "visits, 人次"})
    rated = out.Integer()
    response_rate = out.Float(allow_none=True, metadata=SHARE)


class NeedCountsAnswer(ma.Schema):
    """Needs planned for the activity, by how far they have come."""

    total = out.Integer(metadata={"example": 5})
    planned = out.Integer()
    served = out.Integer()
    evaluated = out.Integer(metadata={"description": "those who asked have said what they think"})
    closed_unsolved = out.Integer()
    reopened = out.Integer(metadata={"description": "served there, and gone through again since"})
    outcome = out.Nested(OutcomeAnswer)


class RectificationCountsAnswer(ma.Schema):
    total = out.Integer()
    open = out.Integer(metadata={"description": "not closed, the overdue ones included"})
    overdue = out.Integer()
    closed = out.Integer()


class EvaluationAnswer(FiguresAnswer):
    """评价清单."""

    activity_id = out.UUID()
    state = out.Enum(EvaluationState, by_value=True)
    frozen_at = out.AwareDateTime(allow_none=True)
    visits = out.Nested(VisitsEvaluationAnswer)
    items = out.List(out.Nested(ItemEvaluationAnswer), allow_none=True)
    offerings = out.List(out.Nested(OfferingEvaluationAnswer))
    bad_ratings = out.Integer(allow_none=True)
    rectifications = out.Nested(RectificationCountsAnswer, allow_none=True)
    needs = out.Nested(NeedCountsAnswer, allow_none=True)
    verdict = out.String(metadata=_VERDICT)


class EvaluationItem(ma.Schema):
    """An evaluation in a list."""

    activity_id = out.UUID()
    title = out.String()
    activity_state = out.Enum(ActivityState, by_value=True)
    region_id = out.UUID()
    region_name = out.String()
    starts_at = out.AwareDateTime()
    state = out.Enum(EvaluationState, by_value=True)
    served = out.Integer()
    rated = out.Integer()
    response_rate = out.Float(allow_none=True, metadata=SHARE)
    satisfied_share = out.Nested(ShareAnswer, allow_none=True)
    verdict = out.String(metadata=_VERDICT)
    small_sample = out.Boolean()


class EvaluationTotalsAnswer(ma.Schema):
    """Pooled over all that the filter finds, not over the page."""

    activities = out.Integer()
    served = out.Integer()
    rated = out.Integer()
    response_rate = out.Float(allow_none=True, metadata=SHARE)
    satisfied_share = out.Nested(ShareAnswer, allow_none=True)


class EvaluationListAnswer(ma.Schema):
    items = out.List(out.Nested(EvaluationItem))
    next_cursor = out.String(allow_none=True)
    totals = out.Nested(EvaluationTotalsAnswer)
