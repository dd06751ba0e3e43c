"""Use cases of phone numbers: typed, verified by WeChat, confirmed face to face."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import audit
from backend.core.context import composed
from backend.core.errors import AppError, Forbidden
from backend.core.permissions import Actor
from backend.identity import phones
from backend.identity.models import PhoneState, Resident
from backend.identity.people import guests
from backend.identity.people.locks import lock_own_resident
from backend.identity.personal_codes import CodeFault, PersonalCodes

PROVEN = (PhoneState.VERIFIED, PhoneState.CONFIRMED)


class PhoneCodeInvalid(AppError):
    status = 422
    code = "phone_code_invalid"
    title = "手机号授权已失效，请再点一次"


class ForeignNumber(AppError):
    status = 422
    code = "foreign_number"
    title = "只能绑定中国大陆的手机号，请用大陆手机号，或到服务台登记"


class NoTypedPhone(AppError):
    status = 409
    code = "no_phone_to_confirm"
    title = "这位居民还没有填写手机号"


class ResidentCodeRefused(AppError):
    status = 422
    code = "resident_code_refused"
    title = "个人码无效或已过期，请居民刷新后再出示"


def bind_typed_phone(session: Session, actor: Actor, phone: str) -> str:
    """Keep a number that the caller typed. It proves nothing and merges nothing.

    A number that is proven already and typed again stays proven.

    Raises NotLoggedIn (401) when the account has been closed meanwhile.
    """
    resident = lock_own_resident(session, actor)
    if not is_proven(resident, phone):
        phones.put_phone(resident, phone, PhoneState.TYPED)
        session.flush()
    return phone


def is_proven(resident: Resident, phone: str) -> bool:
    return resident.phone_state in PROVEN and (resident.phone_hash == phones.hash_of(phone))


def bind_verified_phone(session: Session, actor: Actor, phone: str) -> str:
    """Keep a number that WeChat has verified; guests written in with it become this resident.

    Raises NotLoggedIn (401) when the account has been closed meanwhile.
    """
    guests.lock_number(session, phones.hash_of(phone))
    resident = lock_own_resident(session, actor)
    phones.put_phone(resident, phone, PhoneState.VERIFIED)
    session.flush()
    guests.merge_guests(session, actor, resident)
    return phone


def confirm_phone_in_person(session: Session, actor: Actor, code: str) -> Resident:
    """A volunteer, face to face, confirms the number that a resident has typed.

    The resident's fresh personal code stands for their presence; nobody confirms for themselves
    or for their family, or a number typed by a volunteer would bring them its owner's records.

    Raises ResidentCodeRefused (422) for a code that is forged or old, Forbidden (403) for the
    volunteer's own, NoTypedPhone (409).
    """
    number = _number_by_code(session, code)
    if number is not None:
        guests.lock_number(session, number)
    resident = resident_by_code(session, code)
    if resident is None or isinstance(resident, CodeFault):
        raise ResidentCodeRefused
    if actor.user_id in (resident.user_id, resident.guardian_user_id):
        raise Forbidden("请另一位志愿者为您确认")
    if resident.phone_hash is None:
        raise NoTypedPhone
    if resident.phone_state is PhoneState.TYPED:
        resident.phone_state = PhoneState.CONFIRMED
        session.flush()
        audit.record(
            session,
            actor,
            "confirm_phone",
            "resident",
            resident.id,
            from_state=PhoneState.TYPED,
            to_state=PhoneState.CONFIRMED,
        )
    guests.merge_guests(session, actor, resident)
    return resident


def _number_by_code(session: Session, code: str) -> bytes | None:
    """The hash of the number of whom a personal code belongs to, not locked."""
    handle = composed(PersonalCodes).read(code)
    if isinstance(handle, CodeFault):
        return None
    statement = select(Resident.phone_hash).where(Resident.code_handle == handle)
    return session.execute(statement).scalar_one_or_none()


def resident_by_code(session: Session, code: str) -> Resident | CodeFault | None:
    """The resident whose personal code this is, locked; None when the code has been revoked."""
    handle = composed(PersonalCodes).read(code)
    if isinstance(handle, CodeFault):
        return handle
    statement = (
        select(Resident)
        .where(Resident.code_handle == handle, Resident.removed_at.is_(None))
        .with_for_update()
    )
    return session.execute(statement).scalar_one_or_none()
