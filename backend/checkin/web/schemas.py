"""What the check-in routes take and answer (docs/rules/check-in.md)."""

import re
from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.checkin.models import Refusal, ScanDirection, ScanSource, Verdict
from backend.checkin.requests import Scanned, Undo, Wanted
from backend.core import text
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.identity.names import NAME_LENGTH
from backend.identity.web.shapes import GuestRequest


class ScanRequest(Schema):
    id = fields.Id(required=True, metadata={"description": "UUID made by the phone, once a scan"})
    source = fields.Choice(ScanSource, required=True)
    direction = fields.Choice(ScanDirection, load_default=ScanDirection.ENTRY)
    scanned_at = fields.Instant(metadata={"description": "by the phone's clock"})
    sent_at = fields.Instant(
        metadata={
            "description": "by the phone's clock, anew at each upload; tells how wrong that clock"
            " is, and makes no other scan of one with the same id"
        }
    )
    device_id = fields.Text(64)
    code = fields.Text(100, metadata={"description": "the market's code; source self"})
    resident_code = fields.Text(300, metadata={"description": "a personal code"})
    resident_id = fields.Id(metadata={"description": "oneself, family, or a search's result"})
    guest = fields.Part(GuestRequest)

    @ma.validates_schema
    def who_is_meant(self, data: dict[str, Any], **_: object) -> None:
        if data["source"] is ScanSource.SELF:
            if "code" not in data:
                raise ma.ValidationError("请扫描现场的签到码", "code")
            if "guest" in data or "resident_code" in data:
                raise ma.ValidationError("自己签到只需现场的签到码", "source")
            return
        given = {"resident_code", "resident_id", "guest"} & set(data)
        if len(given) != 1:
            raise ma.ValidationError("请扫个人码、选择居民或登记来宾，三选一", "source")
        if "code" in data:
            raise ma.ValidationError("现场码只用于居民自己签到", "code")
        if "guest" in data and data["direction"] is ScanDirection.EXIT:
            raise ma.ValidationError("来宾签退请先查找", "guest")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Scanned:
        return Scanned(**data)


class ScanResident(ma.Schema):
    id = out.UUID()
    display_name = out.String(metadata={"example": "王*英"})


class ScannedResident(ScanResident):
    """Both not where the scan is one's own."""

    phone = out.String(allow_none=True, metadata={"example": "138****1234"})
    relation = out.String(
        allow_none=True, metadata={"example": "妈妈", "description": "to whose family they are"}
    )


class ScanAttendance(ma.Schema):
    """The visit that stands: when and on which device the person was admitted first."""

    id = out.UUID()
    attended_at = out.AwareDateTime()
    device_id = out.String(allow_none=True)
    left_at = out.AwareDateTime(
        allow_none=True, metadata={"description": "of who had left before this scan"}
    )


class ScanAnswer(ma.Schema):
    id = out.UUID()
    direction = out.Enum(ScanDirection, by_value=True)
    verdict = out.Enum(Verdict, by_value=True)
    reason = out.Enum(Refusal, by_value=True, allow_none=True)
    resident = out.Nested(ScannedResident, allow_none=True)
    attendance = out.Nested(ScanAttendance, allow_none=True)
    returned = out.Boolean(
        metadata={"description": "had left, and is here again from this scan on"}
    )
    message = out.String(metadata={"example": "王*英 签到成功"})
    clock_drift_seconds = out.Integer(
        allow_none=True, metadata={"description": "the phone's clock is off by this much"}
    )


class RevertRequest(Schema):
    reason = fields.ImpersonalText(200, required=True, metadata={"example": "扫错了人"})

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Undo:
        return Undo(**data)


class FoundTicket(ma.Schema):
    booking_id = out.UUID()
    ticket = out.String(metadata={"example": "A012"})
    state = out.String(metadata={"example": "arrived", "description": "as a booking's"})
    offering_id = out.UUID()
    offering_title = out.String()


class RevertAnswer(ma.Schema):
    id = out.UUID()
    scan_id = out.UUID()
    reason = out.String()
    at = out.AwareDateTime()
    tickets = out.List(
        out.Nested(FoundTicket),
        metadata={"description": "numbers in the line of whom nothing says now that they are here"},
    )


class AttendanceAnswer(ma.Schema):
    id = out.UUID()
    resident = out.Nested(ScanResident)
    attended_at = out.AwareDateTime()
    on_day = out.Date()
    left_at = out.AwareDateTime(allow_none=True)


class Provenance(ma.Schema):
    """How we know of a visit: the scan on which it stands."""

    id = out.UUID()
    source = out.Enum(ScanSource, by_value=True)
    device_id = out.String(allow_none=True)
    scanned_at = out.AwareDateTime(metadata={"description": "by the phone's clock"})
    received_at = out.AwareDateTime(metadata={"description": "by the server's"})
    clock_drift_seconds = out.Integer(
        metadata={"description": "by how much the phone's clock was behind, as far as is known"}
    )
    offline = out.Boolean(metadata={"description": "it had been kept on the phone before"})


class ListedAttendanceAnswer(AttendanceAnswer):
    scan = out.Nested(Provenance, allow_none=True)


class MyAttendanceAnswer(AttendanceAnswer):
    activity_id = out.UUID()
    activity_title = out.String()
    ratable_until = out.AwareDateTime(metadata={"description": "until when it can be rated"})


class PhoneOrTail(fields.Phone):
    """A whole number, or its last four digits."""

    default_error_messages = fields.Phone.default_error_messages | {
        "invalid": "应为手机号后四位，或完整的 11 位手机号"
    }
    pattern = f"({fields.Phone.pattern}|[0-9]{{4}})"

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        tail = text.dialled(value) if isinstance(value, str) else ""
        if re.fullmatch("[0-9]{4}", tail):
            return tail
        return super()._deserialize(value, *args, **kwargs)


class FindRequest(Schema):
    phone = PhoneOrTail(metadata={"example": "1234"})
    name = fields.Text(NAME_LENGTH, metadata={"description": "the whole name"})

    @ma.validates_schema
    def one_of_two(self, data: dict[str, Any], **_: object) -> None:
        if len(data) != 1:
            raise ma.ValidationError("请输入手机号（或后四位）或姓名，二选一", "phone")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Wanted:
        return Wanted(**data)


class FoundAnswer(ma.Schema):
    id = out.UUID()
    display_name = out.String(metadata={"example": "王*英"})
    phone = out.String(allow_none=True, metadata={"example": "138****1234"})
    relation = out.String(
        allow_none=True, metadata={"example": "王*英的妈妈", "description": "whose family it is"}
    )
    checked_in_at = out.AwareDateTime(
        allow_none=True, metadata={"description": "at this activity today"}
    )
    left_at = out.AwareDateTime(allow_none=True)
    tickets = out.List(out.Nested(FoundTicket), metadata={"description": "at this activity today"})


class FoundPage(ma.Schema):
    items = out.List(out.Nested(FoundAnswer))
    next_cursor = out.String(allow_none=True)
    more = out.Integer(
        metadata={"description": "how many more fit; the whole number finds one of them"}
    )
