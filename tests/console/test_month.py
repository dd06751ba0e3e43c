"""A clerk's whole month, in the browser: from an Excel file to published markets, a printed poster,
a live day, its evaluation, and the month's report, whose figures the database has too."""

import io
import re
from datetime import date, timedelta
from uuid import uuid4

from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine, text

from backend.core import clock
from backend.local.system import LocalSystem
from backend.schedule.reading import columns
from tests.console.offices import OpenOffice, filled_in
from tests.miniprogram.town import Caller, new_name

# The demo has no market there on these days.
COMMUNITIES = ("景云社区", "文澜社区", "长桥里社区")
VISITORS = 12
_MADE_MS = 60_000
_OF_MONTH = (
    "activity_id IN (SELECT a.id FROM activity a JOIN region r ON r.id = a.region_id"
    " WHERE r.code LIKE '320412100%' AND a.state IN ('published', 'live', 'closed')"
    " AND to_char(a.starts_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') = :month)"
)
# What the report says → how the database is asked for it.
_RECOUNTS = {
    "服务人次": f"SELECT count(*) FROM attendance WHERE reverted_at IS NULL AND {_OF_MONTH}",
    "服务人数": "SELECT count(DISTINCT resident_id) FROM attendance"
    f" WHERE reverted_at IS NULL AND {_OF_MONTH}",
    "服务次数": f"SELECT count(*) FROM booking WHERE state = 'served' AND {_OF_MONTH}",
    "评价": f"SELECT count(*) FROM rating WHERE {_OF_MONTH}",
    "差评整改": f"SELECT count(*) FROM rectification WHERE {_OF_MONTH}",
    "志愿者": f"SELECT sum(volunteers) FROM activity_record WHERE {_OF_MONTH}",
    "经费": f"SELECT sum(funds_yuan) FROM activity_record WHERE {_OF_MONTH}",
    "满意率": "SELECT round(100.0 * count(*) FILTER (WHERE score >= 3) / count(*), 1)"
    f" FROM rating WHERE {_OF_MONTH}",
}


def test_a_month_from_the_excel_file_to_the_report(
    office: OpenOffice, system: LocalSystem, database: Engine
) -> None:
    desk = office("organiser")
    page = desk.open("/console/schedule/")
    market = _plan(page)
    _print_the_poster(page)
    _hold(page, system, market)
    _write_down(page)
    _answer_the_complaint(page, market)
    summary = _report(page)
    with database.connect() as connection:
        month = {"month": f"{clock.today():%Y-%m}"}
        counted = {
            name: connection.execute(text(statement), month).scalar_one()
            for name, statement in _RECOUNTS.items()
        }
    assert {name: summary[name] for name in counted} == {
        name: float(figure) for name, figure in counted.items()
    }
    assert counted["评价"] >= VISITORS


def _days() -> list[date]:
    """Today, and the days after it, as long as they are of this month."""
    today = clock.today()
    return [
        day if day.month == today.month else today
        for day in (today + timedelta(days=number) for number in range(len(COMMUNITIES)))
    ]


def _agree(page: Page, words: str) -> None:
    expect(page.get_by_role("dialog")).to_contain_text(words)
    with page.expect_navigation():
        page.get_by_role("button", name="确定").click()


def _plan(page: Page) -> str:
    """Import the month's markets like one that there was, publish them; today's id."""
    page.get_by_role("link", name="Excel 导入").click()
    lines = [
        {
            columns.PROGRAMME: "吾社集", columns.TITLE: f"月度{community}集市",
            columns.COMMUNITY: community, columns.DAY: day, columns.STARTS: "8:30",
            columns.ENDS: "16:30", columns.VENUE: f"{community}广场",
            columns.ADDRESS: "花园路 1 号", columns.ORGANISER: "武进区民政局",
            columns.CONTACT: "0519-00000000",
        }
        for community, day in zip(COMMUNITIES, _days(), strict=True)
    ]  # fmt: skip
    del lines[-1][columns.ADDRESS]
    page.get_by_label("填好的 Excel 文件").set_input_files(filled_in(*lines))
    model = page.get_by_label("摊位和服务照搬")
    like = model.locator("option", has_text="明湖社区").first.get_attribute("value")
    model.select_option(like)
    with page.expect_navigation():
        page.get_by_role("button", name="上传，看预览").click()
    # After half past eight today's has begun, which the preview asks about.
    checked = page.get_by_role("button", name="核对过")
    if checked.count():
        checked.click()
    page.get_by_role("button", name=f"确认导入 {len(lines)} 场").click()
    _agree(page, f"新建 {len(lines)} 场草稿")
    rows = page.locator("tbody tr", has_text="月度")
    expect(rows).to_have_count(len(lines))
    for row in rows.all():
        row.get_by_role("checkbox").check()
    page.get_by_role("button", name="发布").click()
    _agree(page, f"{len(lines)} 场活动：发布")
    expect(page.get_by_text("没有填写场地地址")).to_be_visible()
    page.get_by_role("button", name=f"照样发布 {len(lines)} 场").click()
    page.get_by_label("名称或场地").fill("月度")
    page.get_by_role("button", name="查看").click()
    expect(rows).to_have_count(len(lines))
    page.get_by_role("link", name=f"月度{COMMUNITIES[0]}集市", exact=True).click()
    expect(page.locator(".workbench-line")).to_contain_text("已发布")
    found = re.search(r"/console/markets/([0-9a-f-]{36})", page.url)
    assert found is not None
    return found[1]


