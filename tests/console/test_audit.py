"""The audit log at an auditor's desk: found, read, exported; nobody else's."""

import io
import re

from openpyxl import load_workbook
from playwright.sync_api import expect
from sqlalchemy import Engine, text

from tests.console.offices import OpenOffice

_MADE_MS = 60_000


def test_what_was_done_is_found_and_read_in_words(office: OpenOffice, database: Engine) -> None:
    desk = office("auditor")
    page = desk.open("/console/audit/")
    expect(page.locator("tbody tr")).to_have_count(50)
    desk.axe()
    desk.screenshot("audit")
    page.get_by_label("做了什么").select_option("open_rectification")
    page.wait_for_url(re.compile("action=open_rectification"))
    with database.connect() as connection:
        n = connection.execute(
            text("SELECT count(*) FROM audit_entry WHERE action = 'open_rectification'")
        ).scalar_one()
    expect(page.locator("tbody tr")).to_have_count(n)
    expect(page.locator("tbody tr").first).to_contain_text("差评转整改")
    page.get_by_role("link", name="详情").first.click()
    expect(page.get_by_role("heading", name="差评转整改")).to_be_visible()
    desk.axe()
    desk.screenshot("audit-entry")
    page.get_by_role("link", name="它的全部记录").click()
    expect(page.get_by_text("只看一个对象的记录")).to_be_visible()


def test_older_entries_are_on_the_next_page(office: OpenOffice) -> None:
    desk = office("admin", width=1366, height=768)
    page = desk.open("/console/audit/")
    desk.screenshot("audit-1366")
    first = page.locator("tbody tr").first.inner_text()
    page.get_by_role("link", name="下一页").click()
    page.wait_for_url(re.compile("cursor="))
    assert page.locator("tbody tr").first.inner_text() != first


def test_an_export_asks_for_a_reason_and_is_audited_itself(
    office: OpenOffice, database: Engine
) -> None:
    desk = office("auditor")
    page = desk.open("/console/audit/?action=publish")
    rows = page.locator("tbody tr").count()
    page.get_by_label("用途").evaluate("field => field.required = false")
    page.get_by_role("button", name="导出").click()
    expect(page.locator("#reason-error")).to_be_visible()
    expect(page.get_by_label("做了什么")).to_have_value("publish")
    desk.axe()
    page.get_by_label("用途").fill("年度检查")
    page.get_by_role("button", name="导出").click()
    page.wait_for_url("**/console/reports/")
    name = f"[id='{page.locator('tbody tr').first.get_attribute('id')}']"
    expect(page.locator(name)).to_contain_text("已做好", timeout=_MADE_MS)
    with page.expect_download() as download:
        page.locator(f"{name} button", has_text="下载").click()
    sheet = load_workbook(io.BytesIO(download.value.path().read_bytes()))["审计记录"]
    told = [row[2].value for row in sheet.iter_rows() if row[2].value == "发布活动"]
    assert len(told) == rows
    page.goto(desk.web + "/console/audit/?action=download_report")
    expect(page.locator("tbody tr").first).to_contain_text("年度检查")


def test_an_organiser_has_no_audit(office: OpenOffice) -> None:
    desk = office("organiser")
    page = desk.open("/console/reports/")
    expect(page.get_by_role("link", name="审计")).to_have_count(0)
    desk.open("/console/audit/")
    expect(page.get_by_text("没有权限")).to_be_visible()


def test_nothing_found_says_what_to_do(office: OpenOffice) -> None:
    desk = office("auditor")
    page = desk.open("/console/audit/?from=2020-01-01&to=2020-01-02")
    expect(page.get_by_text("没有符合条件的记录")).to_be_visible()
    desk.axe()
    desk.screenshot("audit-empty")
    page.locator(".empty").get_by_role("link", name="清除筛选").click()
    expect(page.locator("tbody tr").first).to_be_visible()
