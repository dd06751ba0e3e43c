"""People at a desk: roles given and taken back, a resident looked up."""

import re

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from tests.console.offices import Office, OpenOffice


def test_a_role_is_given_by_the_code_on_a_phone_and_taken_back(
    office: OpenOffice, database: Engine
) -> None:
    desk = office("admin")
    page = desk.open("/console/people/")
    expect(page.get_by_role("row", name=re.compile("顾晓燕"))).to_contain_text("组织者 · 湖塘镇")
    desk.axe()
    desk.screenshot("people")
    page.get_by_role("row", name=re.compile("沈佳怡")).get_by_role("link").click()
    expect(page.get_by_role("heading", name="沈佳怡")).to_be_visible()
    desk.axe()
    page.locator("#role").select_option("partner")
    expect(page.get_by_label("地区")).to_be_hidden()
    page.locator("#role").select_option("auditor")
    page.get_by_label("地区").select_option(label="\u2003牛塘镇")
    desk.screenshot("colleague")
    page.get_by_role("button", name="授予").click()
    # The question names who, what and where.
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("确定授予沈佳怡「督查员」角色，范围：牛塘镇？")
    page.get_by_role("button", name="确定").click()
    row = page.get_by_role("row", name=re.compile("督查员"))
    expect(row).to_contain_text("牛塘镇")
    row.get_by_role("button", name="收回").click()
    expect(page.get_by_role("dialog")).to_contain_text("收回沈佳怡的「督查员」角色（牛塘镇）")
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_role("row", name=re.compile("督查员"))).to_contain_text("已收回")
    desk.axe()
    with database.connect() as connection:
        actions = list(
            connection.execute(
                text("SELECT action FROM audit_entry WHERE to_state = 'auditor'"
                     " AND region_code = '320412102' OR from_state = 'auditor' ORDER BY at")
            ).scalars()
        )  # fmt: skip
    assert actions == ["grant_role", "revoke_role"]


def test_whom_to_give_a_role_is_found_by_number_or_code_alone(office: OpenOffice) -> None:
    desk = office("admin", width=1366, height=768)
    page = desk.open("/console/people/find")
    desk.axe()
    page.get_by_label("手机号或个人码").fill("王秀英")
    page.get_by_role("button", name="查找").click()
    expect(page.locator("#who-error")).to_contain_text("应为 11 位手机号")
    expect(page.get_by_label("手机号或个人码")).to_have_value("王秀英")
    desk.axe()
    desk.screenshot("people-find-1366")
    page.get_by_label("手机号或个人码").fill("13900000001")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("alert")).to_contain_text("没有找到这个人")


class Phone:
    """Somebody's mini-program, as far as these tests need it."""

    def __init__(self, office: Office, login: str) -> None:
        self._http, self._api = office.page.request, f"{office.web}/api/v1"
        answer = self._http.post(f"{self._api}/auth/wechat", data={"code": f"ok:{login}"})
        self._headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        self.resident_id = str(answer.json()["user"]["resident_id"])

    def type_number(self, number: str) -> None:
        self._http.post(f"{self._api}/me/phone", data={"phone": number}, headers=self._headers)

    def code(self) -> str:
        answer = self._http.get(f"{self._api}/me/code", headers=self._headers)
        return str(answer.json()["code"])


def test_who_shows_their_code_is_found_and_gets_a_role(
    office: OpenOffice, database: Engine
) -> None:
    desk = office("admin")
    page = desk.open("/console/people/find")
    page.get_by_label("手机号或个人码").fill(Phone(desk, "visitor-2").code())
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_text("还没有角色")).to_be_visible()
    # Masked: not on the staff yet.
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r".\*."))
    desk.axe()
    desk.screenshot("people-found")
    page.locator("#role").select_option("volunteer")
    page.get_by_label("地区").select_option(label="\u2003湖塘镇")
    page.get_by_role("button", name="授予").click()
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_role("row", name=re.compile("志愿者"))).to_contain_text("湖塘镇")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(re.compile(r"\*"))
    with database.connect() as connection:
        looked = connection.execute(
            text("SELECT text FROM audit_entry JOIN audit_note ON entry_id = id"
                 " WHERE action = 'look_up_resident'"
                 " AND details->>'by' = 'code'")
        ).scalar_one()  # fmt: skip
    assert looked == "授予角色"


def test_a_resident_is_looked_up_with_a_reason(office: OpenOffice, database: Engine) -> None:
    desk = office("organiser")
    page = desk.open("/console/people/residents")
    expect(page.locator("table")).to_have_count(0)
    desk.axe()
    _look_up(page, "13900000002")
    expect(page.get_by_text("没有查到")).to_be_visible()
    desk.axe()
    desk.screenshot("residents-none")
    # Came to markets of before, was served there, and has left a number since.
    phone = Phone(desk, "visitor-1")
    phone.type_number("13900000001")
    _look_up(page, "13900000001")
    row = page.locator("tbody tr")
    expect(row).to_contain_text("139****0001")
    counted = [_count(database, table, phone.resident_id) for table in ("attendance", "booking")]
    expect(row.locator(".number")).to_have_text(counted)
    expect(page.get_by_text("13900000001")).to_have_count(0)
    desk.axe()
    desk.screenshot("residents")
    small = office("organiser", width=1366, height=768)
    small.open("/console/people/")
    small.screenshot("people-1366")


def _count(database: Engine, table: str, resident_id: str) -> str:
    """How many rows a resident has of activities in the organiser's town."""
    with database.connect() as connection:
        statement = text(
            f"SELECT count(*) FROM {table} t JOIN activity a ON a.id = t.activity_id"
            " JOIN region r ON r.id = a.region_id"
            " WHERE t.resident_id = :id AND r.code LIKE '320412100%'"
        )
        return str(connection.execute(statement, {"id": resident_id}).scalar_one())


def _look_up(page: Page, who: str) -> None:
    page.get_by_label("手机号或个人码").fill(who)
    page.get_by_label("查询原因").fill("来电询问预约")
    with page.expect_navigation():
        page.get_by_role("button", name="查询", exact=True).click()
