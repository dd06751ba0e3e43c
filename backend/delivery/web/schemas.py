"""What the reads of messages take and answer."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core.web import fields
from backend.core.web.lists import PageQuery
from backend.delivery.requests import Activities, Messages
from backend.notices.messages.models import MessageState
from backend.notices.models import NoticeKind


class ActivitiesQuery(PageQuery):
    region_id = fields.Id()

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Activities:
        return Activities(**data)


class MessagesQuery(PageQuery):
    activity_id = fields.Id()
    state = fields.Choice(MessageState)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Messages:
        return Messages(**data)


class MessageAnswer(ma.Schema):
    id = out.UUID()
    activity_id = out.UUID()
    kind = out.Enum(NoticeKind, by_value=True, required=True)
    ticket = out.String(metadata={"description": "the numbers that it is about, or empty"})
    name = out.String(metadata={"description": "masked"})
    state = out.Enum(MessageState, by_value=True, required=True)
    errcode = out.Integer(
        allow_none=True, metadata={"description": "WeChat's, of a refusal or of what put it off"}
    )
    reason = out.String(
        allow_none=True,
        metadata={"description": "WeChat's words; of what was given up over, joined, no_credit"},
    )
    told_at = out.AwareDateTime()
    read_at = out.AwareDateTime(allow_none=True)
    ended_at = out.AwareDateTime(allow_none=True)
    may_resend = out.Boolean(
        metadata={"description": "whether it has certainly told nobody, and there is a credit"}
    )
