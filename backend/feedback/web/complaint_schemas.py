"""What the routes of rectification take and answer, and what of it who complained sees
(docs/rules/ratings.md, A bad rating)."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.feedback.models import RectificationState
from backend.feedback.rectification.queries import RectificationFilter
from backend.identity.people.texts import CommentState

# ---------------------------------------------------------------------------- in


class RectificationQuery(PageQuery):
    state = fields.Choice(RectificationState)
    activity_id = fields.Id()
    open = fields.FlagInQuery(metadata={"description": "not closed yet, or closed"})
    overdue = fields.FlagInQuery(
        metadata={"description": "not closed and past its deadline, or not"}
    )
    reopened = fields.FlagInQuery(
        metadata={
            "description": "only those of which the resident says that they are not solved, and"
            " that are not closed since"
        }
    )
    mine = fields.FlagInQuery(metadata={"description": "only those that I see to"})


def rectification_filter(query: dict[str, Any]) -> RectificationFilter:
    """What a RectificationQuery asks for."""
    return RectificationFilter(
        state=query.get("state"),
        activity_id=query.get("activity_id"),
        open=query.get("open"),
        overdue=query.get("overdue"),
        reopened=query.get("reopened", False),
        mine=query.get("mine", False),
    )


class OwnerForm(Schema):
    """Who sees to a rectification."""

    user_id = fields.Id(required=True)


class ReplyRequest(Schema):
    reply = fields.ImpersonalParagraphs(
        1000, required=True, metadata={"example": "已增加一名理发师，缩短等候"}
    )


class CallBackRequest(Schema):
    note = fields.Paragraphs(1000, required=True, metadata={"example": "居民表示认可"})
    satisfied = fields.Flag(required=True)


class CallBackForm(CallBackRequest):
    """The same from a form, where everything is text."""

    satisfied = fields.FlagInQuery(required=True)


class CloseRequest(Schema):
    reason = fields.ImpersonalText(
        200,
        allow_none=True,
        metadata={
            "description": "why it could not be solved; where the resident is not satisfied it must"
            " be said",
            "example": "场地太小，增设座位要等到下一场",
        },
    )


class RaterContactRequest(Schema):
    reason = fields.ImpersonalText(200, required=True, metadata={"example": "核实差评，电话回访"})


# ---------------------------------------------------------------------------- out


class AnsweredAnswer(ma.Schema):
    """What was done about a complaint, in the words that are public."""

    reply = out.String(allow_none=True, metadata={"example": "已增加一名理发师，缩短等候"})
    replied_at = out.AwareDateTime(allow_none=True)
    resident_satisfied = out.Boolean(
        allow_none=True, metadata={"description": "as it was noted in the call-back"}
    )
    called_back_at = out.AwareDateTime(allow_none=True)
    closed_at = out.AwareDateTime(allow_none=True)
    unsolved_reason = out.String(
        allow_none=True, metadata={"description": "of one that was closed unsolved: why"}
    )


class ComplaintRoundAnswer(AnsweredAnswer):
    """An answer that did not settle it."""

    words = out.String(allow_none=True, metadata={"description": "what is not solved"})
    ended_at = out.AwareDateTime()


class ComplaintAnswer(AnsweredAnswer):
    """What became of a complaint, as the one who made it sees it."""

    state = out.Enum(RectificationState, by_value=True)
    opened_at = out.AwareDateTime()
    due_at = out.AwareDateTime(metadata={"description": "the end of its last day"})
    reopenable = out.Boolean(metadata={"description": "whether 「还没解决」 can be said now"})
    rounds = out.List(
        out.Nested(ComplaintRoundAnswer), metadata={"description": "what came before, in order"}
    )


class HandledAnswer(AnsweredAnswer):
    """The same as staff see it."""

    call_back_note = out.String(allow_none=True)


class RectificationAnswer(HandledAnswer):
    """A rectification: all of the complaint, nothing of who made it."""

    id = out.UUID()
    activity_id = out.UUID()
    activity_title = out.String()
    region_name = out.String()
    offering_id = out.UUID(allow_none=True)
    offering_title = out.String(allow_none=True)
    state = out.Enum(RectificationState, by_value=True)
    opened_at = out.AwareDateTime()
    due_at = out.AwareDateTime(metadata={"description": "the end of its last day"})
    overdue = out.Boolean()
    owner_user_id = out.UUID(allow_none=True)
    owner_name = out.String(allow_none=True, metadata={"description": "who sees to it"})
    score = out.Integer(metadata={"example": 2})
    items = out.Dict(keys=out.String(), values=out.Integer())
    tags = out.List(out.String())
    comment = out.String(
        allow_none=True, metadata={"description": "unchecked text only for who handles it"}
    )
    comment_state = out.Enum(CommentState, by_value=True)
    reopened_at = out.AwareDateTime(
        allow_none=True, metadata={"description": "when the resident last said: not solved"}
    )
    may_call = out.Boolean(
        allow_none=True,
        metadata={"description": "whether the resident wants a call; null: was not asked"},
    )


class RoundAnswer(HandledAnswer):
    """An answer that did not settle it, and what the resident said of it."""

    words = out.String(
        allow_none=True, metadata={"description": "unchecked text only for who handles it"}
    )
    words_state = out.Enum(CommentState, by_value=True)
    ended_at = out.AwareDateTime()


class RectificationDetailAnswer(RectificationAnswer):
    rounds = out.List(
        out.Nested(RoundAnswer), metadata={"description": "what came before, in order"}
    )


class RaterContactAnswer(ma.Schema):
    phone = out.String(metadata={"example": "13800001234"})
    phone_state = out.String(metadata={"example": "verified"})
