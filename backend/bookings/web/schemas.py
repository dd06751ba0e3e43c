"""What the booking routes take and answer (docs/rules/bookings.md)."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.activities.models import ActivityState, OfferingMode
from backend.activities.web.shapes import EstimateAnswer
from backend.bookings.models import BookingOrigin, BookingState
from backend.bookings.requests import (
    ActivityBookings,
    CallNext,
    Keep,
    MyBookings,
    SignUp,
    TakeNumber,
)
from backend.bookings.words import MyOrder
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.identity.web.shapes import GuestRequest, SpecialNeedsAnswer


class BookingRequest(Schema):
    slot_id = fields.Id(allow_none=True, metadata={"description": "in mode slots"})
    resident_id = fields.Id(metadata={"description": "a family member; without it, oneself"})

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> SignUp:
        return SignUp(**data)


class TicketRequest(Schema):
    resident_id = fields.Id()
    guest = fields.Part(GuestRequest)
    urgent = fields.Flag(load_default=False, metadata={"description": "volunteers only"})
    reason = fields.ImpersonalText(200, metadata={"description": "why it is urgent"})

    @ma.validates_schema
    def fits_together(self, data: dict[str, Any], **_: object) -> None:
        if "resident_id" in data and "guest" in data:
            raise ma.ValidationError("请选择居民或登记来宾，二选一", "guest")
        if data["urgent"] and "reason" not in data:
            raise ma.ValidationError("请写明优先的原因", "reason")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> TakeNumber:
        return TakeNumber(**data)


class KeepRequest(Schema):
    """The booking's time as it was shown: where it is another by now, 409 `moved_again`."""

    service_on = fields.Day()
    slot_starts_at = fields.Instant()

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Keep:
        return Keep(**data)


class CallNextRequest(Schema):
    press_id = fields.Id(required=True, metadata={"description": "UUID of this press"})
    booking_id = fields.Id(metadata={"description": "call this one out of order"})
    reason = fields.ImpersonalText(200, metadata={"description": "why out of order"})
    although_left = fields.Id(
        metadata={"description": "call this one though its person has left (`person_left`)"}
    )

    @ma.validates_schema
    def reason_out_of_order(self, data: dict[str, Any], **_: object) -> None:
        if ("booking_id" in data) != ("reason" in data):
            raise ma.ValidationError("跳号请写明原因", "reason")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> CallNext:
        return CallNext(**data)


class BookingQuery(PageQuery):
    state = fields.Choice(BookingState)


