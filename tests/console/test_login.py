"""Logging in to the console in a browser."""

import pytest
from playwright.sync_api import expect

from backend.local.system import LocalSystem
from tests.console.offices import OpenOffice
from tests.miniprogram.town import Caller


def test_the_page_moves_on_when_the_phone_confirms(office: OpenOffice, system: LocalSystem) -> None:
    desk = office(None)
    page = desk.open("/console/login")
    expect(page.locator(".qr")).to_be_visible()
    desk.axe()
    desk.screenshot("login")
    code = page.locator("#qr-text").inner_text().removeprefix("wushe-login:")
    Caller(system.web, "organiser").post(f"/console-logins/{code}/confirm")
    page.wait_for_url("**/console/")


def test_a_wrong_password_is_told_and_the_name_is_kept(office: OpenOffice) -> None:
    desk = office(None)
    page = desk.open("/console/login")
    page.get_by_role("textbox", name="用户名").fill("nobody")
    page.get_by_role("textbox", name="密码").fill("wrong")
    page.get_by_role("textbox", name="动态码").fill("000000")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("用户名、密码或动态码不对")
    expect(page.get_by_role("textbox", name="用户名")).to_have_value("nobody")
    desk.axe()


@pytest.mark.parametrize("address", ["/", "/console/schedule/"])
def test_who_is_not_logged_in_is_sent_to_the_login(office: OpenOffice, address: str) -> None:
    page = office(None).open(address)
    page.wait_for_url("**/console/login**")


@pytest.mark.parametrize("width", [1366, 1440])
def test_one_s_own_logins(office: OpenOffice, width: int) -> None:
    desk = office("organiser", width)
    page = desk.open("/console/schedule/")
    page.get_by_role("link", name="我的登录").click()
    expect(page.get_by_role("heading", name="我的登录")).to_be_visible()
    desk.axe()
    desk.screenshot("account")
