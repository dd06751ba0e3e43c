"""`flask accounts`: password accounts."""

import re
import sys

import click

from backend.cli.arguments import check_active, user_of
from backend.cli.command_line import ChineseGroup, CommandError
from backend.core.db import transaction
from backend.identity.login import accounts
from backend.identity.login.passwords import weakness

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
        found = user_of(session, user)
        check_active(found)
        secret = accounts.create_account(session, found.id, username, password)
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
        secret = accounts.reset_account(session, username, password)
    _show_setup(username, secret)


def _check_login(username: str, password: str) -> None:
    if not _USERNAME.fullmatch(username):
        raise CommandError("用户名：应为小写字母、数字、. - _,3 到 32 个，以字母或数字开头")
    weak = weakness(username, password)
    if weak is not None:
        raise CommandError(f"密码：{weak}")


def _show_setup(username: str, secret: str) -> None:
    """The address as text, and as a QR code where somebody can scan it."""
    address = accounts.setup_address(username, secret)
    click.echo(f"用户名 {username} 已设好。请用手机验证器扫码，或输入密钥 {secret}")
    click.echo(address)
    if sys.stdout.isatty():
        import segno  # only here: the app has these commands too, and never a terminal

        segno.make(address, micro=False).terminal(compact=True)
