"""The harness behaves as WeChat does, seen with a tiny mini-program of its own."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from backend.local.preview import build_preview
from tests.miniprogram.phones import Phone, open_phone

FIXTURE = Path(__file__).parent / "fixture"


class QuietHandler(SimpleHTTPRequestHandler):
    """Files, without a line for each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the built fixture is served, together with an answer for its request."""
    out = tmp_path_factory.mktemp("fixture") / "built"
    build_preview(out, FIXTURE)
    (out / "data.json").write_text('{"word": "好"}', encoding="utf-8")
    handler = partial(QuietHandler, directory=str(out))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Phone]:
    """The fixture's home page; `faults()` is looked at by the tests that make none."""
    opened = open_phone(browser, address)
    yield opened
    opened.page.context.close()


def test_a_page_its_component_and_wxs(phone: Phone) -> None:
    expect(phone.page.get_by_role("heading", name="首页")).to_be_visible()
    expect(phone.page.get_by_text("listaa0")).to_be_visible()
    phone.tap("看看")
    expect(phone.page.get_by_role("status")).to_have_text("opened 量血压")
    assert phone.faults() == []


def test_what_is_fixed_stays_within_the_page(phone: Phone) -> None:
    bottom = phone.page.get_by_text("页底").bounding_box()
    tabs = phone.page.get_by_role("navigation").bounding_box()
    assert bottom is not None
    assert tabs is not None
    assert bottom["y"] + bottom["height"] <= tabs["y"] + 1


def test_a_tab_page_is_not_opened_by_navigate_to(phone: Phone) -> None:
    phone.tap("错误的跳转")
    expect(phone.page.get_by_role("status")).to_contain_text("can not navigateTo a tabbar page")
    assert phone.path == "pages/home/home"


def test_tabs_stay_alive_and_close_what_is_above(phone: Phone) -> None:
    for visit in (1, 2):
        phone.tap("我的")
        expect(phone.page.get_by_text(f"进入 {visit} 次")).to_be_visible()
        phone.tap("首页")
    assert phone.harness("stack()") == ["pages/home/home"]


def test_ten_pages_and_no_more(phone: Phone) -> None:
    for _ in range(9):
        phone.tap("再深一层")
    assert len(phone.harness("stack()")) == 10
    phone.tap("再深一层")
    expect(phone.page.get_by_role("status")).to_contain_text("webview count limit exceed")
    phone.tap("返回")
    assert len(phone.harness("stack()")) == 9


def test_a_page_made_by_component_gets_its_query(phone: Phone) -> None:
    phone.tap("再深一层")
    expect(phone.page.get_by_role("status")).to_have_text("home home")
    assert phone.faults() == []


def test_a_root_portal_is_above_the_page_and_goes_with_it(phone: Phone) -> None:
    phone.tap("再深一层")
    above = phone.page.get_by_text("浮在上面")
    expect(above).to_be_visible()
    expect(above).to_have_css("position", "fixed")  # the page's own style still holds
    assert above.evaluate("node => node.closest('.harness-page')") is None
    phone.tap("再深一层")
    expect(above).to_be_hidden()
    phone.tap("返回")
    expect(above).to_be_visible()
    phone.tap("返回")
    expect(above).to_have_count(0)


def test_an_unknown_wx_member_is_an_error(phone: Phone) -> None:
    phone.tap("没有的接口")
    assert any("wx.startFlying is not in the harness" in fault for fault in phone.faults())


def test_requests_go_to_this_origin_whatever_the_host(phone: Phone) -> None:
    phone.tap("取数据")
    expect(phone.page.get_by_role("status")).to_have_text("200 好")
    request = phone.harness("requests[0]")
    assert request["url"] == "https://api.example.com/data.json"
    assert request["status"] == 200


def test_no_network(phone: Phone) -> None:
    phone.network(offline=True)
    phone.tap("取数据")
    expect(phone.page.get_by_role("status")).to_contain_text("request:fail")
    phone.network()
    phone.tap("取数据")
    expect(phone.page.get_by_role("status")).to_have_text("200 好")
    assert phone.faults() == []


def test_the_camera(phone: Phone) -> None:
    phone.tap("扫码")
    expect(phone.page.get_by_role("dialog", name="扫一扫")).to_be_visible()
    phone.scan("W1")
    expect(phone.page.get_by_role("status")).to_have_text("scanned W1")
    phone.tap("扫码")
    phone.tap("取消扫码")
    expect(phone.page.get_by_role("status")).to_have_text("scanCode:fail cancel")


