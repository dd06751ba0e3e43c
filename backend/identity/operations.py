"""Use cases of people: logging in from a phone, one's own account, personal codes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.core import audit, clock, idempotency, limits
from backend.core.context import composed
from backend.core.errors import AppError
from backend.core.given import given, or_else, put
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.identity import roles, statements
from backend.identity.login import sessions
from backend.identity.models import Resident, User, UserState
from backend.identity.people import erasure
from backend.identity.people.consents import active_consents, keep_special_needs
from backend.identity.people.family import check_region, list_family
from backend.identity.people.locks import lock_own_resident, lock_user
from backend.identity.personal_codes import PersonalCode, PersonalCodes
from backend.identity.requests import ProfileEdit


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


@dataclass(frozen=True, slots=True)
class Login:
    token: str
    expires_at: datetime
    user_id: UUID


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
    return Login(token, expires_at, user.id)


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
            session, id=new_id(), openid=openid, unionid=unionid, now=now,
            resident_id=new_id(), code_handle=new_id(),
        )  # fmt: skip
    return user


def update_me(session: Session, actor: Actor, edit: ProfileEdit) -> None:
    """Change the caller's own profile and preferences.

    Raises ValidationFailed (422) for a region that does not exist, NotLoggedIn (401) when the
    account has been closed meanwhile, ConsentRequired (409) for special needs without the consent.
    """
    check_region(session, or_else(edit.region_id, None))
    resident = lock_own_resident(session, actor)
    if preferences := given(edit.preferences):
        session.execute(update(User).where(User.id == actor.user_id).values(**preferences))
    keep_special_needs(session, actor, resident, edit.special_needs)
    put(resident, edit, but=("preferences", "special_needs"))
    session.flush()


def issue_code(resident: Resident) -> PersonalCode:
    """A fresh personal code for a resident."""
    return composed(PersonalCodes).issue(resident.code_handle)


def close_account(session: Session, actor: Actor) -> None:
    """Erase the caller's personal data and their family members'; counts stay.

    Rows of bookings, visits and ratings keep a resident id without a name, so that a figure that
    was reported stays true.

    Raises NotLoggedIn (401) when a twin of this request has closed it meanwhile, LastAdmin (409)
    where a region would be left without an admin.
    """
    user = lock_user(session, actor.user_id)
    roles.revoke_all(session, actor, actor.user_id)
    user.state, user.closed_at = UserState.CLOSED, clock.now()
    people = [lock_own_resident(session, actor), *list_family(session, actor, lock=True)]
    erasure.erase_residents(session, actor, people)
    idempotency.forget(session, actor.user_id)
    for consent in active_consents(session, actor.user_id):
        consent.withdrawn_at = clock.now()
    erasure.erase_logins(session, actor.user_id)
    # Last, for it locks the account's key: whoever is telling it something holds a booking, or a
    # person, that was waited for above, and waits for that key.
    user.openid, user.unionid = None, None
    audit.record(
        session,
        actor,
        "close_account",
        User.__tablename__,
        actor.user_id,
        from_state=UserState.ACTIVE,
        to_state=UserState.CLOSED,
    )
