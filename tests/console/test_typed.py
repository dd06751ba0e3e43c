"""Nothing that somebody has typed is lost: by another form of the page, an ended login, a wrong
link; and the back button makes nothing twice."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import Engine, text

from tests.console.offices import Office, OpenOffice

WORDS = "查到义剪排队太久，已增加一名理发师"
REPLY = "查实情况与整改措施"


@pytest.fixture
def desk(office: OpenOffice) -> Office:
    """One with a login of its own, which a test may end."""
    own = office(None, width=1366, height=768)
    own.open("/console/login")
    _enter(own.page, "admin")
    return own


def _enter(page: Page, user: str) -> None:
    with page.expect_navigation():
        page.locator(f"form[action*='/demo-login/{user}'] button").click()


@pytest.fixture
def complaint(database: Engine) -> Iterator[str]:
    """The page of one that waits for a reply; one of the past, which no other test looks at."""
    state = text("UPDATE rectification SET state = :state WHERE id = :id")
    with database.begin() as connection:
        found = connection.execute(
            text("SELECT id FROM rectification WHERE state = 'closed' ORDER BY id LIMIT 1")
        ).scalar_one()
        connection.execute(state, {"state": "open", "id": found})
    yield f"/console/rectifications/{found}"
    with database.begin() as connection:
        connection.execute(state, {"state": "closed", "id": found})


def _end_login(database: Engine) -> None:
    """The newest, as thirty idle minutes do."""
    with database.begin() as connection:
        connection.execute(
            text(
                "UPDATE console_session SET revoked_at = now() WHERE id ="
                " (SELECT id FROM console_session ORDER BY created_at DESC LIMIT 1)"
            )
        )


def _drafts(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "Object.keys(sessionStorage).filter(key => key.startsWith('draft:'))"
    )
    return found


def test_saving_one_form_keeps_what_stands_in_the_others(desk: Office, complaint: str) -> None:
    page = desk.open(complaint)
    page.get_by_label(REPLY).fill(WORDS)
    page.get_by_label("指定责任人").select_option(index=1)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    expect(page.get_by_label(REPLY)).to_have_value(WORDS)
    note = page.get_by_role("status").filter(has_text="已恢复您刚才填写的内容")
    expect(note).to_have_count(1)
    desk.axe()
    desk.screenshot("typed-restored")
    # Nor does a look at the number, refused or not.
    page.get_by_label("查看原因").fill("电话回访")
    page.get_by_role("button", name="查看电话").click()
    expect(page.get_by_label(REPLY)).to_have_value(WORDS)
    # That page is the answer to a form: reloading it sends nothing again.
    page.reload()
    expect(page).to_have_url(re.compile(f"{complaint}$"))
    for _ in range(page.get_by_role("button", name="清除").count()):
        page.get_by_role("button", name="清除").first.click()
    expect(page.get_by_label(REPLY)).to_have_value("")
    page.reload()
    expect(page.get_by_label(REPLY)).to_have_value("")
    expect(note).to_have_count(0)


def test_an_ended_login_costs_no_word_and_leads_back(
    desk: Office, complaint: str, database: Engine
) -> None:
    page = desk.open(complaint)
    page.get_by_label(REPLY).fill(WORDS)
    _end_login(database)
    page.get_by_role("button", name="保存回复").click()
    expect(page.get_by_role("status")).to_contain_text("您填写的内容还在，登录以后会恢复")
    desk.axe()
    desk.screenshot("typed-login")
    _enter(page, "admin")
    expect(page).to_have_url(re.compile(f"{complaint}$"))
    expect(page.get_by_label(REPLY)).to_have_value(WORDS)
    # Whoever logs in next at this computer finds nothing of it.
    _end_login(database)
    page.reload()
    _enter(page, "auditor")
    expect(page.get_by_label(REPLY)).to_have_count(0)
    assert _drafts(page) == []


def test_leaving_a_changed_form_asks(desk: Office, complaint: str) -> None:
    page = desk.open(complaint)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label(REPLY).press_sequentially("查")
    page.get_by_role("link", name="排期").click()
    expect(page.get_by_label(REPLY)).to_have_value("查")
    assert asked == ["beforeunload"]
    # Logging out would drop it.
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("dialog")).to_contain_text("没有保存的内容")
    page.get_by_role("button", name="确定").click()
    page.wait_for_url("**/console/login")
    assert _drafts(page) == []


def test_phone_numbers_and_codes_are_never_kept_unless_everybody_is_to_read_them(
    desk: Office,
) -> None:
    page = desk.open("/console/schedule/new")
    number, title = page.get_by_label("咨询电话"), page.get_by_label("活动名称")
    note = page.get_by_role("status").filter(has_text="已恢复您刚才填写的内容")
    title.fill("花园集市")
    number.fill("0510-88881234")
    page.reload()
    expect(title).to_have_value("花园集市")
    expect(number).to_have_value("0510-88881234")
    expect(note).not_to_contain_text("没有保留")
    # As any other number, it is not; and that is said.
    number.evaluate("field => delete field.dataset.public")
    number.fill("0510-77771234")
    kept = page.evaluate("JSON.stringify(Object.values(sessionStorage))")
    assert "花园集市" in kept
    assert "7777" not in kept
    assert "8888" not in kept
    page.reload()
    expect(title).to_have_value("花园集市")
    expect(note).to_contain_text("「咨询电话」没有保留，请再填一次")


def test_back_and_save_makes_nothing_twice(desk: Office, database: Engine) -> None:
    title = "希望集市里有人修雨伞"
    page = desk.open("/console/needs/new")
    page.get_by_label("需求", exact=True).fill(title)
    page.get_by_label("地区").select_option(index=1)
    page.get_by_label("来源").select_option("meeting")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    made = page.url
    page.go_back()
    expect(page.get_by_label("需求", exact=True)).to_have_value(title)
    page.get_by_role("button", name="登记").click()
    expect(page).to_have_url(made)
    # With other words it is asked what is meant.
    page.go_back()
    page.get_by_label("需求", exact=True).fill(title + "和雨鞋")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_role("link", name="打开刚才保存的")).to_have_attribute(
        "href", re.compile(made.rsplit("/", 1)[1])
    )
    desk.screenshot("typed-saved-before")
    # What was refused is gone back to as well, and with what was typed.
    page.get_by_role("link", name="打开刚才保存的").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("/console/needs/new$"))
    expect(page.get_by_label("需求", exact=True)).to_have_value(title + "和雨鞋")
    with database.connect() as connection:
        count = connection.execute(
            text("SELECT count(*) FROM need WHERE title LIKE :title"), {"title": f"{title}%"}
        ).scalar_one()
    assert count == 1