def test_a_canvas_is_really_drawn(phone: Phone) -> None:
    canvas = phone.page.get_by_role("img", name="我的码").locator("canvas")
    expect(canvas).to_have_js_property("width", 300)
    pixel = canvas.evaluate("c => [...c.getContext('2d').getImageData(1, 1, 1, 1).data]")
    assert pixel == [0xA5, 0x2A, 0x23, 255]


def test_a_whole_form(phone: Phone) -> None:
    page = phone.page
    phone.tap("填表")
    page.get_by_label("姓名").fill("张三")
    expect(page.get_by_text("您好，张三")).to_be_visible()  # model:value
    page.get_by_text("下午").tap()  # by its label
    expect(page.get_by_role("radio", name="下午")).to_be_checked()
    page.get_by_role("radio", name="上午").tap()
    expect(page.get_by_role("radio", name="下午")).not_to_be_checked()
    page.get_by_role("radio", name="下午").tap()
    page.get_by_role("checkbox", name="六十岁以上").tap()
    phone.tap("类别")
    page.get_by_role("dialog").get_by_role("button", name="义诊").tap()
    expect(page.get_by_text("类别：义诊")).to_be_visible()
    phone.tap("日期")
    page.get_by_role("dialog").get_by_label("日期").fill("2026-11-28")
    phone.tap("确定")
    page.get_by_label("备注").fill("腿脚不便")
    page.get_by_role("switch", name="同意").tap()
    page.get_by_role("button", name="不能按").tap(force=True)
    phone.tap("提交")
    expect(page.get_by_role("status")).to_have_text(
        '{"name":"张三","slot":"下午","tags":["old"],"day":"2026-11-28","note":"腿脚不便","agree":true}'
    )
    assert phone.harness("data().from") == "%E9%A6%96"  # as written: pages decode
    phone.axe()
    assert phone.faults() == []


def test_what_comes_too_late_for_a_closed_page_is_no_error(phone: Phone) -> None:
    phone.tap("填表")
    phone.page.evaluate("() => { window.gone = getCurrentPages().at(-1); }")
    phone.tap("返回")
    phone.page.evaluate("gone.setData({ name: '张三', slots: ['夜里'] })")
    assert phone.faults() == []


def test_privacy_comes_before_the_phone_number(phone: Phone) -> None:
    phone.tap("我的")
    phone.tap("绑定手机号")
    phone.tap("拒绝")
    expect(phone.page.get_by_role("status")).to_contain_text("privacy permission")
    phone.tap("绑定手机号")
    phone.tap("同意")
    expect(phone.page.get_by_role("status")).to_contain_text("phone:139")


def test_a_printed_code_opens_the_page_with_its_scene(browser: Browser, address: str) -> None:
    opened = open_phone(browser, address, path="pages/home/home", scene="a=1")
    launched = opened.page.evaluate("wx.getStorageSync('launched')")
    assert launched == {"scene": 1047}
    assert opened.page.evaluate("getCurrentPages()[0].options") == {"scene": "a%3D1"}
    opened.page.context.close()


def test_a_page_opened_from_outside_leads_home(browser: Browser, address: str) -> None:
    opened = open_phone(browser, address, path="pages/form/form")
    opened.tap("返回首页")
    assert opened.harness("stack()") == ["pages/home/home"]
    opened.page.context.close()


def test_each_user_has_a_phone_of_their_own(browser: Browser, address: str) -> None:
    opened = open_phone(browser, address, user="one")
    assert opened.page.evaluate("wx.getStorageInfoSync().keys") == ["launched"]
    opened.page.goto(f"{address}app.html?user=two")
    opened.page.evaluate("wx.clearStorageSync()")
    opened.page.goto(f"{address}app.html?user=one")
    assert opened.page.evaluate("wx.getStorageSync('launched')") == {"scene": 1001}
    opened.page.context.close()


def test_the_text_size_of_the_phone(browser: Browser, address: str) -> None:
    opened = open_phone(browser, address, fontScale="1.5")
    size = opened.page.locator("wx-page").evaluate("page => getComputedStyle(page).fontSize")
    assert size == "24px"  # page-meta's page-font-size="system"
    opened.page.context.close()


def test_pull_down_refresh(phone: Phone) -> None:
    phone.harness("pullDown()")
    expect(phone.page.get_by_role("status")).to_have_text("refreshed")


def test_axe_finds_what_is_wrong_and_nothing_else(phone: Phone) -> None:
    phone.axe()
    phone.page.evaluate("document.querySelector('wx-canvas').removeAttribute('aria-label')")
    with pytest.raises(AssertionError, match="role-img-alt"):
        phone.axe()


def test_axe_judges_contrast(phone: Phone) -> None:
    phone.page.get_by_text("页底").evaluate("node => { node.style.color = '#a0a7b3'; }")
    with pytest.raises(AssertionError, match="color-contrast"):
        phone.axe()
