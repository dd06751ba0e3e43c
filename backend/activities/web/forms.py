"""What the workbench's forms take: as the API's bodies, but everything is text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

import marshmallow as ma

from backend.activities import requests
from backend.activities.models import ExchangeKind, OfferingMode
from backend.activities.stalls.plan import MOST
from backend.activities.web.stall_schemas import StallNumber
from backend.core.config import titles
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.core.web.merging import Base

MINUTES_AN_HOUR = 60
_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,20})?", re.ASCII)


class Amount(fields.Number):
    """A number of a form, with at most so many digits after the point."""

    def __init__(self, minimum: float, maximum: float, places: int, **kwargs: Any) -> None:
        super().__init__(minimum, maximum, **kwargs)
        self.places = places

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            raise self.make_error("invalid")
        if len(value.partition(".")[2]) > self.places:
            raise ma.ValidationError(f"最多 {self.places} 位小数")
        super()._deserialize(float(value), *args, **kwargs)
        return Decimal(value)


class Degrees(Amount):
    """A coordinate, as the database keeps it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> float:
        return float(super()._deserialize(value, *args, **kwargs))


class YesNo(fields.Flag):
    """A choice between yes and no."""

    default_error_messages = {"invalid": "请选择"}  # noqa: RUF012 - marshmallow's own protocol

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise self.make_error("invalid")
        return bool(value == "true")


