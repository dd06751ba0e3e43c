"""What several commands take: regions, roles, users."""

import re
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from backend.cli.command_line import CommandError, checked_text
from backend.core.permissions import Role
from backend.core.text import mobile_number
from backend.identity.models import Resident, User, UserState
from backend.identity.people import numbers
from backend.identity.phones import hash_of
from backend.regions import operations as regions
from backend.regions.models import Region

ARGUMENT_LENGTH = 128
OPENID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def role_of(name: str) -> Role:
    """A role by its name. Raises CommandError."""
    try:
        return Role(name)
    except ValueError:
        raise CommandError(f"ROLE：应为 {'、'.join(Role)} 之一") from None


def region_of(session: Session, code: str) -> Region:
    """A region by its code. Raises CommandError."""
    code = checked_text("--region", code, ARGUMENT_LENGTH)
    try:
        return regions.region_by_code(session, code)
    except regions.RegionUnknown as unknown:
        raise CommandError(f"--region：{unknown.detail}") from None


def user_of(session: Session, user: str) -> User:
    user = checked_text("USER", user, ARGUMENT_LENGTH)
    if mobile_number(user):
        return user_by_phone(session, "USER", user)
    try:
        is_user = User.id == UUID(user)
    except ValueError:
        is_user = User.openid == user
    found = session.execute(select(User).where(is_user)).scalar_one_or_none()
    if found is None:
        raise CommandError("USER：没有这个用户（应为手机号、用户编号或 openid）")
    return found


def user_by_phone(session: Session, argument: str, phone: str) -> User:
    """Whose number it is; one that somebody has merely typed is no proof of that."""
    mobile = mobile_number(phone)
    if mobile is None:
        raise CommandError(f"{argument}：应为 11 位手机号")
    own = and_(
        Resident.user_id == User.id,
        Resident.phone_hash == hash_of(mobile),
        Resident.phone_state.in_(numbers.PROVEN),
    )
    found = session.execute(select(User).join(Resident, own).order_by(User.id)).scalars().all()
    if not found:
        raise CommandError(
            f"{argument}：没有用户核实过这个手机号。请本人在小程序「我的 → 姓名和手机号」"
            "点「用微信绑定的手机号」（自己填写的不算），再试一次"
        )
    if len(found) > 1:
        ids = "、".join(str(user.id) for user in found)
        raise CommandError(f"{argument}：这个手机号有几位用户，请写用户编号：{ids}")
    return found[0]


def check_active(user: User) -> None:
    """Raises CommandError for a user who is blocked or gone."""
    if user.state is not UserState.ACTIVE:
        raise CommandError("USER：这个账户已注销或停用，不能授予角色")
