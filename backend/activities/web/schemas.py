"""What the activity routes take and answer; of stalls, services and slots see stall_schemas.py."""

import re
from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.activities import requests
from backend.activities.models import ActivityState, ExchangeKind, Programme
from backend.activities.web.stall_schemas import END, START, StallAnswer
from backend.activities.words import SlotChoice
from backend.core.config import titles
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery

# Every pair that it takes, written the usual way.
_DEGREES = (
    r"^-?(90(\.0{1,8})?|[1-8]?[0-9](\.[0-9]{1,8})?)"
    r",-?(180(\.0{1,8})?|(1[0-7][0-9]|[1-9]?[0-9])(\.[0-9]{1,8})?)$"
)


class Near(fields.Text):
    """ "latitude,longitude" in degrees."""

    def __init__(self, **kwargs: Any) -> None:
        description = "latitude,longitude: the nearest first"
        super().__init__(40, metadata={"description": description, "pattern": _DEGREES}, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        match = re.fullmatch(r"(-?\d{1,3}(?:\.\d{1,8})?),(-?\d{1,3}(?:\.\d{1,8})?)", str(value))
        if match is None:
            raise ma.ValidationError("应为「纬度，经度」")
        latitude, longitude = (float(part) for part in match.groups())
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise ma.ValidationError("应为「纬度，经度」")
        return latitude, longitude


class ActivityQuery(PageQuery):
    programme = fields.Choice(Programme)
    region_id = fields.Id(metadata={"description": "this region and all below it"})
    from_ = fields.Moment(data_key="from", metadata={"description": "an instant, or a day"})
    to = fields.Moment(end=True, metadata={"description": "an instant, or a day (included)"})
    state = fields.Choice(ActivityState)
    q = fields.Text(50, metadata={"description": "words of the title or the venue"})
    near = Near()

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.Activities:
        return requests.Activities(**data)


class VenueRequest(Schema):
    name = fields.Text(60, required=True, metadata={"example": "社区广场"})
    address = fields.Text(200, metadata={"example": "花园路 1 号"})
    latitude = fields.Number(-90, 90, metadata={"example": 31.72})
    longitude = fields.Number(-180, 180, metadata={"example": 119.95})
    wheelchair = fields.Flag()

    @ma.validates_schema
    def both_coordinates(self, data: dict[str, Any], **_: object) -> None:
        if ("latitude" in data) != ("longitude" in data):
            raise ma.ValidationError("纬度和经度应一起填写", "latitude")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.NewVenue:
        return requests.NewVenue(**data)


class ActivityRequest(Schema):
    programme = fields.Choice(Programme, required=True)
    title = fields.Text(60, required=True, metadata={"example": "花园社区公益集市"})
    region_id = fields.Id(required=True)
    venue = fields.Part(VenueRequest, required=True)
    starts_at = fields.Instant(required=True, metadata={"example": START})
    ends_at = fields.Instant(required=True, metadata={"example": END})
    description = fields.Paragraphs(2000, allow_none=True)
    organiser_name = fields.Text(60, allow_none=True, metadata={"example": "武进区民政局"})
    contact_phone = fields.Text(20, allow_none=True, metadata={"example": "0519-86310000"})
    checkin_opens_minutes = fields.Int(0, 24 * 60)
    code_rotates_seconds = fields.Int(15, 600, allow_none=True)
    field = fields.Key(titles("fields"), allow_none=True)
    kind = fields.Choice(ExchangeKind, allow_none=True)

    @ma.post_load
    def make(
        self, data: dict[str, Any], **_: object
    ) -> requests.NewActivity | requests.ActivityEdit:
        return requests.NewActivity(**data)


class ActivityChange(ActivityRequest):
    """As ActivityRequest; what is not named stays."""

    version = fields.Int(1, 10**9, metadata={"description": "as read; refused if changed since"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"partial": True}))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.ActivityEdit:
        return requests.ActivityEdit(**data)


