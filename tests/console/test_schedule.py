"""The schedule at a desk: what takes place in one's regions, and how a month is planned."""

import re
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from playwright.sync_api import Download, Page, Route, expect
from sqlalchemy import Engine, text

from backend.core import clock
from backend.schedule.reading import columns
from tests.console.offices import Office, OpenOffice, filled_in

# A month that the demo leaves free.
MONTH = (clock.today().replace(day=1) + timedelta(days=70)).replace(day=1)

# The calendar measures its columns anew a moment after its window has changed.
_CALENDAR_FITS = """() => {
  const box = document.querySelector(".calendar");
  const table = document.querySelector(".fc-scrollgrid-sync-table");
  return !table || table.offsetWidth <= box.clientWidth;
}"""


# The two columns that stay in sight lie over no other before anything is scrolled.
_NOTHING_COVERED = """() => [...document.querySelectorAll("#import-rows tr")].every((row) => {
  const edge = row.cells[1].getBoundingClientRect().right;
  return [...row.cells].slice(2).every((cell) => cell.getBoundingClientRect().left >= edge - 1);
})"""

# What is chosen in a preview's cells can be read whole, beside what is drawn in them.
_CHOICES_READ = """() => [...document.querySelectorAll(".import-rows select")].every((one) => {
  const style = getComputedStyle(one);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const room = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return pen.measureText(one.selectedOptions[0].text).width <= room;
})"""


def _in_month(day: int) -> date:
    return MONTH.replace(day=day)


def _both_sizes(desk: Office, name: str) -> None:
    """axe, and a screenshot at both of an office's usual sizes."""
    desk.axe()
    for width, height, suffix in ((1366, 768, "-1366"), (1440, 900, "")):
        desk.page.set_viewport_size({"width": width, "height": height})
        desk.page.wait_for_function(_CALENDAR_FITS)
        desk.screenshot(f"{name}{suffix}")


def _one(database: Engine, statement: str, **values: object) -> Any:
    with database.connect() as connection:
        return connection.execute(text(statement), values).one()


def _line(community: str, day: date, **changes: Any) -> dict[str, Any]:
    return {
        columns.PROGRAMME: "吾社集", columns.TITLE: f"导入的{community}集市",
        columns.COMMUNITY: community, columns.DAY: day, columns.STARTS: "9:00",
        columns.ENDS: "17:00", columns.VENUE: f"{community}广场", columns.ADDRESS: "花园路 1 号",
        columns.ORGANISER: "武进区民政局", columns.CONTACT: "0519-00000000",
    } | changes  # fmt: skip


def _agree(page: Page, words: str) -> None:
    expect(page.get_by_role("dialog")).to_contain_text(words)
    page.get_by_role("button", name="确定").click()


def test_the_list_shows_what_comes_in_ones_regions(office: OpenOffice, database: Engine) -> None:
    desk = office("admin")
    page = desk.open("/console/schedule/")
    with database.connect() as connection:
        coming = connection.execute(
            text("SELECT count(*) FROM activity WHERE ends_at > now()")
        ).scalar_one()
    expect(page.locator("tbody tr")).to_have_count(min(coming, 20))
    desk.axe()
    desk.screenshot("schedule")


def test_filters_stay_in_the_address(office: OpenOffice) -> None:
    desk = office("organiser", width=1366, height=768)
    page = desk.open("/console/schedule/")
    page.get_by_label("状态").select_option("live")
    page.wait_for_url(re.compile("state=live"))
    for row in page.locator("tbody tr").all():
        expect(row).to_contain_text("进行中")
    page = desk.open("/console/schedule/?from=2020-01-01&to=2020-01-02")
    expect(page.get_by_text("这段时间没有活动")).to_be_visible()
    desk.axe()


def test_another_regions_drafts_are_not_listed(office: OpenOffice, database: Engine) -> None:
    page = office("organiser").open("/console/schedule/?from=2020-01-01")
    with database.connect() as connection:
        foreign = connection.execute(
            text(
                "SELECT a.title FROM activity a JOIN region r ON r.id = a.region_id"
                " WHERE NOT EXISTS (SELECT FROM role_assignment x JOIN region s"
                "   ON s.id = x.region_id WHERE x.role = 'organiser'"
                "   AND r.code LIKE s.code || '%')"
            )
        ).scalars()
        for title in foreign:
            expect(page.locator("tbody")).not_to_contain_text(title)


