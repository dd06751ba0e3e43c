"""What the activity routes take and answer."""

import re
from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.activities import requests
from backend.activities.models import ActivityState, ExchangeKind, OfferingMode, Programme
from backend.activities.stalls.plan import MOST, columns_of, read_place
from backend.activities.web.shapes import EstimateAnswer
from backend.activities.words import SlotChoice
from backend.core.config import titles
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery

_START, _END = "2026-05-01T09:00:00+08:00", "2026-05-01T11:30:00+08:00"


# ---------------------------------------------------------------------------- in


class StallNumber(fields.Text):
    """A stall's number as written on its sign: "3" or "A3"; a plain 3 is taken too."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return super()._deserialize(value, *args, **kwargs)


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
    starts_at = fields.Instant(required=True, metadata={"example": _START})
    ends_at = fields.Instant(required=True, metadata={"example": _END})
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
    reason = fields.Text(200, required=True, metadata={"example": "请补充摊位信息"})


class CancelRequest(Schema):
    reason = fields.Text(200, load_default=None, metadata={"example": "大雨"})


class CopyRequest(Schema):
    starts_at = fields.Instant(required=True, metadata={"example": _START})
    ends_at = fields.Instant(
        metadata={"description": "without it as long as the source", "example": _END}
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


class StallRequest(Schema):
    number = StallNumber(10, required=True, metadata={"example": "A3"})
    name = fields.Text(40, required=True, metadata={"example": "义诊"})
    organisation_id = fields.Id(allow_none=True)
    row = fields.Int(
        1, MOST, allow_none=True, metadata={"description": "on the plan, from the front"}
    )
    column = fields.Int(1, MOST, allow_none=True)
    note = fields.Text(40, allow_none=True, metadata={"example": "东门左侧"})
    place = fields.Text(
        40,
        allow_none=True,
        metadata={
            "description": "instead of the three: in words",
            "example": "第2排第3位 东门左侧",
        },
    )

    @ma.validates_schema
    def fits_together(self, data: dict[str, Any], **_: object) -> None:
        if (data.get("row") is None) != (data.get("column") is None):
            raise ma.ValidationError("排和位应一起填写", "row")
        if "place" in data and {"row", "column", "note"} & set(data):
            raise ma.ValidationError("位置请用文字，或用排、位和说明，二选一", "place")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.StallEdit:
        return requests.NewStall(**_stall_columns(data))


def _stall_columns(data: dict[str, Any]) -> dict[str, Any]:
    if "place" in data:
        spot, data["place_note"] = read_place(data.pop("place"))
        data |= columns_of(spot)
    names = {"row": "spot_row", "column": "spot_column", "note": "place_note"}
    return {names.get(name, name): value for name, value in data.items()}


class StallChange(StallRequest):
    """As StallRequest; what is not named stays."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"partial": True}))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.StallEdit:
        return requests.StallEdit(**_stall_columns(data))


