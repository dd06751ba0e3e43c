"""Commands for those who set a deployment up: `flask --app backend.wsgi <group> <command>`.

Regions, organisations and roles come in here; everything else through the API. In the audit
log who runs a command is the system itself: whoever reaches this shell reaches the database.
"""

import re
import sys
from pathlib import Path
from uuid import UUID

import click
from flask import Flask
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from backend.core.command_line import ChineseGroup, CommandError, checked_text
from backend.core.db import transaction
from backend.core.permissions import Actor, Role
from backend.core.text import mobile_number
from backend.identity import console, roles
from backend.identity import operations as identity
from backend.identity.models import Resident, RoleAssignment, User, UserState
from backend.identity.names import NAME_LENGTH
from backend.identity.passwords import weakness
from backend.identity.phones import hash_of
from backend.partners import operations as partners
from backend.partners.models import Organisation
from backend.regions import operations as regions
from backend.regions.csv_files import Fault, RegionFiles, read_region_files
from backend.regions.models import Region

ROLE_TITLES = {
    Role.VOLUNTEER: "志愿者",
    Role.PARTNER: "合伙人",
    Role.ORGANISER: "组织者",
    Role.ADMIN: "管理员",
    Role.AUDITOR: "督查员",
}
ARGUMENT_LENGTH = 128
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def init_cli(app: Flask) -> None:
    """Give the app its commands."""
    for group in (
        regions_group,
        organisations_group,
        admin_group,
        roles_group,
        accounts_group,
    ):
        app.cli.add_command(group)


# ---------------------------------------------------------------------------- regions


@click.group("regions", cls=ChineseGroup)
def regions_group() -> None:
    """地区：区、镇（街道）、社区"""


@regions_group.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_regions(files: tuple[Path, ...]) -> None:
    """从 CSV 文件导入地区

    \b
    文件要有表头，用 code（代码）和 name（名称）两列，其他列不导入。
    代码 2、4、6、9、12 位依次是省、市、区县、镇（街道）、社区，
    上级由代码推出：上级要已经导入，或在同一次导入的文件里；
    最高一级除外，例如可以从本区开始。

    \b
    可以一次给几个文件，也可以反复导入：名称改了就更新，没变的不动，
    不会删除任何地区。有一处错误就什么都不导入，并指出文件、行和列。

    \b
    例：flask --app backend.wsgi regions import 武进区.csv
    """
    progress = TerminalProgress()
    with transaction() as session:
        known = regions.known_names(session)

    def misplaced(found: RegionFiles) -> list[Fault]:
        rows = list(found.rows.values())
        return [*regions.orphans(set(known), rows, found.codes), *regions.twins(known, rows)]

    found = read_region_files(files, progress, misplaced)
    sorted_regions = regions.with_pinyin(found.rows.values(), progress)
    with transaction() as session:
        counts = regions.import_regions(session, None, sorted_regions, progress)
    progress.end()
    for notice in found.notices:
        click.echo(f"提示：{notice}")
    click.echo(f"已导入：新增 {counts.added}，更新 {counts.changed}，没有变化 {counts.unchanged}")