def test_a_month_goes_from_excel_to_published_markets(office: OpenOffice, database: Engine) -> None:
    desk = office("admin")
    desk.open("/console/schedule/")
    page = desk.page
    page.get_by_role("link", name="Excel 导入").click()
    _both_sizes(desk, "schedule-import")
    lines = [_line("花园社区", _in_month(3)), _line("明湖社区", _in_month(4))]
    bad = _line("春晖社区", _in_month(5), **{columns.STARTS: "早上"})
    page.get_by_label("填好的 Excel 文件").set_input_files(filled_in(*lines, bad))
    page.get_by_role("button", name="上传，看预览").click()
    expect(page.get_by_text("第 4 行 开始时间（E4）：应为时间")).to_be_visible()
    _both_sizes(desk, "schedule-import-faulty")
    page.get_by_role("link", name="换一个文件").click()
    page.get_by_label("填好的 Excel 文件").set_input_files(filled_in(*lines))
    model = page.get_by_label("摊位和服务照搬").locator("option", has_text="春晖社区")
    page.get_by_label("摊位和服务照搬").select_option(model.first.get_attribute("value"))
    page.get_by_role("button", name="上传，看预览").click()
    expect(page.get_by_text("2 行可以导入")).to_be_visible()
    _both_sizes(desk, "schedule-import-preview")
    page.get_by_role("button", name="确认导入 2 场").click()
    _agree(page, "新建 2 场草稿")
    expect(page.get_by_role("status").first).to_contain_text("导入 2 场草稿")
    rows = page.locator("tbody tr", has_text="导入的")
    expect(rows).to_have_count(2)
    # Nothing is chosen: nothing is asked, nothing happens.
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("请先勾选活动")).to_be_visible()
    for row in rows.all():
        row.get_by_role("checkbox").check()
    _both_sizes(desk, "schedule-chosen")
    page.get_by_role("button", name="发布").click()
    _agree(page, "2 场活动：发布")
    expect(page.get_by_role("status").first).to_contain_text("已发布 2 场活动")
    made = _one(
        database,
        "SELECT count(DISTINCT a.id) AS n, count(s.id) AS slots, min(s.starts_at) AS first"
        " FROM activity a JOIN offering o ON o.activity_id = a.id"
        " LEFT JOIN slot s ON s.offering_id = o.id"
        " WHERE a.title LIKE '导入的%' AND a.state = 'published'",
    )
    assert made.n == 2
    assert made.slots > 0
    assert clock.local_day(made.first) == _in_month(3)


def test_a_new_draft_is_dragged_to_another_day_and_back_when_refused(
    office: OpenOffice, database: Engine
) -> None:
    desk = office("organiser")
    page = desk.open("/console/schedule/new")
    _both_sizes(desk, "schedule-new")
    page.get_by_label("品牌项目").select_option("exchange")
    expect(page.get_by_label("服务领域")).to_be_hidden()
    page.get_by_label("类别").select_option("training")
    page.get_by_label("活动名称").fill("拖动的培训")
    page.locator("#region_id").select_option(
        page.locator("#region_id option", has_text="花园社区").first.get_attribute("value")
    )
    page.get_by_label("开始时间").fill(f"{_in_month(10)}T14:00")
    page.get_by_label("结束时间").fill(f"{_in_month(10)}T13:00")
    page.get_by_label("场地").fill("会议室")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("#ends_at-error")).to_contain_text("结束时间应晚于开始时间")
    expect(page.get_by_label("场地")).to_have_value("会议室")
    page.get_by_label("结束时间").fill(f"{_in_month(10)}T16:00")
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile("/console/markets/"))
    page = desk.open(f"/console/schedule/?view=month&on={MONTH}")
    _drag(page, "拖动的培训", _in_month(12))
    # Until the calendar has been read again it knows the old version: nothing more is moved.
    reading: list[Route] = []

    def hold(route: Route) -> None:
        reading.append(route)

    page.route(re.compile("/schedule/events"), hold, times=1)
    with page.expect_request(re.compile("/schedule/events")):
        _agree(page, f"移到 {MONTH.month}月12日 14:00")
    _drag(page, "拖动的培训", _in_month(15))
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-calendar-done]")).to_have_text("正在移动…")
    desk.screenshot("schedule-dragging")
    reading[0].continue_()
    expect(page.locator("[data-calendar-done]")).to_contain_text("已移到")
    expect(_cell(page, _in_month(12))).to_contain_text("拖动的培训")
    assert _start(database) == datetime(MONTH.year, MONTH.month, 12, 14, tzinfo=clock.SHANGHAI)
    # A colleague edits it while this page is open: the drag is refused, and undone on the screen.
    with database.begin() as connection:
        connection.execute(
            text("UPDATE activity SET version = version + 1 WHERE title = '拖动的培训'")
        )
    _drag(page, "拖动的培训", _in_month(20))
    _agree(page, f"移到 {MONTH.month}月20日 14:00")
    expect(page.locator("[data-calendar-refusal]")).to_contain_text("有人刚刚修改过")
    expect(_cell(page, _in_month(12))).to_contain_text("拖动的培训")
    _both_sizes(desk, "schedule-drag-refused")
    assert _start(database).day == 12
    # Whoever thinks better of it moves nothing.
    _drag(page, "拖动的培训", _in_month(20))
    page.get_by_role("button", name="取消").click()
    expect(_cell(page, _in_month(12))).to_contain_text("拖动的培训")
    # The network goes just after a move: both are said.
    page.route(
        re.compile("/schedule/events"), lambda route: route.abort("internetdisconnected"), times=1
    )
    _drag(page, "拖动的培训", _in_month(20))
    _agree(page, f"移到 {MONTH.month}月20日 14:00")
    expect(page.locator("[data-calendar-done]")).to_contain_text("已移到")
    expect(page.locator("[data-calendar-refusal]")).to_contain_text("没有取到")
    assert _start(database).day == 20
    desk.screenshot("schedule-moved-unread")
    (fault,) = desk.faults()
    assert "ERR_INTERNET_DISCONNECTED" in fault
    desk.faults().clear()  # Chromium reports each question that found no network