class OfferingRequest(Schema):
    title = fields.Text(40, required=True, metadata={"example": "义剪"})
    service_kind = fields.Key(
        titles("service_kinds"), required=True, metadata={"example": "haircut"}
    )
    mode = fields.Choice(OfferingMode, required=True)
    minutes_per_person = fields.Int(1, 240, metadata={"example": 12})
    capacity = fields.Int(
        1, 100_000, allow_none=True, metadata={"description": "people a day, all ways in"}
    )
    walk_in_share = fields.Number(
        0, 1, metadata={"description": "of each slot, kept for walk-ins", "example": 0.2}
    )
    min_age = fields.Int(0, 120, allow_none=True)
    daily_cap_per_person = fields.Int(1, 20)
    sign_up_opens_at = fields.Instant(allow_none=True)
    sign_up_closes_at = fields.Instant(allow_none=True)
    also_at_stall_ids = fields.Items(
        fields.Id(), 20, metadata={"description": "further stalls that serve the same queue"}
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.OfferingEdit:
        return requests.NewOffering(**data)


class OfferingChange(OfferingRequest):
    """As OfferingRequest; what is not named stays."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"partial": True}))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.OfferingEdit:
        return requests.OfferingEdit(**data)


class SlotRequest(Schema):
    starts_at = fields.Instant(required=True, metadata={"example": _START})
    ends_at = fields.Instant(required=True, metadata={"example": _END})
    capacity = fields.Int(1, 10_000, required=True, metadata={"example": 20})

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.SlotEdit:
        return requests.NewSlot(**data)


class SlotChange(SlotRequest):
    """As SlotRequest; what is not named stays."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"partial": True}))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.SlotEdit:
        return requests.SlotEdit(**data)


class SlotsRequest(Schema):
    """Either `slots`, or a pattern: `from`, `to`, `minutes`, `capacity`."""

    slots = fields.Items(fields.Part(SlotRequest), 300)
    from_ = fields.Instant(data_key="from", metadata={"example": _START})
    to = fields.Instant(metadata={"example": _END})
    minutes = fields.Int(1, 24 * 60, metadata={"example": 30})
    capacity = fields.Int(1, 10_000, metadata={"example": 5})

    @ma.validates_schema
    def one_of_two(self, data: dict[str, Any], **_: object) -> None:
        pattern = {"from_", "to", "minutes", "capacity"}
        given = set(data)
        if given == {"slots"} and data["slots"]:
            return
        if given != pattern:
            raise ma.ValidationError("请给出时段列表，或给出起止时间、每段分钟数和名额", "slots")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.NewSlots:
        if "slots" in data:
            return tuple(data["slots"])
        return requests.SlotPattern(data["from_"], data["to"], data["minutes"], data["capacity"])


# ---------------------------------------------------------------------------- out


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


class SlotAnswer(ma.Schema):
    id = out.UUID()
    offering_id = out.UUID()
    starts_at = out.AwareDateTime()
    ends_at = out.AwareDateTime()
    capacity = out.Integer()
    taken = out.Integer()
    free = out.Integer(metadata={"description": "what can still be signed up for"})


class LineAnswer(ma.Schema):
    """How long a line is for somebody who joins it now."""

    waiting = out.Integer(
        metadata={
            "description": "before somebody who joins now: no appointment that is still early"
        }
    )
    estimate_minutes = out.Nested(EstimateAnswer)


class OfferingAnswer(ma.Schema):
    id = out.UUID()
    activity_id = out.UUID()
    stall_id = out.UUID()
    also_at_stall_ids = out.List(out.UUID())
    letter = out.String(metadata={"example": "A", "description": "begins its numbers"})
    title = out.String()
    service_kind = out.String()
    mode = out.Enum(OfferingMode, by_value=True)
    minutes_per_person = out.Integer()
    capacity = out.Integer(allow_none=True)
    walk_in_share = out.Float()
    min_age = out.Integer(allow_none=True)
    daily_cap_per_person = out.Integer()
    sign_up_opens_at = out.AwareDateTime(allow_none=True)
    sign_up_closes_at = out.AwareDateTime(allow_none=True)
    slots = out.List(out.Nested(SlotAnswer))
    line = out.Nested(
        LineAnswer,
        allow_none=True,
        metadata={"description": "in an activity that is on; null where nobody is called"},
    )


class StallAnswer(ma.Schema):
    id = out.UUID()
    activity_id = out.UUID()
    number = out.String()
    name = out.String()
    organisation_id = out.UUID(allow_none=True)
    organisation_name = out.String(allow_none=True)
    row = out.Integer(attribute="spot_row", allow_none=True)
    column = out.Integer(attribute="spot_column", allow_none=True)
    note = out.String(attribute="place_note", allow_none=True)
    place = out.String(
        allow_none=True,
        metadata={"description": "the three in words", "example": "第2排第3位 东门左侧"},
    )
    offerings = out.List(out.Nested(OfferingAnswer))


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
    consents = out.List(out.Dict())
