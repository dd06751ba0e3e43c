"""`flask admin` and `flask roles`: who may do what."""

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.cli.arguments import OPENID, check_active, region_of, role_of, user_by_phone, user_of
from backend.cli.command_line import ChineseGroup, CommandError, checked_text
from backend.core.db import transaction
from backend.core.permissions import Actor, Role
from backend.identity import operations as identity
from backend.identity import roles
from backend.identity.models import Resident, RoleAssignment, User
from backend.identity.names import NAME_LENGTH
from backend.identity.requests import ProfileEdit
from backend.identity.words import ROLES
from backend.partners import operations as partners
from backend.partners.models import Organisation
from backend.regions.models import Region


@click.group("admin", cls=ChineseGroup)
def admin_group() -> None:
    """管理员"""


@admin_group.command("create")
@click.option("--phone", metavar="手机号", help="这位用户在小程序里经微信核实过的手机号")
@click.option("--openid", metavar="OPENID", help="或者 openid；用户还没登录过也可以")
@click.option("--region", "code", required=True, metavar="代码", help="管理哪个地区（及其下级）")
@click.option("--name", metavar="姓名", help="写进这位用户的资料")
def create_admin(phone: str | None, openid: str | None, code: str, name: str | None) -> None:
    """设一位管理员

    \b
    先请这位用户打开小程序登录，在「我的 → 姓名和手机号」点「用微信绑定的手机号」，
    再在这里写这个手机号。手机号不记入日志。
    例：flask --app backend.wsgi admin create --phone 13800000000 --region 320412 --name 张三
    """
    if (phone is None) == (openid is None):
        raise CommandError("--phone 和 --openid 要写一个，也只写一个")
    if openid is not None and not OPENID.fullmatch(openid):
        raise CommandError("--openid：应为字母、数字、- 或 _，最多 128 个")
    if name is not None:
        name = checked_text("--name", name, NAME_LENGTH)
    with transaction() as session:
        if openid is not None:
            lines = make_admin(session, openid, code, name)
        else:
            user = user_by_phone(session, "--phone", phone or "")
            lines = [f"用户已存在：{user.id}", _give_admin(session, user, code, name)]
    for line in lines:
        click.echo(line)


def make_admin(session: Session, openid: str, code: str, name: str | None) -> list[str]:
    """The user with this openid, made where there is none, as admin of a region.

    Answers what was done, a line each.
    """
    known = session.execute(select(User.id).where(User.openid == openid)).first()
    user = session.get_one(User, identity.find_or_create_user(session, openid))
    return [
        f"用户已存在：{user.id}" if known else f"已新建用户：{user.id}",
        _give_admin(session, user, code, name),
    ]


def _give_admin(session: Session, user: User, code: str, name: str | None) -> str:
    region = region_of(session, code)
    check_active(user)
    if name is not None:
        _rename(session, user, name)
    granted = roles.grant(session, None, user.id, Role.ADMIN, roles.Scope(region_id=region.id))
    return _said(granted, Role.ADMIN, f"{region.code} {region.name}")


def _rename(session: Session, user: User, name: str) -> None:
    own = select(Resident.id).where(Resident.user_id == user.id)
    actor = Actor(user.id, session.execute(own).scalar_one())
    identity.update_me(session, actor, ProfileEdit(name=name))


@click.group("roles", cls=ChineseGroup)
def roles_group() -> None:
    """角色：谁在哪里可以做什么"""


_ROLE_HELP = """
    \b
    USER 是手机号、用户编号或 openid;ROLE 是下面之一：
      volunteer 志愿者   organiser 组织者   admin 管理员   auditor 督查员
        ——都授权到地区，用 --region
      partner 合伙人
        ——授权到单位，用 --organisation
"""


@roles_group.command("grant", help=f"授予角色；可写几个用户，要么都授予，要么都不\n{_ROLE_HELP}")
@click.argument("users", metavar="USER…", nargs=-1, required=True)
@click.argument("role")
@click.option("--region", "code", metavar="代码", help="地区代码：在这个地区及其下级有效")
@click.option("--organisation", metavar="单位全称", help="单位全称（合伙人用）")
def grant_role(
    users: tuple[str, ...], role: str, code: str | None, organisation: str | None
) -> None:
    """Give one or several users a role, all or none of them."""
    wanted = role_of(role)
    with transaction() as session:
        scope, where = _scope(session, code, organisation)
        # In the order of their ids: two commands that name the same people never wait for each
        # other in a circle.
        found = sorted((user_of(session, user) for user in users), key=lambda user: user.id)
        for user in found:
            check_active(user)
        granted = [roles.grant(session, None, user.id, wanted, scope) for user in found]
    for given in granted:
        click.echo(_said(given, wanted, where))


@roles_group.command("revoke", help=f"收回角色，下一次请求起生效\n{_ROLE_HELP}")
@click.argument("user")
@click.argument("role")
@click.option("--region", "code", metavar="代码", help="地区代码")
@click.option("--organisation", metavar="单位全称", help="单位全称（合伙人用）")
def revoke_role(user: str, role: str, code: str | None, organisation: str | None) -> None:
    """Take a role back."""
    wanted = role_of(role)
    with transaction() as session:
        scope, where = _scope(session, code, organisation)
        revoked = roles.revoke(session, None, user_of(session, user).id, wanted, scope)
    what = "已收回" if revoked else "没有这个角色，没有改动"
    click.echo(f"{what}：{_titled(wanted)} {where}")


@roles_group.command("list")
@click.argument("user", required=False)
def list_roles(user: str | None) -> None:
    """列出角色：用户编号、角色、范围

    \b
    USER 是手机号、用户编号或 openid；不写就列出所有人的。
    """
    scope = func.coalesce(Region.code + " " + Region.name, Organisation.name)
    statement = (
        select(RoleAssignment.user_id, RoleAssignment.role, scope)
        .outerjoin(Region, Region.id == RoleAssignment.region_id)
        .outerjoin(Organisation, Organisation.id == RoleAssignment.organisation_id)
        .where(RoleAssignment.revoked_at.is_(None))
        .order_by(RoleAssignment.user_id, RoleAssignment.id)
    )
    with transaction() as session:
        if user is not None:
            statement = statement.where(RoleAssignment.user_id == user_of(session, user).id)
        rows = session.execute(statement).all()
    for user_id, role, where in rows:
        click.echo(f"{user_id}  {_titled(role)}  {where}")
    if not rows:
        click.echo("没有任何角色")


def _scope(session: Session, code: str | None, organisation: str | None) -> tuple[roles.Scope, str]:
    """The scope that two options name, and how it is shown."""
    if (code is None) == (organisation is None):
        raise CommandError("--region 和 --organisation 要写一个，也只写一个")
    if code is not None:
        region = region_of(session, code)
        return roles.Scope(region_id=region.id), f"{region.code} {region.name}"
    assert organisation is not None
    name = checked_text("--organisation", organisation, partners.NAME_LENGTH)
    try:
        found = partners.organisation_by_name(session, name)
    except partners.OrganisationUnknown as unknown:
        raise CommandError(f"--organisation：{unknown.detail}") from None
    return roles.Scope(organisation_id=found.id), found.name


def _titled(role: Role) -> str:
    return f"{ROLES[role]} {role}"


def _said(granted: bool, role: Role, where: str) -> str:
    return f"{'已授予' if granted else '已经有这个角色，没有改动'}：{_titled(role)} {where}"