def _start(database: Engine) -> datetime:
    row = _one(database, "SELECT starts_at FROM activity WHERE title = '拖动的培训'")
    start: datetime = row.starts_at.astimezone(clock.SHANGHAI)
    return start


def _cell(page: Page, day: date) -> Any:
    return page.locator(f".fc-daygrid-day[data-date='{day}']")


def _drag(page: Page, title: str, day: date) -> None:
    """By the mouse, as a hand does it."""
    event = page.locator(".fc-event", has_text=title).first
    held = page.locator(".fc-event-dragging")
    for _ in range(3):
        # What was not let go has flown back, and the calendar has drawn everything.
        expect(held).to_have_count(0)
        event.hover(position={"x": 20, "y": 8})
        end = _cell(page, day).bounding_box()
        assert end
        page.mouse.down()
        page.mouse.move(end["x"] + 40, end["y"] + 30, steps=12)
        # A calendar that draws itself anew meanwhile takes it out of the hand.
        taken = held.count() > 0
        page.mouse.up()
        if taken:
            return


def test_the_keyboard_moves_a_draft_by_a_form(office: OpenOffice, database: Engine) -> None:
    desk = office("organiser")
    page = desk.open("/console/schedule/?state=draft")
    page.get_by_role("link", name=re.compile("改期.*荷塘社区")).first.click()
    _both_sizes(desk, "schedule-move")
    page.get_by_label("改到").fill("2020-01-01T09:00")
    page.get_by_role("button", name="改期").click()
    expect(page.locator("#starts_at-error")).to_contain_text("已经过去")
    page.get_by_label("改到").fill(f"{_in_month(15)}T08:30")
    page.get_by_role("button", name="改期").click()
    expect(page.get_by_role("status").first).to_contain_text("已改期")
    row = _one(
        database,
        "SELECT a.starts_at, min(s.starts_at) AS slot FROM activity a"
        " JOIN offering o ON o.activity_id = a.id JOIN slot s ON s.offering_id = o.id"
        " WHERE a.title LIKE '%荷塘社区%' AND a.state = 'draft' AND a.copied_from_id IS NULL"
        " GROUP BY a.id",
    )
    assert clock.local_day(row.starts_at) == clock.local_day(row.slot) == _in_month(15)


