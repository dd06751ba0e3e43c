"""What the resources' routes take and answer."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core.config import titles
from backend.core.pagination import Asked
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.resources import requests
from backend.resources.models import Equipment, ResourceState
from backend.resources.reading import MOST_DAYS_OFF

TITLE_LENGTH = 60
REASON_LENGTH = 200
MOST_PEOPLE, MOST_STATIONS, MOST_MINUTES = 200, 50, 240
MOST_REGIONS, MOST_LEAD_DAYS, MOST_A_MONTH = 200, 180, 31
MOST_CREDENTIALS = 20


class ResourceRequest(Schema):
    organisation_id = fields.Id(required=True)
    title = fields.ImpersonalText(TITLE_LENGTH, required=True, metadata={"example": "义剪"})
    service_kind = fields.Key(titles("service_kinds"), required=True)
    people = fields.Int(
        1, MOST_PEOPLE, required=True, metadata={"description": "who come to a market"}
    )
    stations = fields.Int(
        1, MOST_STATIONS, required=True, metadata={"description": "that serve at once"}
    )
    minutes_per_person = fields.Int(1, MOST_MINUTES, required=True)
    region_ids = fields.Items(
        fields.Id(),
        MOST_REGIONS,
        metadata={"description": "where it may serve, with all below; empty: anywhere"},
    )
    weekdays = fields.Items(
        fields.Int(1, 7), 7, metadata={"description": "Monday is 1; empty: any day"}
    )
    from_time = fields.TimeOfDay(allow_none=True)
    to_time = fields.TimeOfDay(allow_none=True)
    days_off = fields.Items(fields.Day(), MOST_DAYS_OFF)
    lead_days = fields.Int(
        0, MOST_LEAD_DAYS, metadata={"description": "how many days ahead it must be asked"}
    )
    most_per_month = fields.Int(1, MOST_A_MONTH, allow_none=True)
    requires = fields.Items(fields.Choice(Equipment), len(Equipment))
    credential_ids = fields.Items(
        fields.Id(), MOST_CREDENTIALS, metadata={"description": "of its organisation"}
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Any:
        return requests.NewResource(**data)


class ResourceChange(ResourceRequest):
    """As ResourceRequest; what is not named stays."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"partial": True}))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.ResourceEdit:
        return requests.ResourceEdit(**data)


class ResourcesQuery(PageQuery):
    organisation_id = fields.Id()
    region_id = fields.Id(metadata={"description": "those that may serve there or below"})
    service_kind = fields.Key(titles("service_kinds"))
    state = fields.Choice(ResourceState)
    q = fields.Text(TITLE_LENGTH, attribute="words")
    expiring = fields.FlagInQuery(
        metadata={"description": "lacks the credential that its kind requires, or does so soon"}
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> tuple[requests.ResourcesAsked, Asked]:
        page = {name: data.pop(name) for name in ("cursor", "limit") if name in data}
        return requests.ResourcesAsked(**data), Asked(**page)


class ResourceReason(Schema):
    reason = fields.ImpersonalParagraphs(REASON_LENGTH, required=True)


class ResourceAnswer(ma.Schema):
    id = out.UUID()
    organisation_id = out.UUID()
    organisation_name = out.String()
    title = out.String()
    service_kind = out.String()
    people = out.Integer()
    stations = out.Integer()
    minutes_per_person = out.Integer()
    region_ids = out.List(out.UUID())
    weekdays = out.List(out.Integer())
    from_time = fields.TimeOfDay(allow_none=True)
    to_time = fields.TimeOfDay(allow_none=True)
    days_off = out.List(out.Date())
    lead_days = out.Integer()
    most_per_month = out.Integer(allow_none=True)
    requires = out.List(out.String())
    credential_ids = out.List(out.UUID())
    state = out.Enum(ResourceState, by_value=True)
    reason = out.String(
        allow_none=True, metadata={"description": "why it was returned or suspended"}
    )