class MyBookingQuery(BookingQuery):
    order = fields.Choice(
        MyOrder,
        load_default=MyOrder.MADE,
        metadata={
            "description": "made: the last first; when: what is to come, the soonest first, then"
            " what is over, the last first"
        },
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> MyBookings:
        return MyBookings(**data)


class ActivityBookingQuery(BookingQuery):
    offering_id = fields.Id()

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> ActivityBookings:
        return ActivityBookings(**data)


class BookingResident(ma.Schema):
    id = out.UUID()
    display_name = out.String(metadata={"example": "王*英"})


class StallBrief(ma.Schema):
    number = out.String(metadata={"example": "A3"})
    name = out.String()


class VenueBrief(ma.Schema):
    name = out.String(metadata={"example": "花园社区广场"})
    address = out.String(allow_none=True)


class BookingAnswer(ma.Schema):
    id = out.UUID()
    activity_id = out.UUID()
    activity_title = out.String()
    venue = out.Nested(VenueBrief)
    offering_id = out.UUID()
    offering_title = out.String()
    slot_id = out.UUID(allow_none=True)
    slot_starts_at = out.AwareDateTime(allow_none=True)
    slot_ends_at = out.AwareDateTime(allow_none=True)
    stall = out.Nested(StallBrief)
    resident = out.Nested(BookingResident)
    origin = out.Enum(BookingOrigin, by_value=True)
    service_on = out.Date()
    due_at = out.AwareDateTime(
        allow_none=True,
        metadata={"description": "of who is here: the time of an appointment kept, not missed"},
    )
    moved_from = out.AwareDateTime(
        allow_none=True, metadata={"description": "when it was to be before it was put off"}
    )
    kept_at = out.AwareDateTime(
        allow_none=True,
        metadata={"description": "when one said, after it was put off, that one still comes"},
    )
    ticket = out.String(metadata={"example": "A012"})
    valid_until = out.AwareDateTime(metadata={"description": "when its day is over, and it too"})
    ratable_until = out.AwareDateTime(
        metadata={"description": "until when it can be rated, once it is served"}
    )
    activity_state = out.Enum(ActivityState, by_value=True)
    activity_open = out.Boolean(
        metadata={"description": "whether the activity is on, so that a new one can be taken"}
    )
    state = out.Enum(BookingState, by_value=True)
    urgent = out.Boolean()
    ahead = out.Integer(allow_none=True, metadata={"description": "while it waits"})
    estimate_minutes = out.Nested(EstimateAnswer, allow_none=True)
    left = out.Boolean(
        metadata={"description": "waits, but has signed out or the check-in was undone"}
    )
    calls = out.Integer()
    rejoined = out.Boolean()
    created_at = out.AwareDateTime()
    arrived_at = out.AwareDateTime(allow_none=True)
    called_at = out.AwareDateTime(allow_none=True)
    started_at = out.AwareDateTime(allow_none=True)
    finished_at = out.AwareDateTime(allow_none=True)


class DeskSpecialNeeds(SpecialNeedsAnswer):
    titles = out.List(
        out.String(), metadata={"description": "of the tags", "example": ["听力不便"]}
    )


class DeskBookingAnswer(BookingAnswer):
    special_needs = out.Nested(
        DeskSpecialNeeds,
        allow_none=True,
        metadata={"description": "of whom the desk has called or serves; null of all others"},
    )


class CallingAnswer(ma.Schema):
    ticket = out.String(metadata={"example": "A012"})
    stall = out.Nested(StallBrief)
    called_at = out.AwareDateTime()
    calls = out.Integer()


class QueueAnswer(ma.Schema):
    offering_id = out.UUID()
    calling = out.List(out.Nested(CallingAnswer))
    waiting = out.Integer(
        metadata={
            "description": "before somebody who joins now: no appointment that is still early"
        }
    )
    early = out.Integer(
        metadata={"description": "here too, and waiting for the time of their appointment"}
    )
    estimate_minutes = out.Nested(EstimateAnswer)


class DeskStall(StallBrief):
    id = out.UUID()


class DeskActivity(ma.Schema):
    id = out.UUID()
    title = out.String()
    state = out.Enum(ActivityState, by_value=True)


class DeskOffering(ma.Schema):
    id = out.UUID()
    title = out.String()
    letter = out.String(metadata={"example": "A"})
    mode = out.Enum(OfferingMode, by_value=True)


class DeskCounts(ma.Schema):
    waiting = out.Integer()
    parked = out.Integer()
    missed = out.Integer()
    served = out.Integer(metadata={"description": "at this stall"})
    mean_wait_minutes = out.Integer(
        allow_none=True,
        metadata={"description": "from arrival to the first call, of those called at this stall"},
    )


class DeskAnswer(ma.Schema):
    stall = out.Nested(DeskStall)
    activity = out.Nested(DeskActivity)
    offerings = out.List(
        out.Nested(DeskOffering), metadata={"description": "those that have a line"}
    )
    may_issue = out.Boolean(metadata={"description": "whether the caller may give numbers"})
    calls_before_missed = out.Integer()
    call_counts_after_seconds = out.Integer(
        metadata={"description": "a call counts only so long after the last that counted"}
    )
    calling = out.Nested(DeskBookingAnswer, allow_none=True)
    serving = out.List(out.Nested(DeskBookingAnswer))
    finished = out.List(
        out.Nested(DeskBookingAnswer),
        metadata={"description": "finished here just now: it can still be undone"},
    )
    waiting = out.List(
        out.Nested(DeskBookingAnswer), metadata={"description": "the line's head, in its order"}
    )
    missed = out.List(out.Nested(DeskBookingAnswer))
    parked = out.List(out.Nested(DeskBookingAnswer))
    counts = out.Nested(DeskCounts)