def test_one_market_is_copied_to_many_communities_and_a_full_day_leads_to_its_list(
    office: OpenOffice,
) -> None:
    desk = office("organiser", width=1366, height=768)
    page = desk.open("/console/schedule/copy?q=荷塘")
    _both_sizes(desk, "schedule-copy-source")
    page.get_by_role("link", name=re.compile("复制这场.*荷塘")).first.click()
    page.get_by_label("第 1 个日期").fill(str(_in_month(22)))
    page.get_by_role("button", name="再加一个日期").click()
    expect(page.get_by_label("第 5 个日期")).to_be_focused()
    for name in ("花园社区", "明湖社区", "春晖社区", "景云社区", "东庭社区"):
        page.get_by_label(name, exact=True).check()
    _both_sizes(desk, "schedule-copy")
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("tbody tr")).to_have_count(6)
    _both_sizes(desk, "schedule-copy-preview")
    # Thought better of: what was chosen is still there.
    page.get_by_role("link", name="重新选择").click()
    expect(page.get_by_label("东庭社区", exact=True)).to_be_checked()
    expect(page.get_by_label("第 1 个日期")).to_have_value(str(_in_month(22)))
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="新建勾选的草稿").click()
    _agree(page, "新建 6 场草稿")
    expect(page.get_by_role("status").first).to_contain_text("新建 6 场草稿")
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(6)
    expect(page.locator("tbody").get_by_role("checkbox", checked=True)).to_have_count(0)
    page = desk.open("/console/schedule/copy?q=荷塘")
    page.get_by_role("link", name=re.compile("复制这场.*荷塘")).last.click()
    page.get_by_label("第 1 个日期").fill(str(_in_month(22)))
    page.get_by_role("button", name="下一步").click()
    # Now there is something on that day already: it is marked, and not chosen.
    expect(page.locator("tbody tr")).to_contain_text("当天已有活动")
    expect(page.locator("tbody").get_by_role("checkbox")).not_to_be_checked()
    # Of nothing there is nothing to ask; it is said beside the button.
    page.get_by_role("button", name="新建勾选的草稿").click()
    expect(page.locator("[data-chosen-none]")).to_have_text("请至少勾选一场")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page = desk.open(f"/console/schedule/?view=month&on={MONTH}")
    more = _cell(page, _in_month(22)).get_by_text("还有 2 场")
    expect(more).to_be_visible()
    _both_sizes(desk, "schedule-month")
    more.click()
    page.wait_for_url(re.compile(f"from={_in_month(22)}&to={_in_month(22)}"))
    expect(page.locator("tbody tr")).to_have_count(6)


def test_the_calendar_keeps_its_place_in_the_address(office: OpenOffice) -> None:
    desk = office("organiser")
    page = desk.open("/console/schedule/?view=month")
    expect(page.get_by_role("heading", level=2)).to_contain_text(f"{clock.today().month}月")
    page.get_by_role("button", name="下个月").click()
    next_month = (clock.today().replace(day=1) + timedelta(days=32)).replace(day=1)
    page.wait_for_url(re.compile(f"on={next_month}"))
    page.get_by_label("品牌项目").select_option("market")
    page.wait_for_url(re.compile("programme=market"))
    expect(page.get_by_role("heading", level=2)).to_contain_text(f"{next_month.month}月")
    page.get_by_role("link", name="周历").click()
    page.wait_for_url(re.compile("view=week"))
    expect(page.locator(".fc-timegrid")).to_be_visible()
    page = desk.open("/console/schedule/?view=week")
    expect(page.locator(".fc-event").first).to_be_visible()
    _both_sizes(desk, "schedule-week")
    tuesday = next_month + timedelta(days=36 - next_month.weekday())
    page = desk.open("/console/schedule/new")
    page.get_by_label("品牌项目").select_option("market")
    page.get_by_label("活动名称").fill("跨夜灯会")
    page.get_by_label("地区").select_option(index=2)
    page.get_by_label("开始时间").fill(f"{tuesday}T20:00")
    page.get_by_label("结束时间").fill(f"{tuesday + timedelta(days=1)}T02:00")
    page.get_by_label("场地").fill("广场")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", name="跨夜灯会")).to_be_visible()
    page = desk.open(f"/console/schedule/?view=week&on={tuesday}")
    expect(page.locator(".fc-event .event-line")).to_contain_text(
        ["20:00跨夜灯会", "到 2:00跨夜灯会"]
    )


# How many drafts the tab keeps, and how much outlives it.
DRAFTS = """[Object.keys(sessionStorage).filter((key) => key.startsWith("draft:")).length,
             localStorage.length]"""


