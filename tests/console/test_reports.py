"""Reports at a desk: asked for, made by the worker while one looks, taken, and read back."""

import io
import re

from docx import Document
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from backend.demo import markets
from backend.local.system import LocalSystem
from tests.console.offices import OpenOffice

_PAST = (
    "SELECT a.id, to_char(a.starts_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month"
    " FROM activity a WHERE a.state = 'closed' AND a.title = :title"
)
_MADE_MS = 60_000


def _past(database: Engine) -> tuple[str, str]:
    """The demo's market of some days ago, and its month."""
    with database.connect() as connection:
        row = connection.execute(text(_PAST), {"title": markets.PAST.title}).one()
        return str(row.id), str(row.month)


def _one(database: Engine, statement: str, **values: object) -> int:
    with database.connect() as connection:
        return int(connection.execute(text(statement), values).scalar_one())


def _newest(page: Page) -> str:
    """The newest report's row, once it is made; its selector."""
    first = page.locator("tbody tr").first
    name = f"[id='{first.get_attribute('id')}']"
    expect(page.locator(name)).to_contain_text("已做好", timeout=_MADE_MS)
    return name


def _taken(page: Page, row: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.locator(f"{row} button", has_text="下载").click()
    found = download.value
    return found.suggested_filename, found.path().read_bytes()


def test_a_months_report_is_made_while_one_looks_and_counts_what_the_database_has(
    office: OpenOffice, database: Engine
) -> None:
    _, month = _past(database)
    desk = office("organiser")
    page = desk.open("/console/reports/")
    expect(page.get_by_text("还没有报表").or_(page.locator("tbody tr").first)).to_be_visible()
    desk.axe()
    desk.screenshot("reports-empty")
    page.get_by_label("月份").select_option(month)
    page.get_by_label("用途").fill("报民政局月报")
    page.get_by_role("button", name="做报表").click()
    row = _newest(page)
    desk.axe()
    desk.screenshot("reports")
    name, content = _taken(page, row)
    assert re.fullmatch(r"湖塘镇 \d{4}年\d+月 月报\.xlsx", name)
    # The button can be pressed again.
    expect(page.locator(f"{row} button", has_text="下载")).to_be_enabled()
    book = load_workbook(io.BytesIO(content))
    summary = {row[0]: row[1] for row in book["汇总"].iter_rows(values_only=True)}
    of_month = (
        "activity_id IN (SELECT a.id FROM activity a JOIN region r ON r.id = a.region_id"
        " WHERE r.code LIKE '320412100%' AND a.state IN ('live', 'closed', 'published')"
        " AND to_char(a.starts_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') = :month)"
    )
    visits = f"SELECT count(*) FROM attendance WHERE reverted_at IS NULL AND {of_month}"
    served = f"SELECT count(*) FROM booking WHERE state = 'served' AND {of_month}"
    rated = f"SELECT count(*) FROM rating WHERE {of_month}"
    assert summary["服务人次"] == _one(database, visits, month=month)
    assert summary["服务次数"] == _one(database, served, month=month)
    assert summary["评价"] == _one(database, rated, month=month)
    assert len(book["按服务类别"]._charts) == 2  # type: ignore[attr-defined]
    audited = (
        "SELECT count(*) FROM audit_entry JOIN audit_note ON entry_id = id"
        " WHERE action = 'download_report' AND text = '报民政局月报'"
    )
    assert _one(database, audited) == 1


def test_a_brief_is_asked_for_from_the_markets_evaluation(
    office: OpenOffice, database: Engine
) -> None:
    activity, _ = _past(database)
    desk = office("organiser", width=1366, height=768)
    page = desk.open(f"/console/evaluations/{activity}")
    page.get_by_role("link", name="做简报").click()
    expect(page.get_by_label("活动", exact=True)).to_have_value(activity)
    page.get_by_label("用途").fill("报街道")
    desk.axe()
    desk.screenshot("reports-brief-1366")
    page.get_by_role("button", name="做报表").click()
    row = _newest(page)
    desk.screenshot("reports-1366")
    name, content = _taken(page, row)
    assert name.endswith("简报.docx")
    document = Document(io.BytesIO(content))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "居民说得最多的" in words
    figures = dict(
        zip(*[[cell.text for cell in row.cells] for row in document.tables[0].rows], strict=True)
    )
    visits = "SELECT count(*) FROM attendance WHERE activity_id = :id AND reverted_at IS NULL"
    assert figures["服务人次"] == str(_one(database, visits, id=activity))


def test_what_is_refused_stays_typed_and_an_empty_ledger_says_what_to_do(
    office: OpenOffice,
) -> None:
    desk = office("organiser")
    page = desk.open("/console/reports/?kind=ledger")
    page.get_by_label("从", exact=True).fill("2020-03-01")
    page.get_by_label("到", exact=True).fill("2020-01-01")
    page.get_by_label("用途").fill("核对旧账")
    page.get_by_role("button", name="做报表").click()
    expect(page.locator("#to-error")).to_contain_text("不能早于")
    expect(page.get_by_label("用途")).to_have_value("核对旧账")
    desk.axe()
    desk.screenshot("reports-refused")
    page.get_by_label("到", exact=True).fill("2020-03-31")
    page.get_by_role("button", name="做报表").click()
    row = page.locator("tbody tr").first
    name = f"[id='{row.get_attribute('id')}']"
    expect(page.locator(name)).to_contain_text("请换个时间或地区", timeout=_MADE_MS)
    desk.axe()
    # To make it again, the form begins with the same.
    page.locator(name).get_by_role("link", name="再做一份").click()
    expect(page.get_by_label("从", exact=True)).to_have_value("2020-03-01")
    page.locator(name).get_by_role("button", name="删除").click()
    expect(page.get_by_role("dialog")).to_contain_text("不能恢复")
    page.get_by_role("button", name="确定").click()
    expect(page.locator(name)).to_contain_text("已删除")


def test_a_report_outlives_its_worker(office: OpenOffice, system: LocalSystem) -> None:
    """Killed while nobody looks, and started again: the page goes on by itself."""
    desk = office("auditor")
    system.kill_worker()
    try:
        page = desk.open("/console/reports/?kind=quarterly")
        page.get_by_label("季度").select_option(index=0)
        page.get_by_label("用途").fill("季度检查")
        page.get_by_role("button", name="做报表").click()
        expect(page.locator("tbody tr").first).to_contain_text("排队中")
        desk.axe()
        desk.screenshot("reports-waiting")
    finally:
        system.restart_worker()
    _newest(page)


def test_another_regions_report_is_not_there(office: OpenOffice, database: Engine) -> None:
    desk = office("organiser")
    statement = text("SELECT id FROM report_run WHERE region_code = '320412' LIMIT 1")
    with database.connect() as connection:
        run_id = connection.execute(statement).scalar_one()
    page = desk.open(f"/console/reports/{run_id}")
    expect(page.get_by_text("没有找到")).to_be_visible()
