"""What the identity routes take and answer."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core.config import load
from backend.core.permissions import Role
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.identity.names import NAME_LENGTH
from backend.identity.people.special_needs import TAGS
from backend.identity.requests import FamilyMember, PreferencesEdit, ProfileEdit, SpecialNeeds
from backend.identity.web.shapes import BirthYear, SpecialNeedsAnswer

_WITH_CONSENT = {"description": "with the consent `special_needs` alone"}


class WeChatLoginRequest(Schema):
    code = fields.Text(256, required=True, metadata={"example": "ok:resident"})


class RoleAnswer(ma.Schema):
    role = out.Enum(Role, by_value=True, metadata={"example": "organiser"})
    scope = out.Dict(
        metadata={"example": {"type": "region", "id": "…", "code": "320412100", "name": "湖塘镇"}}
    )


class PreferencesAnswer(ma.Schema):
    elder_mode = out.Boolean()


class ConsentAnswer(ma.Schema):
    purpose = out.String(metadata={"example": "privacy"})
    version = out.String(metadata={"example": "2026-01"})
    given_at = out.AwareDateTime()


class MeAnswer(ma.Schema):
    id = out.UUID()
    resident_id = out.UUID()
    name = out.String(allow_none=True)
    display_name = out.String(metadata={"example": "王秀英"})
    birth_year = out.Integer(allow_none=True)
    region_id = out.UUID(allow_none=True)
    phone = out.String(allow_none=True, metadata={"example": "138****1234"})
    phone_state = out.String(metadata={"example": "verified"})
    special_needs = out.Nested(SpecialNeedsAnswer, allow_none=True)
    roles = out.List(out.Nested(RoleAnswer))
    preferences = out.Nested(PreferencesAnswer)
    consents = out.List(out.Nested(ConsentAnswer))


class LoginAnswer(ma.Schema):
    token = out.String()
    expires_at = out.AwareDateTime()
    user = out.Nested(MeAnswer)


class PreferencesRequest(Schema):
    elder_mode = fields.Flag()

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> PreferencesEdit:
        return PreferencesEdit(**data)


class SpecialNeedsRequest(Schema):
    tags = fields.Items(
        fields.Key(TAGS), len(TAGS), required=True, metadata={"example": ["hearing"]}
    )
    words = fields.ImpersonalText(60, allow_none=True, load_default=None)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> SpecialNeeds | None:
        """None where nothing is said: that takes back what was."""
        tags = tuple(tag for tag in TAGS if tag in data["tags"])
        return SpecialNeeds(tags, data["words"]) if tags or data["words"] else None


class MeRequest(Schema):
    name = fields.Text(NAME_LENGTH, allow_none=True)
    birth_year = BirthYear()
    region_id = fields.Id(allow_none=True)
    special_needs = fields.Part(SpecialNeedsRequest, allow_none=True, metadata=_WITH_CONSENT)
    preferences = fields.Part(PreferencesRequest)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> ProfileEdit:
        return ProfileEdit(**data)


class PhoneRequest(Schema):
    code = fields.Text(256, metadata={"description": "from the getPhoneNumber button"})
    phone = fields.Phone(metadata={"description": "typed", "example": "13800001234"})

    @ma.validates_schema
    def one_of_two(self, data: dict[str, str], **_: object) -> None:
        if len(data) != 1:
            raise ma.ValidationError("请用微信授权或填写手机号，二选一", "phone")


class PhoneAnswer(ma.Schema):
    phone = out.String(metadata={"example": "138****1234"})
    phone_state = out.String(metadata={"example": "verified"})


class FamilyRequest(Schema):
    name = fields.Text(NAME_LENGTH, required=True, metadata={"example": "王奶奶"})
    relation = fields.Text(10, metadata={"example": "奶奶"})
    birth_year = BirthYear()
    phone = fields.Phone()
    special_needs = fields.Part(SpecialNeedsRequest, allow_none=True, metadata=_WITH_CONSENT)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> FamilyMember:
        return FamilyMember(**data)


class FamilyAnswer(ma.Schema):
    id = out.UUID()
    name = out.String(metadata={"example": "王奶奶"})
    display_name = out.String(metadata={"example": "王奶奶"})
    relation = out.String(allow_none=True)
    birth_year = out.Integer(allow_none=True)
    phone = out.String(allow_none=True, metadata={"example": "138****1234"})
    special_needs = out.Nested(SpecialNeedsAnswer, allow_none=True)


class FamilyPage(ma.Schema):
    items = out.List(out.Nested(FamilyAnswer))
    next_cursor = out.String(allow_none=True)


class SessionAnswer(ma.Schema):
    id = out.UUID()
    how = out.String(
        allow_none=True,
        metadata={"description": "phone, scan, password or demo; null where it was not noted"},
    )
    device = out.String(allow_none=True, metadata={"example": "微信 · iPhone"})
    address = out.String(allow_none=True, metadata={"example": "203.0.113.7"})
    created_at = out.AwareDateTime()
    last_used_at = out.AwareDateTime()
    current = out.Boolean()


class SessionPage(ma.Schema):
    items = out.List(out.Nested(SessionAnswer))
    next_cursor = out.String(allow_none=True)


class CodeQuery(Schema):
    resident_id = fields.Id(metadata={"description": "a family member; without it, oneself"})


class PersonalCodeAnswer(ma.Schema):
    code = out.String()
    expires_at = out.AwareDateTime()


class ConsentRequest(Schema):
    purpose = fields.Key(load("consents"), required=True, metadata={"example": "privacy"})
    version = fields.Text(20, required=True, metadata={"example": "2026-01"})


class ConfirmPhoneRequest(Schema):
    resident_code = fields.Text(300, required=True)


class ConfirmPhoneAnswer(ma.Schema):
    display_name = out.String(metadata={"example": "王*英"})
    phone = out.String(metadata={"example": "138****1234"})
    phone_state = out.String(metadata={"example": "confirmed"})


class PasswordLoginForm(Schema):
    username = fields.Text(64, required=True)
    password = fields.Secret(128, required=True)
    code = fields.Text(10, required=True)


class PasswordChangeForm(Schema):
    old = fields.Secret(128, required=True)
    code = fields.Text(10, required=True)
    new = fields.Secret(128, required=True)
    again = fields.Secret(128, required=True)


class ConsoleLoginAnswer(ma.Schema):
    browser = out.String(metadata={"example": "Chrome · Windows"})
    asked_at = out.AwareDateTime()
    expires_at = out.AwareDateTime()


# ---------------------------------------------------------------------------- people's pages


class StaffQuery(PageQuery):
    role = fields.Choice(Role)
    region_id = fields.Id()
    q = fields.Text(NAME_LENGTH)


class FindForm(Schema):
    who = fields.Text(300, required=True)


class LookUpForm(FindForm):
    reason = fields.ImpersonalText(100, required=True)


class GrantForm(Schema):
    """A role with its place: a partner's is an organisation, every other role's a region."""

    role = fields.Choice(Role, required=True)
    region_id = fields.Id()
    organisation_id = fields.Id()

    @ma.validates_schema
    def one_place(self, data: dict[str, Any], **_: object) -> None:
        wanted, other = "region_id", "organisation_id"
        if data.get("role") is Role.PARTNER:
            wanted, other = other, wanted
        if "role" in data and wanted not in data:
            raise ma.ValidationError("请选择这个角色负责的地区或单位", wanted)
        data.pop(other, None)