class ActivityForm(Schema):
    """A new activity, as its form sends it: flat, with times of Shanghai."""

    programme = fields.Choice(Programme, required=True)
    title = fields.Text(60, required=True)
    region_id = fields.Id(required=True)
    venue_name = fields.Text(60, required=True)
    address = fields.Text(200)
    starts_at = fields.LocalInstant(required=True)
    ends_at = fields.LocalInstant(required=True)
    organiser_name = fields.Text(60)
    contact_phone = fields.Text(20)
    field = fields.Key(titles("fields"))
    kind = fields.Choice(ExchangeKind)
    description = fields.Paragraphs(2000)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.NewActivity:
        venue = requests.NewVenue(name=data.pop("venue_name"), address=data.pop("address", None))
        return requests.NewActivity(venue=venue, **data)


class MoveForm(Schema):
    starts_at = fields.LocalInstant(required=True)
    version = fields.QueryInt(1, 10**9, required=True)
    # What a confirmation has been shown; absent at the first sending.
    seen = fields.Text(40)


class ReasonRequest(Schema):
    reason = fields.ImpersonalText(200, required=True, metadata={"example": "请补充摊位信息"})


class CancelRequest(Schema):
    reason = fields.ImpersonalText(200, load_default=None, metadata={"example": "大雨"})


class CopyRequest(Schema):
    starts_at = fields.Instant(required=True, metadata={"example": START})
    ends_at = fields.Instant(
        metadata={"description": "without it as long as the source", "example": END}
    )
    region_id = fields.Id()
    slots = fields.Choice(
        SlotChoice,
        load_default=SlotChoice.MOVE,
        metadata={
            "description": "move: with the beginning; cut: without those that then do not fit;"
            " anew: as long and as large, one after the other over the copy's time"
        },
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.Copy:
        return requests.Copy(**data)


class VenueAnswer(ma.Schema):
    name = out.String()
    address = out.String(allow_none=True)
    latitude = out.Float(allow_none=True)
    longitude = out.Float(allow_none=True)
    wheelchair = out.Boolean(allow_none=True)


class ActivityItem(ma.Schema):
    """An activity in a list."""

    id = out.UUID()
    programme = out.Enum(Programme, by_value=True)
    title = out.String(metadata={"example": "花园社区公益集市"})
    state = out.Enum(ActivityState, by_value=True)
    region_id = out.UUID()
    region_name = out.String(metadata={"example": "花园社区"})
    venue = out.Nested(VenueAnswer)
    starts_at = out.AwareDateTime()
    ends_at = out.AwareDateTime()
    organiser_name = out.String(allow_none=True)
    field = out.String(allow_none=True)
    kind = out.Enum(ExchangeKind, by_value=True, allow_none=True)
    distance_m = out.Integer(allow_none=True, metadata={"description": "with `near` only"})


class ActivityAnswer(ActivityItem):
    """An activity with its stalls, offerings and slots."""

    description = out.String(allow_none=True)
    contact_phone = out.String(allow_none=True)
    checkin_opens_minutes = out.Integer()
    code_rotates_seconds = out.Integer(allow_none=True)
    version = out.Integer()
    return_reason = out.String(allow_none=True)
    cancel_reason = out.String(allow_none=True)
    opened_at = out.AwareDateTime(allow_none=True)
    closed_at = out.AwareDateTime(allow_none=True)
    stalls = out.List(out.Nested(StallAnswer))


class MarketCodeAnswer(ma.Schema):
    code = out.String(metadata={"description": "what check-in takes now"})
    link = out.String(metadata={"description": "the code as a plain link, to be drawn as a QR"})
    scene = out.String(metadata={"description": "what is printed"})
    rotates_at = out.AwareDateTime(allow_none=True)
    expires_at = out.AwareDateTime(
        allow_none=True, metadata={"description": "a while after it has been replaced"}
    )


class CodeTargetAnswer(ma.Schema):
    activity_id = out.UUID()
    title = out.String()
    state = out.Enum(ActivityState, by_value=True)


class TitledAnswer(ma.Schema):
    key = out.String()
    title = out.String()


class CatalogueAnswer(ma.Schema):
    service_kinds = out.List(out.Nested(TitledAnswer))
    fields_ = out.List(out.Nested(TitledAnswer), data_key="fields")
    special_needs = out.List(out.Nested(TitledAnswer))
    consents = out.List(out.Dict())