class Seen(fields.Text):
    """Stands for what the sender has been shown (`changes.fingerprint`)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(40, **kwargs)


What = TypeVar("What")


@dataclass(frozen=True, slots=True)
class Sent(Generic[What]):
    """What a form gives, and what its sender has been shown.

    Attributes:
        base: the words that the form's fields showed.
        confirmed: what a confirmation has been shown; None at the first sending.
    """

    what: What
    seen: str | None = None
    base: Mapping[str, str] = field(default_factory=dict)
    confirmed: str | None = None


class FactsForm(Schema):
    """The facts of an activity; an empty field empties it."""

    version = fields.QueryInt(1, 10**9, required=True)
    base = Base()
    # What a confirmation has been shown; absent at the first sending.
    seen = Seen()
    title = fields.Text(60, required=True)
    starts_at = fields.LocalInstant(required=True)
    ends_at = fields.LocalInstant(required=True)
    venue_name = fields.Text(60, required=True)
    venue_address = fields.Text(200, allow_none=True)
    venue_latitude = Degrees(-90, 90, 8, allow_none=True)
    venue_longitude = Degrees(-180, 180, 8, allow_none=True)
    venue_wheelchair = YesNo(allow_none=True)
    description = fields.Paragraphs(2000, allow_none=True)
    organiser_name = fields.Text(60, allow_none=True)
    contact_phone = fields.Text(20, allow_none=True)
    checkin_opens_minutes = fields.QueryInt(0, 24 * 60, required=True)
    code_rotates_seconds = fields.QueryInt(15, 600, allow_none=True)
    field = fields.Key(titles("fields"), allow_none=True)
    kind = fields.Choice(ExchangeKind, allow_none=True)

    @ma.validates_schema
    def both_coordinates(self, data: dict[str, Any], **_: object) -> None:
        latitude, longitude = data.get("venue_latitude"), data.get("venue_longitude")
        if (latitude is None) != (longitude is None):
            raise ma.ValidationError("纬度和经度应一起填写", "venue_latitude")


class ReasonForm(Schema):
    reason = fields.ImpersonalText(200, required=True)


class CancelForm(ReasonForm):
    seen = Seen()


class StallForm(Schema):
    """A stall; its place on the plan as row and column, both or neither."""

    seen = Seen()
    base = Base()
    number = StallNumber(10, required=True)
    name = fields.Text(40, required=True)
    organisation_id = fields.Id(allow_none=True)
    row = fields.QueryInt(1, MOST, allow_none=True)
    column = fields.QueryInt(1, MOST, allow_none=True)
    note = fields.Text(28, allow_none=True)

    @ma.validates_schema
    def both_of_the_spot(self, data: dict[str, Any], **_: object) -> None:
        if (data.get("row") is None) != (data.get("column") is None):
            raise ma.ValidationError("排和位应一起填写", "row")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Sent[requests.NewStall]:
        seen, base = data.pop("seen", None), data.pop("base", {})
        row, column, note = (data.pop(name, None) for name in ("row", "column", "note"))
        stall = requests.NewStall(spot_row=row, spot_column=column, place_note=note, **data)
        return Sent(stall, seen, base)


class PlaceForm(Schema):
    """Where a stall is put; without a spot it is taken off the plan."""

    # Who stood where when it was looked at.
    plan = Seen(required=True)
    row = fields.QueryInt(1, MOST, allow_none=True)
    column = fields.QueryInt(1, MOST, allow_none=True)

    @ma.validates_schema
    def both_of_the_spot(self, data: dict[str, Any], **_: object) -> None:
        if (data.get("row") is None) != (data.get("column") is None):
            raise ma.ValidationError("排和位应一起填写", "row")


class OfferingForm(Schema):
    seen = Seen()
    base = Base()
    title = fields.Text(40, required=True)
    service_kind = fields.Key(titles("service_kinds"), required=True)
    mode = fields.Choice(OfferingMode, required=True)
    minutes_per_person = fields.QueryInt(1, 240)
    capacity = fields.QueryInt(1, 100_000, allow_none=True)
    walk_in_percent = Amount(0, 100, 1, load_default=Decimal(0))
    min_age = fields.QueryInt(0, 120, allow_none=True)
    daily_cap_per_person = fields.QueryInt(1, 20, load_default=1)
    sign_up_opens_at = fields.LocalInstant(allow_none=True)
    sign_up_closes_at = fields.LocalInstant(allow_none=True)
    also_at_stall_ids = fields.Items(fields.Id(), 20, load_default=list)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Sent[requests.NewOffering]:
        seen, base = data.pop("seen", None), data.pop("base", {})
        share = data.pop("walk_in_percent") / 100
        return Sent(requests.NewOffering(walk_in_share=share, **data), seen, base)


class PatternForm(Schema):
    """Slots one after the other."""

    from_ = fields.LocalInstant(required=True, data_key="from")
    to = fields.LocalInstant(required=True)
    minutes = fields.QueryInt(1, 24 * 60, required=True)
    places = fields.QueryInt(1, 10_000, required=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.SlotPattern:
        return requests.SlotPattern(data["from_"], data["to"], data["minutes"], data["places"])


class SlotForm(Schema):
    seen = Seen()
    base = Base()
    # What a confirmation has been shown; absent at the first sending.
    confirmed = Seen()
    starts_at = fields.LocalInstant(required=True)
    ends_at = fields.LocalInstant(required=True)
    capacity = fields.QueryInt(1, 10_000, required=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Sent[requests.NewSlot]:
        seen, base = data.pop("seen", None), data.pop("base", {})
        confirmed = data.pop("confirmed", None)
        return Sent(requests.NewSlot(**data), seen, base, confirmed)


class ConfirmForm(Schema):
    """Carries what the sender has been shown of those affected."""

    seen = Seen()


class DropForm(ConfirmForm):
    """Of a service or a stall; the reason is told to those who have signed up."""

    reason = fields.ImpersonalText(200, allow_none=True)


class DutyForm(Schema):
    user_id = fields.Id(required=True)
    stall_id = fields.Id(allow_none=True)
    words = fields.Text(40, required=True)
    confirmed = fields.Id()

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.Assignment:
        return requests.Assignment(**data)


class RecordForm(Schema):
    """活动登记; an empty field says that it isn't known."""

    version = fields.QueryInt(0, 10**9, required=True)
    base = Base()
    volunteers = fields.QueryInt(0, 100_000, allow_none=True)
    hours = Amount(0, 1_000_000, 1, allow_none=True)
    funds_yuan = Amount(0, 999_999_999, 2, allow_none=True)
    problems = fields.Paragraphs(1000, allow_none=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> requests.RecordEdit:
        data.pop("base", None)
        if "hours" in data:
            hours = data.pop("hours")
            data["volunteer_minutes"] = None if hours is None else int(hours * MINUTES_AN_HOUR)
        return requests.RecordEdit(**data)


class HistoryQuery(PageQuery):
    pass


CARDS_A_SHEET = 21  # three columns of seven


class PaperQuery(Schema):
    size = fields.Key(("a3", "a4"), load_default="a4")


class CardsQuery(Schema):
    """Which number cards: of one service or of all that give numbers."""

    offering_id = fields.Id()
    # The system gives numbers from 1 on: paper begins where they will not meet.
    first = fields.QueryInt(1, 999, load_default=501)
    count = fields.QueryInt(1, 210, load_default=CARDS_A_SHEET)