def _print_the_poster(page: Page) -> None:
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="海报").first.click(modifiers=["ControlOrMeta"])
    poster = opened.value
    expect(poster.locator(".poster-code")).to_be_visible()
    expect(poster.get_by_role("heading", level=1)).to_contain_text(f"月度{COMMUNITIES[0]}集市")
    assert poster.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    poster.close()


def _hold(page: Page, system: LocalSystem, market: str) -> None:
    """Open the market, let people come, be served and say what they think; close it."""
    page.get_by_role("link", name="现场", exact=True).last.click()
    page.get_by_role("button", name="开始活动").click()
    _agree(page, "居民从现在起可以签到和取号")
    staff = Caller(system.web, "organiser")
    code = staff.get(f"/activities/{market}/code")["code"]
    stalls = staff.get(f"/activities/{market}")["stalls"]
    lines = [one for stall in stalls for one in stall["offerings"] if one["mode"] == "queue"]
    for number in range(VISITORS):
        resident = Caller(system.web, new_name())
        scan = {"id": str(uuid4()), "source": "self", "code": code}
        resident.post(f"/activities/{market}/scans", scan)
        offering = lines[number % len(lines)]
        booking = resident.post(f"/offerings/{offering['id']}/tickets", {})
        called = staff.post(f"/stalls/{offering['stall_id']}/call-next", {"press_id": str(uuid4())})
        assert called["id"] == booking["id"]
        for action in ("start", "finish"):
            staff.post(f"/bookings/{called['id']}/{action}")
        score = 1 if number == 0 else 5
        items = {"attitude": score}
        resident.post("/ratings", {"booking_id": booking["id"], "score": score, "items": items})
    expect(_figure(page, "到场")).to_contain_text(str(VISITORS), timeout=15_000)
    page.get_by_role("button", name="结束活动").click()
    _agree(page, "确定结束活动")
    page.get_by_role("link", name="集市", exact=True).click()
    expect(page.locator(".workbench-line")).to_contain_text("已结束")


def _figure(page: Page, label: str) -> Locator:
    return page.locator(".figure", has=page.get_by_text(label, exact=True))


def _write_down(page: Page) -> None:
    page.get_by_label("活动的各项内容").get_by_role("link", name="活动登记").click()
    page.get_by_label("志愿者人数").fill("6")
    page.get_by_label("志愿者服务总时长").fill("18")
    page.get_by_label("使用资金").fill("1200.50")
    page.get_by_label("存在问题").fill("理发排队偏长")
    with page.expect_navigation():
        page.get_by_role("button", name="保存").click()


def _answer_the_complaint(page: Page, market: str) -> None:
    page.get_by_role("link", name="评价", exact=True).last.click()
    page.wait_for_url(f"**/console/evaluations/{market}")
    expect(_figure(page, "评价")).to_contain_text(str(VISITORS))
    expect(_figure(page, "满意率")).to_contain_text("91.7%")
    page.locator("#complaints").get_by_role("link", name="办理").click()
    page.get_by_label("查实情况与整改措施").fill("已增加一名理发师")
    with page.expect_navigation():
        page.get_by_role("button", name="保存回复").click()


def _report(page: Page) -> dict[str, float]:
    """The month's report; its summary's figures, by their names."""
    page.get_by_role("link", name="报表", exact=True).click()
    page.get_by_label("月份").select_option(f"{clock.today():%Y-%m}")
    page.get_by_label("用途").fill("报区民政局月报")
    page.get_by_role("button", name="做报表").click()
    row = f"[id='{page.locator('tbody tr').first.get_attribute('id')}']"
    expect(page.locator(row)).to_contain_text("已做好", timeout=_MADE_MS)
    with page.expect_download() as download:
        page.locator(f"{row} button", has_text="下载").click()
    book = load_workbook(io.BytesIO(download.value.path().read_bytes()))
    return {str(line[0]): line[1] for line in book["汇总"].iter_rows(values_only=True)
            if isinstance(line[1], int | float)}  # fmt: skip
