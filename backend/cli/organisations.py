"""`flask organisations`: who runs stalls."""

import click

from backend.cli.arguments import region_of
from backend.cli.command_line import ChineseGroup, checked_text
from backend.core.db import transaction
from backend.partners import operations as partners
from backend.partners.models import Organisation


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
        region = region_of(session, code)
        organisation_id, added = partners.add_organisation(session, None, name, region)
        known = session.get_one(Organisation, organisation_id).name
    what = "已登记" if added else "已经登记过，没有改动"
    click.echo(f"{what}：{known}（{organisation_id}）")
