"""What the inbox's routes take and answer."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core.pagination import MAX_LIMIT
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.notices.models import NoticeKind
from backend.notices.requests import MyNotices, Read


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
