"""What activities offer, over HTTP: schemas of stalls, services and slots."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.activities import requests
from backend.activities.models import OfferingMode
from backend.activities.stalls.plan import MOST, columns_of, read_place
from backend.activities.web.shapes import EstimateAnswer
from backend.core.config import titles
from backend.core.web import fields
from backend.core.web.fields import Schema

START, END = "2026-05-01T09:00:00+08:00", "2026-05-01T11:30:00+08:00"


class StallNumber(fields.Text):
    """A stall's number as written on its sign: "3" or "A3"; a plain 3 is taken too."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return super()._deserialize(value, *args, **kwargs)


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
    starts_at = fields.Instant(required=True, metadata={"example": START})
    ends_at = fields.Instant(required=True, metadata={"example": END})
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
    from_ = fields.Instant(data_key="from", metadata={"example": START})
    to = fields.Instant(metadata={"example": END})
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
    early = out.Integer(
        metadata={"description": "here too, and waiting for the time of their appointment"}
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
