"""Needs at a desk: a need goes from its registration to its solution, and nothing typed is lost."""

import re

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from tests.console.offices import OpenOffice

TITLE = "电饭煲不通电，想请师傅看看"


def test_the_list_shows_what_waits_and_filters(office: OpenOffice, database: Engine) -> None:
    desk = office("admin")
    page = desk.open("/console/needs/")
    with database.connect() as connection:
        waiting = connection.execute(
            text("SELECT count(*) FROM need WHERE state = 'open' AND merged_into IS NULL")
        ).scalar_one()
    expect(page.locator(".tallies")).to_contain_text(f"待受理 {waiting}")
    desk.axe()
    desk.screenshot("needs")
    with page.expect_download() as download:
        page.get_by_role("button", name="导出 Excel").click()
    assert download.value.suggested_filename.startswith("需求清单")
    page.get_by_label("进展", exact=True).select_option("declined")
    page.wait_for_url(re.compile("state=declined"))
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("需求名称").fill("没有这样的需求")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("没有符合条件的需求")).to_be_visible()
    desk.axe()
    small = office("organiser", width=1366, height=768)
    small.open("/console/needs/")
    small.screenshot("needs-1366")


def test_a_need_is_registered_planned_and_closed(office: OpenOffice, database: Engine) -> None:
    desk = office("organiser")
    page = desk.open("/console/needs/")
    page.get_by_role("link", name="登记需求").click()
    desk.axe()
    page.get_by_label("需求", exact=True).fill(TITLE)
    page.get_by_label("地区").select_option(label="\u2003花园社区")
    page.get_by_label("来源").select_option("meeting")
    page.get_by_label("详细说明").fill("找陈大爷 13912345678")
    desk.screenshot("need-new")
    page.get_by_role("button", name="登记").click()
    # Refused beside the field; what was typed is kept.
    expect(page.locator("#details-error")).to_contain_text("请不要写手机号")
    expect(page.get_by_label("需求", exact=True)).to_have_value(TITLE)
    desk.axe()
    page.get_by_label("详细说明").fill("每月一次就好")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    similar = page.get_by_role("region", name="类似的需求")
    expect(similar.get_by_role("link", name="小家电坏了没处修")).to_be_visible()
    desk.axe()
    desk.screenshot("need-open")
    address = page.url
    page.get_by_role("link", name="和已有的需求合并办理").click()
    with page.expect_navigation():
        page.get_by_label("并入哪一条").select_option(index=1)
    expect(page.get_by_role("heading", name="并入这一条")).to_be_visible()
    desk.axe()
    desk.screenshot("need-merge")
    page.goto(address)
    _press(page, "受理并公开")
    choices = page.get_by_label("安排到哪场活动")
    # That of the need's own community stands first.
    choices.select_option(index=1)
    desk.screenshot("need-accepted")
    _press(page, "安排到这场活动")
    page.get_by_role("button", name="记为已服务").click()
    expect(page.get_by_role("dialog")).to_contain_text(TITLE)
    page.get_by_role("button", name="确定").click()
    page.get_by_role("button", name="已解决").click()
    page.get_by_role("button", name="确定").click()
    expect(page.locator("[aria-labelledby=facts]")).to_contain_text("已评价")
    expect(page.locator("[aria-labelledby=history] li")).to_have_count(5)
    desk.axe()
    desk.screenshot("need-solved")
    with database.connect() as connection:
        state = connection.execute(
            text("SELECT state FROM need WHERE title = :title"), {"title": TITLE}
        ).scalar_one()
    assert state == "evaluated"


def test_the_second_of_two_clerks_is_told(office: OpenOffice, database: Engine) -> None:
    with database.connect() as connection:
        need = connection.execute(
            text("SELECT id FROM need WHERE state = 'open' ORDER BY raised_on LIMIT 1")
        ).scalar_one()
    first, second = office("admin"), office("admin", width=1366, height=768)
    theirs = second.open(f"/console/needs/{need}")
    _press(first.open(f"/console/needs/{need}"), "受理并公开")
    theirs.get_by_text("不受理").first.click()
    theirs.get_by_label("原因", exact=True).select_option("no_resource_yet")
    theirs.get_by_label("为什么不受理").fill("暂无口腔医生")
    theirs.get_by_role("button", name="不受理").click()
    theirs.get_by_role("button", name="确定").click()
    expect(theirs.get_by_role("alert")).to_contain_text("请刷新后再看")
    expect(theirs.get_by_role("status")).to_contain_text("暂无口腔医生")
    second.axe()
    second.screenshot("need-second-told-1366")


def _press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()
