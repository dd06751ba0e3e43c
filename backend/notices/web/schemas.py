"""What the inbox's routes take and answer."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core.pagination import MAX_LIMIT
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.notices.messages.templates import TEMPLATES
from backend.notices.models import NoticeKind
from backend.notices.requests import MyNotices, Read

# requestSubscribeMessage asks for three templates at most; none is got more often in one report.
MOST_A_TAP = 3


class NoticeQuery(PageQuery):
    unread = fields.FlagInQuery(load_default=False)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> MyNotices:
        return MyNotices(**data)


class NoticeAnswer(ma.Schema):
    id = out.UUID()
    kind = out.Enum(NoticeKind, by_value=True, required=True)
    title = out.String()
    text = out.String()
    page = out.String(metadata={"description": "where a tap leads in the mini-program"})
    created_at = out.AwareDateTime()
    read_at = out.AwareDateTime(allow_none=True)


class CountAnswer(ma.Schema):
    unread = out.Integer()


class ReadRequest(Schema):
    ids = fields.Items(fields.Id(), MAX_LIMIT)
    all = fields.Flag()

    @ma.validates_schema
    def names_some(self, data: dict[str, Any], **_: object) -> None:
        if bool(data.get("ids")) == bool(data.get("all")):
            raise ma.ValidationError("请说明读过哪些，或者 all", "ids")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Read:
        return Read(ids=tuple(data.get("ids", ())), all=data.get("all", False))


class TemplateAnswer(ma.Schema):
    template = out.String(metadata={"description": "its name here"})
    id = out.String(metadata={"description": "WeChat's, for requestSubscribeMessage"})
    title = out.String()
    kinds = out.List(out.Enum(NoticeKind, by_value=True), required=True)


# A template is a section of config/messages.toml, and a field here.
CreditsAnswer = ma.Schema.from_dict(
    {name: out.Integer() for name in TEMPLATES}, name="CreditsAnswer"
)
CreditsRequest = Schema.from_dict(
    {name: fields.Int(0, MOST_A_TAP) for name in TEMPLATES}, name="CreditsRequest"
)
