"""Use cases around a person: login, profile, family, phone, consents, closing the account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from backend.core import audit, clock, idempotency, limits
from backend.core.config import load
from backend.core.context import composed
from backend.core.errors import AppError, Forbidden, NotFound, NotLoggedIn, ValidationFailed
from backend.core.given import UNSET, given, or_else, put
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.identity import phones, roles, statements
from backend.identity.login import sessions
from backend.identity.models import Consent, PhoneState, Resident, User, UserState
from backend.identity.people import erasure, guests
from backend.identity.personal_codes import CodeFault, PersonalCode, PersonalCodes
from backend.identity.requests import FamilyMember, ProfileEdit
from backend.regions.models import Region

FAMILY_LIMIT = 10
ADULT_CONSENT_AGE = 14
PROVEN = (PhoneState.VERIFIED, PhoneState.CONFIRMED)


class WeChatCodeInvalidError(AppError):
    status = 401
    code = "wechat_code_invalid"
    title = "登录已过期，请重新进入小程序"


class WeChatUserBlockedError(AppError):
    status = 403
    code = "wechat_user_blocked"
    title = "暂时无法登录，请到服务台人工登记"


class WeChatUnavailableError(AppError):
    status = 503
    code = "wechat_unavailable"
    title = "微信暂时连不上，请稍后再试；急用请到服务台登记"


class WeChatBusyError(AppError):
    status = 503
    code = "wechat_busy"
    title = "现在登录的人多，还没轮到您，请再试一次；急用请到服务台登记"


class PhoneCodeInvalid(AppError):
    status = 422
    code = "phone_code_invalid"
    title = "手机号授权已失效，请再点一次"


class ForeignNumber(AppError):
    status = 422
    code = "foreign_number"
    title = "只能绑定中国大陆的手机号，请用大陆手机号，或到服务台登记"


class FamilyLimitReached(AppError):
    status = 409
    code = "family_limit_reached"
    title = f"最多添加 {FAMILY_LIMIT} 位家人"


class ConsentRequired(AppError):
    status = 409
    code = "consent_required"
    title = "请先阅读并同意相关说明"


class NoTypedPhone(AppError):
    status = 409
    code = "no_phone_to_confirm"
    title = "这位居民还没有填写手机号"


class ResidentCodeRefused(AppError):
    status = 422
    code = "resident_code_refused"
    title = "个人码无效或已过期，请居民刷新后再出示"


@dataclass(frozen=True, slots=True)
class Login:
    token: str
    expires_at: datetime
    actor: Actor


def log_in(session: Session, openid: str, unionid: str | None) -> Login:
    """A session for the WeChat user, who is made on the first visit.

    Two first logins at once make one user: the second finds the first's row.

    Raises WeChatUserBlockedError (403) for an account that we have blocked, TooManyRequests (429).
    """
    limits.check(session, "login_person", openid)
    user = _find_or_make_user(session, openid, unionid)
    if user.state != UserState.ACTIVE:
        raise WeChatUserBlockedError
    if unionid is not None and unionid != user.unionid:
        session.execute(update(User).where(User.id == user.id).values(unionid=unionid))
    token, expires_at = sessions.create(session, user.id)
    actor = sessions.authenticate(session, token)
    assert actor is not None
    return Login(token, expires_at, actor)


def find_or_create_user(session: Session, openid: str) -> UUID:
    """The id of the user with this openid, with a resident row of their own. The user's row is
    locked: logging in and closing the account come one after the other."""
    user_id: UUID = _find_or_make_user(session, openid, None).id
    return user_id


def _find_or_make_user(session: Session, openid: str, unionid: str | None) -> Any:
    """The row: `id`, `state`, `unionid`."""
    user, now = None, clock.now()
    # A second time where somebody else makes the same one, or the account was closed, in between.
    while user is None:
        user = statements.FIND_USER.first(session, openid=openid) or statements.MAKE_USER.first(
            session, id=new_id(), openid=openid, unionid=unionid, now=now
        )
    statements.MAKE_RESIDENT.rows(
        session, id=new_id(), user_id=user.id, code_handle=new_id(), now=now
    )
    return user


def update_me(session: Session, actor: Actor, edit: ProfileEdit) -> None:
    """Change the caller's own profile and preferences.

    Raises ValidationFailed (422) for a region that does not exist, NotLoggedIn (401) when the
    account has been closed meanwhile.
    """
    _check_region(session, or_else(edit.region_id, None))
    resident = _lock_own_resident(session, actor)
    if preferences := given(edit.preferences):
        session.execute(update(User).where(User.id == actor.user_id).values(**preferences))
    put(resident, edit, but=("preferences",))
    session.flush()


def _check_region(session: Session, region_id: UUID | None) -> None:
    if region_id is not None and session.get(Region, region_id) is None:
        raise ValidationFailed(errors={"region_id": ["没有这个地区"]})


def list_family(session: Session, actor: Actor, *, lock: bool = False) -> list[Resident]:
    """The family members the caller acts for, oldest entry first."""
    statement = (
        select(Resident)
        .where(Resident.guardian_user_id == actor.user_id, Resident.removed_at.is_(None))
        .order_by(Resident.id)
    )
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    return list(session.execute(statement).scalars())


def add_family_member(session: Session, actor: Actor, new: FamilyMember) -> Resident:
    """A person the caller acts for (代办).

    Raises FamilyLimitReached (409), and ConsentRequired (409) for a child under 14 without the
    guardian's consent (PIPL 31).
    """
    _lock_user(session, actor.user_id)
    if len(list_family(session, actor)) >= FAMILY_LIMIT:
        raise FamilyLimitReached
    _require_guardian_consent(session, actor, or_else(new.birth_year, None))
    member = Resident(guardian_user_id=actor.user_id, **given(new, but=("phone",)))
    if new.phone is not UNSET:
        phones.put_phone(member, new.phone, PhoneState.TYPED)
    session.add(member)
    session.flush()
    return member


def update_family_member(
    session: Session, actor: Actor, member: Resident, edit: FamilyMember
) -> Resident:
    """Change a family member's data; the same refusals as adding one.

    A number that is proven already and given again stays proven.
    """
    _require_guardian_consent(session, actor, or_else(edit.birth_year, None))
    put(member, edit, but=("phone",))
    if edit.phone is not UNSET and not _is_proven(member, edit.phone):
        phones.put_phone(member, edit.phone, PhoneState.TYPED)
    session.flush()
    return member


def remove_family_member(session: Session, actor: Actor, member: Resident) -> None:
    """Stop acting for somebody: their personal data is erased, counts stay."""
    erasure.erase_residents(session, actor, [member])
    idempotency.forget(session, actor.user_id, about=member.id)


def _require_guardian_consent(session: Session, actor: Actor, birth_year: int | None) -> None:
    # We keep the year alone: who turns 14 in this one may still be 13.
    if birth_year is None or clock.today().year - birth_year > ADULT_CONSENT_AGE:
        return
    if "guardian" not in {consent.purpose for consent in active_consents(session, actor.user_id)}:
        raise ConsentRequired(
            "家人未满 14 周岁，请先同意作为监护人记录其信息", extra={"purpose": "guardian"}
        )


def bind_typed_phone(session: Session, actor: Actor, phone: str) -> str:
    """Keep a number that the caller typed. It proves nothing and merges nothing.

    A number that is proven already and typed again stays proven.

    Raises NotLoggedIn (401) when the account has been closed meanwhile.
    """
    resident = _lock_own_resident(session, actor)
    if not _is_proven(resident, phone):
        phones.put_phone(resident, phone, PhoneState.TYPED)
        session.flush()
    return phone


def _is_proven(resident: Resident, phone: str) -> bool:
    return resident.phone_state in PROVEN and (resident.phone_hash == phones.hash_of(phone))


def bind_verified_phone(session: Session, actor: Actor, phone: str) -> str:
    """Keep a number that WeChat has verified; guests written in with it become this resident.

    Raises NotLoggedIn (401) when the account has been closed meanwhile.
    """
    guests.lock_number(session, phones.hash_of(phone))
    resident = _lock_own_resident(session, actor)
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


def issue_code(resident: Resident) -> PersonalCode:
    """A fresh personal code for a resident."""
    return composed(PersonalCodes).issue(resident.code_handle)


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


def active_consents(session: Session, user_id: UUID) -> list[Consent]:
    """The consents a user has given and not withdrawn."""
    return list(session.execute(select_active_consents(), {"user_id": user_id}).scalars())


def select_active_consents() -> Select[Consent]:
    """The same, as a statement with the parameter `user_id`."""
    return (
        select(Consent)
        .where(Consent.user_id == bindparam("user_id"), Consent.withdrawn_at.is_(None))
        .order_by(Consent.id)
    )


def give_consent(session: Session, actor: Actor, purpose: str, version: str) -> Consent:
    """Keep a consent to one version of a purpose; a newer version replaces the older one.

    Raises ValidationFailed (422) for a version that is not the current one.
    """
    if version != load("consents")[purpose]["version"]:
        raise ValidationFailed(errors={"version": ["说明已更新，请重新阅读后同意"]})
    _lock_user(session, actor.user_id)
    current = [c for c in active_consents(session, actor.user_id) if c.purpose == purpose]
    if current and current[0].version == version:
        return current[0]
    for consent in current:
        consent.withdrawn_at = clock.now()
    session.flush()
    consent = Consent(user_id=actor.user_id, purpose=purpose, version=version)
    session.add(consent)
    session.flush()
    return consent


def withdraw_consent(session: Session, actor: Actor, purpose: str) -> None:
    """Withdraw a consent; the row stays, with its time.

    Raises NotFound (404) when there is none to withdraw.
    """
    _lock_user(session, actor.user_id)
    current = [c for c in active_consents(session, actor.user_id) if c.purpose == purpose]
    if not current:
        raise NotFound
    for consent in current:
        consent.withdrawn_at = clock.now()
    session.flush()


def close_account(session: Session, actor: Actor) -> None:
    """Erase the caller's personal data and their family members'; counts stay.

    Rows of bookings, visits and ratings keep a resident id without a name, so that a figure that
    was reported stays true.

    Raises NotLoggedIn (401) when a twin of this request has closed it meanwhile, LastAdmin (409)
    where a region would be left without an admin.
    """
    user = _lock_user(session, actor.user_id)
    roles.revoke_all(session, actor, actor.user_id)
    user.openid, user.unionid = None, None
    user.state, user.closed_at = UserState.CLOSED, clock.now()
    people = [_lock_own_resident(session, actor), *list_family(session, actor, lock=True)]
    erasure.erase_residents(session, actor, people)
    idempotency.forget(session, actor.user_id)
    for consent in active_consents(session, actor.user_id):
        consent.withdrawn_at = clock.now()
    erasure.erase_logins(session, actor.user_id)
    audit.record(
        session,
        actor,
        "close_account",
        User.__tablename__,
        actor.user_id,
        from_state=UserState.ACTIVE,
        to_state=UserState.CLOSED,
    )


def _lock_user(session: Session, user_id: UUID) -> User:
    """The caller's account, locked and read afresh.

    Raises NotLoggedIn (401) when it has been closed or blocked since the request began: nothing
    personal may be written to it any more.
    """
    user = session.get_one(
        User, user_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if user.state is not UserState.ACTIVE:
        raise NotLoggedIn
    return user


def _lock_own_resident(session: Session, actor: Actor) -> Resident:
    """The caller's own resident row, locked and read afresh. Raises as `_lock_user`."""
    resident = session.get_one(
        Resident,
        actor.resident_id,
        with_for_update={"key_share": True},
        populate_existing=True,
    )
    if resident.removed_at is not None:
        raise NotLoggedIn
    return resident