class TerminalProgress:
    """One line on stderr that moves; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        if not self._shown:
            return
        if self._step and step != self._step:
            click.echo(err=True)
        self._step = step
        click.echo(f"\r{step} {done:,} / {total:,}", nl=False, err=True)

    def end(self) -> None:
        """Leave the line."""
        if self._step:
            click.echo(err=True)


# ---------------------------------------------------------------------------- organisations


@click.group("organisations", cls=ChineseGroup)
def organisations_group() -> None:
    """社会组织与其他单位"""


@organisations_group.command("add")
@click.argument("name")
@click.option("--region", "code", required=True, metavar="代码", help="所在地区的代码")
def add_organisation(name: str, code: str) -> None:
    """登记一个单位

    \b
    NAME 是单位全称。已经登记过的不会重复。
    例：flask --app backend.wsgi organisations add 善乐社会工作服务站 --region 320412
    """
    name = checked_text("NAME", name, partners.NAME_LENGTH)
    with transaction() as session:
        region = _region(session, code)
        organisation_id, added = partners.add_organisation(session, None, name, region)
        known = session.get_one(Organisation, organisation_id).name
    what = "已登记" if added else "已经登记过，没有改动"
    click.echo(f"{what}：{known}（{organisation_id}）")


# ---------------------------------------------------------------------------- roles


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
    if openid is not None and not _OPENID.fullmatch(openid):
        raise CommandError("--openid：应为字母、数字、- 或 _，最多 128 个")
    if name is not None:
        name = checked_text("--name", name, NAME_LENGTH)
    with transaction() as session:
        if openid is not None:
            lines = make_admin(session, openid, code, name)
        else:
            user = _user_by_phone(session, "--phone", phone or "")
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
    region = _region(session, code)
    _check_active(user)
    if name is not None:
        _rename(session, user, name)
    granted = roles.grant(session, None, user.id, Role.ADMIN, roles.Scope(region_id=region.id))
    return _said(granted, Role.ADMIN, f"{region.code} {region.name}")


def _rename(session: Session, user: User, name: str) -> None:
    own = select(Resident.id).where(Resident.user_id == user.id)
    actor = Actor(user.id, session.execute(own).scalar_one())
    identity.update_me(session, actor, {"name": name})


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
    wanted = _role(role)
    with transaction() as session:
        scope, where = _scope(session, code, organisation)
        # In the order of their ids: two commands that name the same people never wait for each
        # other in a circle.
        found = sorted((_user(session, user) for user in users), key=lambda user: user.id)
        for user in found:
            _check_active(user)
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
    wanted = _role(role)
    with transaction() as session:
        scope, where = _scope(session, code, organisation)
        revoked = roles.revoke(session, None, _user(session, user).id, wanted, scope)
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
            statement = statement.where(RoleAssignment.user_id == _user(session, user).id)
        rows = session.execute(statement).all()
    for user_id, role, where in rows:
        click.echo(f"{user_id}  {_titled(role)}  {where}")
    if not rows:
        click.echo("没有任何角色")


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise CommandError(f"ROLE：应为 {'、'.join(Role)} 之一") from None


def _region(session: Session, code: str) -> Region:
    code = checked_text("--region", code, ARGUMENT_LENGTH)
    try:
        return regions.region_by_code(session, code)
    except regions.RegionUnknown as unknown:
        raise CommandError(f"--region：{unknown.detail}") from None


def _user(session: Session, user: str) -> User:
    user = checked_text("USER", user, ARGUMENT_LENGTH)
    if mobile_number(user):
        return _user_by_phone(session, "USER", user)
    try:
        is_user = User.id == UUID(user)
    except ValueError:
        is_user = User.openid == user
    found = session.execute(select(User).where(is_user)).scalar_one_or_none()
    if found is None:
        raise CommandError("USER：没有这个用户（应为手机号、用户编号或 openid）")
    return found


def _user_by_phone(session: Session, argument: str, phone: str) -> User:
    """Whose number it is; one that somebody has merely typed is no proof of that."""
    mobile = mobile_number(phone)
    if mobile is None:
        raise CommandError(f"{argument}：应为 11 位手机号")
    own = and_(
        Resident.user_id == User.id,
        Resident.phone_hash == hash_of(mobile),
        Resident.phone_state.in_(identity.PROVEN),
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


def _check_active(user: User) -> None:
    if user.state is not UserState.ACTIVE:
        raise CommandError("USER：这个账户已注销或停用，不能授予角色")


def _scope(session: Session, code: str | None, organisation: str | None) -> tuple[roles.Scope, str]:
    """The scope that two options name, and how it is shown."""
    if (code is None) == (organisation is None):
        raise CommandError("--region 和 --organisation 要写一个，也只写一个")
    if code is not None:
        region = _region(session, code)
        return roles.Scope(region_id=region.id), f"{region.code} {region.name}"
    assert organisation is not None
    name = checked_text("--organisation", organisation, partners.NAME_LENGTH)
    try:
        found = partners.organisation_by_name(session, name)
    except partners.OrganisationUnknown as unknown:
        raise CommandError(f"--organisation：{unknown.detail}") from None
    return roles.Scope(organisation_id=found.id), found.name


def _titled(role: Role) -> str:
    return f"{ROLE_TITLES[role]} {role}"


def _said(granted: bool, role: Role, where: str) -> str:
    return f"{'已授予' if granted else '已经有这个角色，没有改动'}：{_titled(role)} {where}"


# ---------------------------------------------------------------------------- accounts

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,31}")
_password_option = click.password_option(
    prompt="密码（不显示）",
    confirmation_prompt="再输一遍",
    help="不写就在提示下输入",
)


@click.group("accounts", cls=ChineseGroup)
def accounts_group() -> None:
    """工作台的用户名：给不用微信登录的工作人员"""


@accounts_group.command("create")
@click.argument("user")
@click.option("--username", required=True, metavar="用户名", help="小写字母、数字，3 到 32 个")
@_password_option
def create_account(user: str, username: str, password: str) -> None:
    """给一位用户设用户名、密码和动态码

    \b
    USER 是手机号、用户编号或 openid。动态码的二维码只显示这一次，请当场用手机验证器扫。
    例：flask --app backend.wsgi accounts create oABC123 --username wujin.li
    """
    _check_login(username, password)
    with transaction() as session:
        found = _user(session, user)
        _check_active(found)
        secret = console.create_account(session, found.id, username, password)
    _show_setup(username, secret)


@accounts_group.command("reset")
@click.argument("username")
@_password_option
def reset_account(username: str, password: str) -> None:
    """换密码和动态码，解除锁定；已登录的电脑要重新登录

    \b
    例：flask --app backend.wsgi accounts reset wujin.li
    """
    _check_login(username, password)
    with transaction() as session:
        secret = console.reset_account(session, username, password)
    _show_setup(username, secret)


def _check_login(username: str, password: str) -> None:
    if not _USERNAME.fullmatch(username):
        raise CommandError("用户名：应为小写字母、数字、. - _,3 到 32 个，以字母或数字开头")
    weak = weakness(username, password)
    if weak is not None:
        raise CommandError(f"密码：{weak}")


def _show_setup(username: str, secret: str) -> None:
    """The address as text, and as a QR code where somebody can scan it."""
    address = console.setup_address(username, secret)
    click.echo(f"用户名 {username} 已设好。请用手机验证器扫码，或输入密钥 {secret}")
    click.echo(address)
    if sys.stdout.isatty():
        import segno  # only here: the app has these commands too, and never a terminal

        segno.make(address, micro=False).terminal(compact=True)
