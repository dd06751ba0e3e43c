"""What the demo adds to an app where it is wanted: `flask demo load`, and logging in as one of its
people. The app knows nothing of it, and the image has none of it (.dockerignore)."""

import click
from flask import Flask

from backend.cli.command_line import ChineseGroup
from backend.core.context import composed
from backend.demo.load import load_demo
from backend.demo.pages import pages
from backend.settings import STAND_IN_APPID, Settings


def init_demo(app: Flask) -> None:
    """Give an app the demo: its command, and beside the stand-in WeChat its page."""
    app.cli.add_command(demo_group)
    with app.app_context():
        settings = composed(Settings)
    if settings.wechat_appid == STAND_IN_APPID:
        app.register_blueprint(pages)


@click.group("demo", cls=ChineseGroup)
def demo_group() -> None:
    """演示数据"""


@demo_group.command("load")
def load_demo_data() -> None:
    """载入演示数据：武进区、99 个社区、今天正在举行的集市

    \b
    可以反复载入，不会重复；第二天再载入，会有第二天的集市。
    只能在开发和测试环境使用（APP_ENV 为 development 或 test）。
    """
    for line in load_demo():
        click.echo(line)