def test_what_is_wrong_in_a_file_is_put_right_in_its_preview(
    office: OpenOffice, database: Engine
) -> None:
    desk = office("admin")
    page = desk.open("/console/schedule/import")
    lines = [
        _line("花园社区", _in_month(6), **{columns.TITLE: "预览里好的一场"}),
        _line("明湖社区", _in_month(7), **{columns.TITLE: "要改两处", columns.STARTS: "上午",
                                           columns.ENDS: "傍晚"}),
        _line("无此社区", _in_month(8), **{columns.TITLE: "要选项目",
                                           columns.PROGRAMME: "便民集市"}),
        _line("春晖社区", clock.today() - timedelta(days=3), **{columns.TITLE: "要您核对的一场"}),
    ]  # fmt: skip
    page.get_by_label("填好的 Excel 文件").set_input_files(filled_in(*lines))
    page.get_by_role("button", name="上传，看预览").click()
    said = page.locator("[data-import-said]")
    expect(page.get_by_text("1 行可以导入，2 行要改")).to_be_visible()
    _both_sizes(desk, "schedule-import-mend")
    assert page.evaluate(_NOTHING_COVERED)
    assert page.evaluate(_CHOICES_READ)
    # By the keyboard alone: what is typed next is not disturbed by what is kept meanwhile.
    page.get_by_role("link", name="第 3 行 开始时间").press("Enter")
    starts, ends = page.get_by_label("第 3 行 开始时间"), page.get_by_label("第 3 行 结束时间")
    starts.focus()
    with page.expect_response("**/cells*") as kept:
        page.keyboard.press("Control+A")
        page.keyboard.type("8:30")
        page.keyboard.press("Tab")
    page.keyboard.type("11:")
    kept.value.finished()
    expect(said).to_contain_text("已保存，还有 3 处要改")
    expect(starts).not_to_have_attribute("aria-invalid", "true")
    expect(ends).to_be_focused()
    page.keyboard.type("00")
    expect(ends).to_have_value("11:00")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("还有 2 处要改")
    expect(page.get_by_text("2 行可以导入，1 行要改，1 行要您确认")).to_be_visible()
    page.get_by_label("第 4 行 品牌项目").select_option("吾社集")
    expect(said).to_contain_text("还有 1 处要改")
    _both_sizes(desk, "schedule-import-mended")
    # The session is over: what was typed waits in the browser for the next.
    page.context.clear_cookies()
    community = page.get_by_label("第 4 行 社区")
    community.fill("春晖社区")
    community.press("Tab")
    expect(said).to_contain_text("登录已过期，还没有保存")
    expect(page.locator("td", has=community)).to_contain_text("登录已过期，还没有保存")
    assert page.evaluate(DRAFTS) == [1, 0], "as every form keeps what is typed"
    with page.context.expect_page() as opened:
        said.get_by_role("link", name="重新登录").click()
    opened.value.locator("form[action$='/demo-login/admin'] button").click()
    opened.value.wait_for_url("**/console/")
    opened.value.close()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(said).to_contain_text("已保存，没有要改的了")
    expect(page.locator(".import-unkept")).to_have_count(0)
    expect(page.get_by_text("3 行可以导入")).to_be_visible()
    assert page.evaluate(DRAFTS) == [0, 0], "the server has it"
    page.get_by_role("button", name="第 5 行：不导入").press("Enter")
    # What is replaced leaves the keyboard where it was.
    page.get_by_role("button", name="第 4 行：不导入").press("Enter")
    expect(page.get_by_text("2 行可以导入，2 行不导入")).to_be_visible()
    expect(page.get_by_role("button", name="第 4 行：要导入")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="第 4 行：改").click()
    expect(page.get_by_label("第 4 行 咨询电话")).to_have_value("0519-00000000")
    page.get_by_label("第 4 行 开始时间").fill("不知道")
    page.get_by_role("button", name="保存，再查一遍").click()
    expect(page.get_by_text("2 行可以导入，1 行要改，1 行不导入")).to_be_visible()
    _both_sizes(desk, "schedule-import-open")
    # The good ones alone; then all of it is taken back.
    page.get_by_role("button", name="先导入没有问题的 2 场").click()
    _agree(page, "要改的 1 行留在这里")
    expect(page.get_by_text("2 行已导入，1 行要改")).to_be_visible()
    _both_sizes(desk, "schedule-import-partly")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载要改的 1 行").click()
    assert "要改的地方" in str(list(_downloaded(download.value).worksheets[0].values))
    # Published together with others they would send people to nothing.
    preview = page.url
    page = desk.open(f"/console/schedule/?from={_in_month(5)}&to={_in_month(8)}")
    for title in ("预览里好的一场", "要改两处"):
        page.get_by_label(f"选中 {title}").check()
    page.get_by_role("button", name="发布", exact=True).click()
    _agree(page, "2 场活动：发布")
    expect(page.get_by_text("2 场不能发布")).to_be_visible()
    expect(page.get_by_text("还没有摊位")).to_have_count(2)
    _both_sizes(desk, "schedule-gaps")
    page.goto(preview)
    page.get_by_role("button", name="撤销导入").click()
    _agree(page, "新建的 2 场草稿会从排期里拿掉")
    expect(page.get_by_text("已撤销导入，2 场草稿不再出现在排期里")).to_be_visible()
    _both_sizes(desk, "schedule-import-undone")
    left = _one(
        database,
        "SELECT count(*) AS n, count(withdrawn_at) AS withdrawn FROM activity"
        " WHERE title IN ('预览里好的一场', '要改两处', '要选项目')",
    )
    assert (left.n, left.withdrawn) == (2, 2)
    desk.open("/console/schedule/import")
    _both_sizes(desk, "schedule-import-latest")


