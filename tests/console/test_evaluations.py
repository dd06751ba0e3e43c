"""Evaluations and rectifications at a desk: what the figures say, and how a complaint is closed."""

import re

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from tests.console.offices import OpenOffice

_OPEN = "SELECT id FROM rectification WHERE state = 'open' ORDER BY due_at, id LIMIT 1"


def _one(database: Engine, statement: str, **values: object) -> object:
    with database.connect() as connection:
        return connection.execute(text(statement), values).scalar_one()


def test_the_list_shows_the_database_s_figures_with_intervals(
    office: OpenOffice, database: Engine
) -> None:
    desk = office("admin")
    page = desk.open("/console/evaluations/")
    rated = _one(database, "SELECT count(*) FROM rating")
    expect(page.locator(".figure", has_text="评价")).to_contain_text(str(rated))
    # A figure never stands alone: its interval is beside it.
    expect(page.locator(".figure", has_text="满意率")).to_contain_text("95% 区间")
    expect(page.locator("[data-chart] canvas")).to_have_count(3)
    desk.axe()
    desk.screenshot("evaluations")


def test_filters_stay_in_the_address_and_an_empty_period_says_what_to_do(
    office: OpenOffice,
) -> None:
    desk = office("admin")
    page = desk.open("/console/evaluations/?from=2020-01-01&to=2020-02-01")
    expect(page.get_by_text("这段时间还没有评价")).to_be_visible()
    page.get_by_role("link", name="清除筛选").click()
    page.get_by_label("品牌项目").select_option("market")
    page.wait_for_url(re.compile("programme=market"))
    expect(page.get_by_label("品牌项目")).to_have_value("market")
    desk.axe()


def test_a_checklist_names_its_items_targets_and_complaints(
    office: OpenOffice, database: Engine
) -> None:
    desk = office("admin", width=1366, height=768)
    activity = _one(database, "SELECT activity_id FROM rectification LIMIT 1")
    page = desk.open(f"/console/evaluations/{activity}")
    expect(page.get_by_role("row", name=re.compile("服务态度"))).to_contain_text("90.0%")
    expect(page.locator("#complaints")).to_contain_text("办理")
    desk.axe()
    desk.screenshot("evaluation")


def test_a_complaint_goes_from_owner_to_closed(office: OpenOffice, database: Engine) -> None:
    desk = office("admin")
    found = _one(database, _OPEN)
    desk.open("/console/rectifications/")
    desk.axe()
    desk.screenshot("rectifications")
    page = desk.open(f"/console/rectifications/{found}")
    desk.axe()
    desk.screenshot("rectification")
    page.get_by_label("指定责任人").select_option(index=1)
    _save(page, "保存")
    page.get_by_label("查看原因").fill("电话回访")
    page.get_by_role("button", name="查看电话").click()
    # This resident has left none.
    expect(page.get_by_role("alert")).to_contain_text("电话")
    # An empty reply is refused beside its field; nothing moves.
    page.get_by_label("查实情况与整改措施").evaluate("field => field.required = false")
    page.get_by_role("button", name="保存回复").click()
    expect(page.locator("#reply-error")).to_be_visible()
    page.get_by_label("查实情况与整改措施").fill("已增加一名理发师")
    _save(page, "保存回复")
    page.get_by_label("居民怎么说").fill("认可，谢谢")
    page.get_by_label("居民是否认可").select_option("true")
    _save(page, "保存回访")
    page.get_by_role("button", name="办结").click()
    expect(page.get_by_role("dialog")).to_contain_text("会重新办理")
    page.get_by_role("button", name="确定").click()
    expect(page.locator("[aria-labelledby=facts]")).to_contain_text("已办结")
    with database.connect() as connection:
        row = connection.execute(
            text("SELECT state, owner_user_id, resident_satisfied FROM rectification WHERE id=:id"),
            {"id": found},
        ).one()
        actions = connection.execute(
            text("SELECT action FROM audit_entry WHERE object_id = :id ORDER BY at, id"),
            {"id": found},
        ).scalars()
        audited = list(actions)
    assert (row.state, row.resident_satisfied) == ("closed", True)
    assert row.owner_user_id is not None
    assert [a for a in audited if a != "open_rectification"] == [
        "name_owner", "reply", "call_back", "close",
    ]  # fmt: skip


def _save(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()
