"""The preview page: the mini-program in a phone frame, for anyone with a desktop browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from backend.local.system import LocalSystem


@pytest.fixture
def desk(browser: Browser, system: LocalSystem) -> Iterator[Page]:
    """The preview in a desktop browser."""
    page = browser.new_page(locale="zh-CN", viewport={"width": 1200, "height": 900})
    page.goto(f"{system.web}/preview")
    phone(page).wait_for_function("() => window.__harness?.path()")
    yield page
    page.close()


def phone(desk: Page) -> Frame:
    """The mini-program in the frame."""
    frame = desk.query_selector("iframe")
    assert frame is not None
    content = frame.content_frame()
    assert content is not None
    return content


def test_it_opens_the_first_page_for_a_resident(desk: Page) -> None:
    expect(desk).to_have_url(desk.url.split("?")[0] + "?user=resident")
    assert desk.url.split("?")[0].endswith("/preview/")
    assert phone(desk).evaluate("window.__harness.path()") == "pages/home/home"


@pytest.mark.parametrize("user", ["volunteer", "organiser", "admin"])
def test_it_changes_hands(desk: Page, user: str) -> None:
    desk.locator(f"input[value={user}]").check()
    expect(desk.locator("iframe")).to_have_attribute("src", f"app.html?user={user}&fontScale=1")


def test_any_other_name_will_do(desk: Page) -> None:
    desk.get_by_label("别的名字").last.fill("zhang")
    desk.get_by_label("别的名字").last.press("Enter")
    expect(desk.locator("iframe")).to_have_attribute("src", "app.html?user=zhang&fontScale=1")


def test_the_box_is_the_camera(desk: Page) -> None:
    desk.get_by_label("码的内容").fill("W1-too-early")
    desk.get_by_role("button", name="扫到这个码").click()
    expect(desk.get_by_role("status")).to_contain_text("没有在扫码")  # and nothing is kept
    phone(desk).evaluate("void wx.scanCode({ success: (seen) => { window.seen = seen; } })")
    expect(desk.get_by_role("status")).to_contain_text("正在扫码")
    desk.get_by_label("码的内容").fill("W1-code")
    desk.get_by_role("button", name="扫到这个码").click()
    phone(desk).wait_for_function("() => window.seen?.result === 'W1-code'")


def test_the_network_can_be_cut(desk: Page) -> None:
    desk.get_by_label("断开网络").check()
    assert phone(desk).evaluate("window.__harness.network.offline") is True