def test_what_is_pressed_while_a_cell_is_kept_is_asked_of_what_it_then_is(
    office: OpenOffice, database: Engine
) -> None:
    page = office("admin").open("/console/schedule/import")
    lines = [
        _line("花园社区", _in_month(9), **{columns.TITLE: "先好的一场"}),
        _line("明湖社区", _in_month(10), **{columns.TITLE: "后好的一场", columns.STARTS: "上午"}),
    ]
    page.get_by_label("填好的 Excel 文件").set_input_files(filled_in(*lines))
    page.get_by_role("button", name="上传，看预览").click()
    starts = page.get_by_label("第 3 行 开始时间")
    expect(starts).to_be_visible()
    preview = page.url
    kept: list[Route] = []

    def keep(route: Route) -> None:
        kept.append(route)

    page.route("**/cells*", keep, times=2)
    with page.expect_request("**/cells*"):
        starts.fill("8:30")
        page.get_by_role("button", name="先导入没有问题的 1 场").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    kept.pop().continue_()
    _agree(page, "新建 2 场草稿？")
    page.wait_for_url("**/schedule/?*")
    page.goto(preview)
    page.get_by_role("button", name="撤销导入").click()
    _agree(page, "新建的 2 场草稿会从排期里拿掉")
    # Answered between the button's being pressed and let go: it is pressed all the same.
    page.get_by_label("第 3 行 开始时间").fill("17:30")
    button = page.get_by_role("button", name="确认导入 2 场")
    button.hover()
    with page.expect_request("**/cells*"):
        page.mouse.down()
    expect(page.locator("[data-import-said]")).to_have_text("正在保存…")
    with page.expect_response("**/cells*") as answered:
        kept.pop().continue_()
    answered.value.finished()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()
    _agree(page, "新建 1 场草稿？")
    expect(page.get_by_text("1 行已导入，1 行要改")).to_be_visible()
    # What could be meant may all be wrong: another can be typed.
    page.get_by_label("第 3 行 结束时间").fill("8:00")
    page.keyboard.press("Enter")
    meant = page.locator("select[aria-label='第 3 行 结束时间']")
    expect(meant).to_be_focused()
    meant.select_option("都不是，自己填")
    ends = page.locator("input[aria-label='第 3 行 结束时间']")
    expect(ends).to_be_focused()
    ends.fill("18:15")
    ends.press("Enter")
    expect(page.locator("[data-import-said]")).to_contain_text("已保存，没有要改的了")
    page.get_by_role("button", name="撤销导入").click()
    _agree(page, "新建的 1 场草稿会从排期里拿掉")
    expect(page.get_by_text("已撤销导入")).to_be_visible()


def _downloaded(download: Download) -> Any:
    return load_workbook(BytesIO(Path(download.path()).read_bytes()))


def test_the_schedule_and_the_template_are_downloaded(office: OpenOffice) -> None:
    page = office("admin").open("/console/schedule/?programme=market")
    for _ in range(2):  # its button may be pressed again
        with page.expect_download() as download:
            page.get_by_role("button", name="导出 Excel").click()
    sheet = _downloaded(download.value).worksheets[0]
    assert {row[1] for row in sheet.iter_rows(min_row=4, values_only=True)} == {"吾社集"}
    assert download.value.suggested_filename.endswith(".xlsx")
    page = office("organiser").open("/console/schedule/import")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载模板").click()
    assert "花园社区" in str([row[1] for row in _downloaded(download.value)["可选项"].values])


def test_who_is_logged_out_meanwhile_is_sent_to_the_login(office: OpenOffice) -> None:
    page = office("organiser").open("/console/schedule/?view=month")
    expect(page.locator(".fc-daygrid-day").first).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("button", name="下个月").click()
    page.wait_for_url("**/console/login**")
