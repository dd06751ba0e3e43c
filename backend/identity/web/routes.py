"""Login and me."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.core.context import composed
from backend.core.crypto import mask_phone
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.web.api import LOGIN, PUBLIC, Blueprint, json_response
from backend.gateways.wechat import (
    WeChatBusy,
    WeChatCodeInvalid,
    WeChatError,
    WeChatForeignNumber,
    WeChatGateway,
    WeChatUserBlocked,
)
from backend.identity import operations, queries
from backend.identity.login import devices, scanning, sessions
from backend.identity.models import Consent
from backend.identity.names import masked_name
from backend.identity.people import consents, family, numbers
from backend.identity.permissions import access_family_member, access_own_resident
from backend.identity.phones import masked_phone
from backend.identity.requests import FamilyMember, ProfileEdit
from backend.identity.web import schemas

blp = Blueprint("identity", __name__, url_prefix="/api/v1", description="登录与我的")
_PROFILE = Limit("profile")


@blp.post("/auth/wechat", access=PUBLIC, in_transaction=False,
          body=schemas.WeChatLoginRequest, answer=schemas.LoginAnswer,
          limit=Limit("login"))  # fmt: skip
def log_in(_: Actor | None, body: dict[str, str]) -> dict[str, Any]:
    """Log in with a code from wx.login."""
    try:
        identity = composed(WeChatGateway).login(body["code"])
    except WeChatCodeInvalid:
        raise operations.WeChatCodeInvalidError from None
    except WeChatUserBlocked:
        raise operations.WeChatUserBlockedError from None
    except WeChatError as error:
        raise _away(error) from None
    with transaction() as session:
        login = operations.log_in(session, identity.openid, identity.unionid)
        return {
            "token": login.token,
            "expires_at": login.expires_at,
            "user": queries.me(session, login.user_id),
        }


def _away(error: WeChatError) -> AppError:
    """The refusal for a call to WeChat that came to nothing: is WeChat away, or too many wait?"""
    if isinstance(error, WeChatBusy):
        return operations.WeChatBusyError()
    return operations.WeChatUnavailableError()


@blp.post("/auth/logout", access=LOGIN, status=204)
def log_out(session: Session, actor: Actor, _: dict[str, Any]) -> None:
    """End this session."""
    assert actor.session_id is not None
    sessions.revoke(session, actor.session_id)


@blp.get("/me", access=LOGIN, answer=schemas.MeAnswer)
def get_me(session: Session, actor: Actor) -> dict[str, Any]:
    """Me, with roles and scopes, preferences and consents."""
    return queries.me(session, actor.user_id)


@blp.put("/me", access=LOGIN, body=schemas.MeRequest, answer=schemas.MeAnswer, limit=_PROFILE)
def put_me(session: Session, actor: Actor, body: ProfileEdit) -> dict[str, Any]:
    """Change my profile or preferences; what is not named stays."""
    operations.update_me(session, actor, body)
    return queries.me(session, actor.user_id)


@blp.delete("/me", access=LOGIN, limit=_PROFILE)
def delete_me(session: Session, actor: Actor, _: dict[str, Any]) -> None:
    """Close my account: personal data is erased, counts stay."""
    operations.close_account(session, actor)


@blp.get("/me/sessions", access=LOGIN, answer=schemas.SessionPage)
def list_sessions(session: Session, actor: Actor) -> dict[str, Any]:
    """Where I am logged in, this session first (twenty at most, so one page)."""
    return {"items": devices.own(session, actor), "next_cursor": None}


@blp.delete("/me/sessions/<uuid:session_id>", access=LOGIN, limit=_PROFILE)
def end_session(session: Session, actor: Actor, _: dict[str, Any], session_id: UUID) -> None:
    """End one of my sessions."""
    devices.end(session, actor, session_id)


@blp.get("/me/export", access=LOGIN, limit=Limit("own_export", in_process=True))
def export_me(session: Session, actor: Actor) -> Response:
    """Everything stored about me."""
    return json_response(queries.export(session, actor))


@blp.post("/me/phone", access=LOGIN, in_transaction=False,
          body=schemas.PhoneRequest, answer=schemas.PhoneAnswer, limit=_PROFILE)  # fmt: skip
def bind_phone(actor: Actor, body: dict[str, str]) -> dict[str, str]:
    """Bind my phone number, verified by WeChat (code) or typed (phone)."""
    bind = numbers.bind_typed_phone
    phone = body.get("phone")
    if phone is None:
        bind = numbers.bind_verified_phone
        try:
            phone = composed(WeChatGateway).phone_number(body["code"])
        except WeChatCodeInvalid:
            raise numbers.PhoneCodeInvalid from None
        except WeChatForeignNumber:
            raise numbers.ForeignNumber from None
        except WeChatError as error:
            raise _away(error) from None
    with transaction() as session:
        bind(session, actor, phone)
        resident = access_own_resident(session, actor)
        return {"phone": mask_phone(phone), "phone_state": resident.phone_state.value}


@blp.get("/me/family", access=LOGIN, answer=schemas.FamilyPage)
def list_family(session: Session, actor: Actor) -> dict[str, Any]:
    """The family members I act for (ten at most, so one page)."""
    members = family.list_family(session, actor)
    return {"items": [queries.family_member(member) for member in members], "next_cursor": None}


@blp.post("/me/family", access=LOGIN, status=201,
          body=schemas.FamilyRequest, answer=schemas.FamilyAnswer, limit=_PROFILE)  # fmt: skip
def add_family_member(session: Session, actor: Actor, body: FamilyMember) -> dict[str, Any]:
    """Add a family member."""
    return queries.family_member(family.add_family_member(session, actor, body))


@blp.put("/me/family/<uuid:resident_id>", access=LOGIN,
         body=schemas.FamilyRequest, answer=schemas.FamilyAnswer, limit=_PROFILE)  # fmt: skip
def put_family_member(
    session: Session, actor: Actor, body: FamilyMember, resident_id: UUID
) -> dict[str, Any]:
    """Change a family member."""
    member = access_family_member(session, actor, resident_id)
    return queries.family_member(family.update_family_member(session, actor, member, body))


@blp.delete("/me/family/<uuid:resident_id>", access=LOGIN, limit=_PROFILE)
def delete_family_member(
    session: Session, actor: Actor, _: dict[str, Any], resident_id: UUID
) -> None:
    """Remove a family member: their personal data is erased, counts stay."""
    member = access_family_member(session, actor, resident_id)
    family.remove_family_member(session, actor, member)


@blp.get("/me/code", access=LOGIN, query=schemas.CodeQuery, answer=schemas.PersonalCodeAnswer)
def get_code(session: Session, actor: Actor, query: dict[str, Any]) -> Any:
    """A personal check-in code, for me or a family member, to draw as a QR."""
    resident = access_own_resident(session, actor, query.get("resident_id"))
    return operations.issue_code(resident)


@blp.post("/me/consents", access=LOGIN, status=201,
          body=schemas.ConsentRequest, answer=schemas.ConsentAnswer, limit=_PROFILE)  # fmt: skip
def give_consent(session: Session, actor: Actor, body: dict[str, str]) -> Consent:
    """Agree to one purpose."""
    return consents.give_consent(session, actor, body["purpose"], body["version"])


@blp.delete("/me/consents/<purpose>", access=LOGIN, limit=_PROFILE)
def withdraw_consent(session: Session, actor: Actor, _: dict[str, Any], purpose: str) -> None:
    """Withdraw a consent."""
    consents.withdraw_consent(session, actor, purpose)


@blp.post("/residents/confirm-phone", access=Permission.RESIDENT_CONFIRM,
          body=schemas.ConfirmPhoneRequest, answer=schemas.ConfirmPhoneAnswer)  # fmt: skip
def confirm_phone(session: Session, actor: Actor, body: dict[str, str]) -> dict[str, Any]:
    """Confirm, face to face, the number that a resident has typed."""
    resident = numbers.confirm_phone_in_person(session, actor, body["resident_code"])
    return {
        "display_name": masked_name(resident.name),
        "phone": masked_phone(resident),
        "phone_state": resident.phone_state.value,
    }


@blp.get("/console-logins/<code>", access=Permission.CONSOLE_USE,
         answer=schemas.ConsoleLoginAnswer)  # fmt: skip
def get_console_login(session: Session, actor: Actor, code: str) -> dict[str, Any]:
    """Which browser a scanned login code is of, to be confirmed."""
    login = scanning.waiting_login(session, actor, code)
    return {
        "browser": login.browser,
        "asked_at": login.created_at,
        "expires_at": login.expires_at,
    }


@blp.post("/console-logins/<code>/confirm", access=Permission.CONSOLE_USE, status=204)
def confirm_console_login(session: Session, actor: Actor, _: dict[str, Any], code: str) -> None:
    """Let the browser that shows this code into the console, as me."""
    scanning.confirm(session, actor, code)
