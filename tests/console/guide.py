"""`make guide`: the pictures of docs/guide/organisers.md, of the console's pages as they now are.

Each is a page of the demo at an office's usual size, drawn smaller. pytest collects this file only
where it is named.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState
from sqlalchemy import Engine, text

from backend.core import clock
from backend.local.system import ROOT, LocalSystem
from backend.schedule.reading import columns
from tests.console.offices import filled_in, log_in

_IMAGES = ROOT / "docs" / "guide" / "images"
_WIDTH, _PICTURE_WIDTH = 1440, 1000


def _nothing(_page: Page) -> None:
    """It is shown as it opens."""


@dataclass(frozen=True)
class Shot:
    """A picture of the guide.

    Attributes:
        path: of the page; `{…}` is what SQL of that name in `_ROWS` finds.
        act: what is done there before the picture is taken.
        height: how much of the page is shown.
        user: who looks; None for nobody.
    """

    name: str
    path: str
    act: Callable[[Page], None] = _nothing
    height: int = 900
    user: str | None = "admin"

    def __str__(self) -> str:
        return self.name


_ROWS = {
    "live": "SELECT id FROM activity WHERE state = 'live' AND programme = 'market'"
            " ORDER BY title LIMIT 1",
    "published": "SELECT id FROM activity WHERE state = 'published' AND programme = 'market'"
                 " ORDER BY starts_at LIMIT 1",
    "bare": "SELECT id FROM activity a WHERE state = 'draft' AND NOT EXISTS"
            " (SELECT FROM stall WHERE activity_id = a.id) ORDER BY starts_at LIMIT 1",
    "rated": "SELECT activity_id FROM rectification LIMIT 1",
    "rectification": "SELECT id FROM rectification WHERE state = 'open' ORDER BY due_at LIMIT 1",
    "need": "SELECT id FROM need WHERE state = 'open' ORDER BY raised_on LIMIT 1",
}  # fmt: skip


def _copies(page: Page) -> None:
    """To a community's own and seven others."""
    page.get_by_role("link", name="复制这场").first.click()
    for choice in page.locator("[name=region_ids]:not(:checked)").all()[:7]:
        choice.check()
    page.get_by_label("第 1 个日期").fill(str(clock.today() + timedelta(days=70)))
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="新建勾选的草稿").wait_for()


def _line(community: str, days: int, **changes: Any) -> dict[str, Any]:
    return {
        columns.PROGRAMME: "吾社集", columns.TITLE: f"{community}公益集市",
        columns.COMMUNITY: community, columns.DAY: clock.today() + timedelta(days=40 + days),
        columns.STARTS: "9:00", columns.ENDS: "11:30", columns.VENUE: f"{community}广场",
    } | changes  # fmt: skip


def _upload(page: Page, *lines: dict[str, Any]) -> None:
    page.get_by_label("填好的 Excel 文件").set_input_files(filled_in(*lines))
    page.get_by_role("button", name="上传，看预览").click()
    page.get_by_text("已上传，还没有导入").wait_for()
    page.reload()


def _import(page: Page) -> None:
    """What is wrong, what is doubtful, and what ends after midnight."""
    _upload(
        page, _line("花园社区", 0), _line("明湖社区", 1, **{columns.STARTS: "上午"}),
        _line("春晖社区", 2, **{columns.STARTS: "19:00", columns.ENDS: "次日0:30"}),
        _line("景云社区", -400),
    )  # fmt: skip


def _choose_three(page: Page) -> None:
    """Of what has just been imported, without stalls."""
    _upload(page, *(_line(name, 3) for name in ("花园社区", "明湖社区", "春晖社区", "景云社区")))
    page.get_by_role("button", name="确认导入").click()
    page.get_by_role("button", name="确定").click()
    page.get_by_text("导入 4 场草稿").wait_for()
    page.reload()
    for box in page.locator("tbody input[type=checkbox]").all()[:3]:
        box.check()


def _another_place(page: Page) -> None:
    page.get_by_label("场地", exact=True).fill("花园广场")
    page.get_by_role("button", name="保存", exact=True).click()
    page.get_by_text("影响到谁").wait_for()


def _accept(page: Page) -> None:
    page.get_by_role("button", name="受理并公开", exact=True).click()
    page.get_by_label("安排到哪场活动").select_option(index=1)


def _make_report(page: Page) -> None:
    page.get_by_label("用途").fill("报市民政局")
    page.get_by_role("button", name="做报表").click()
    page.get_by_role("button", name="下载").first.wait_for()


# In the order in which what one makes serves the next.
SHOTS = (
    Shot("login", "login", height=720, user=None),
    Shot("calendar", "schedule/?view=month"),
    Shot("copy", "schedule/copy", _copies, height=760),
    Shot("import", "schedule/import", _import),
    Shot("many", "schedule/import", _choose_three, height=720),
    Shot("workbench", "markets/{bare}", height=700),
    Shot("stalls", "markets/{live}/stalls"),
    Shot("prints", "markets/{published}/print", height=640),
    Shot("affected", "markets/{live}/facts", _another_place),
    Shot("board", "board/{live}"),
    Shot("display", "board/{live}/display"),
    Shot("evaluation", "evaluations/{rated}"),
    Shot("rectification", "rectifications/{rectification}", height=860),
    Shot("need", "needs/{need}", _accept, height=640),
    Shot("reports", "reports/", _make_report, height=700),
    Shot("dashboard", "dashboard/"),
)


@pytest.mark.parametrize("shot", SHOTS, ids=str)
def test_take(
    browser: Browser,
    system: LocalSystem,
    database: Engine,
    logins: dict[str, StorageState],
    shot: Shot,
) -> None:
    if shot.user and shot.user not in logins:
        logins[shot.user] = log_in(browser, system.web, shot.user)
    take(browser, system.web, database, logins[shot.user] if shot.user else None, shot)


def take(
    browser: Browser, web: str, database: Engine, login: StorageState | None, shot: Shot
) -> None:
    """Keep a picture as the guide's."""
    with database.connect() as connection:
        found = {
            name: connection.execute(text(statement)).scalar_one()
            for name, statement in _ROWS.items() if f"{{{name}}}" in shot.path
        }  # fmt: skip
    context = browser.new_context(
        viewport={"width": _WIDTH, "height": shot.height},
        device_scale_factor=_PICTURE_WIDTH / _WIDTH,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        storage_state=login,
    )
    page = context.new_page()
    page.goto(f"{web}/console/{shot.path.format(**found)}")
    shot.act(page)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=_IMAGES / f"organiser-{shot.name}.png")
    context.close()
