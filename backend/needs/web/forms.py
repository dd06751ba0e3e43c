"""What the console's forms of needs carry."""

from typing import Any

import marshmallow as ma

from backend.core import clock
from backend.core.config import load
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.needs.models import NeedSource, NeedState
from backend.needs.requests import NewNeed
from backend.needs.waiting import Waiting
from backend.needs.web.schemas import DETAILS_LENGTH, TITLE_LENGTH


class RaisedOn(fields.Day):
    """A day up to today."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        day = super()._deserialize(value, *args, **kwargs)
        if day > clock.today():
            raise ma.ValidationError("不能晚于今天")
        return day


class NeedQuery(PageQuery):
    region_id = fields.Id()
    state = fields.Choice(NeedState)
    waiting = fields.Choice(Waiting)
    source = fields.Choice(NeedSource)
    service_kind = fields.Key(load("service_kinds"))
    q = fields.Text(TITLE_LENGTH)
    # Days on which they were raised, both included.
    from_ = fields.Day(data_key="from")
    to = fields.Day()


class NeedForm(Schema):
    region_id = fields.Id(required=True)
    title = fields.ImpersonalText(TITLE_LENGTH, required=True)
    details = fields.ImpersonalParagraphs(DETAILS_LENGTH, allow_none=True)
    service_kind = fields.Key(load("service_kinds"), allow_none=True)
    source = fields.Choice(NeedSource, required=True)
    raised_on = RaisedOn(required=True)

    # Somebody stands there who asks for it, and has no account: one voice, and nobody's name.
    in_person = fields.FlagInQuery()

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> tuple[NewNeed, bool]:
        counted = data.pop("in_person", False)
        return NewNeed(**data), counted


class MergeQuery(Schema):
    """Which need is looked at as the one to merge into, and words of those to choose from."""

    into_id = fields.Id()
    q = fields.Text(TITLE_LENGTH)


class PlanForm(Schema):
    activity_id = fields.Id(required=True)
