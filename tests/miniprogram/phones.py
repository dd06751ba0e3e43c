"""Phones: browser contexts that hold the mini-program as WeChat would."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    Route,
    StorageState,
    expect,
)

from tests.support import pictures
from tests.support.axe import assert_accessible
from tests.support.words import assert_full_width

WIDTH, HEIGHT = 375, 812
SMALL = (320, 568)
"""The smallest screen that everything has to fit on."""
SEEN = """node => {
  const { left, right, top, bottom } = node.getBoundingClientRect();
  return [top + 3, bottom - 3].every(
    (y) => node.contains(document.elementFromPoint((left + right) / 2, y)));
}"""
"""Whether a node is on the screen with nothing over it."""
_TIMEOUT_MS = 5000
_CHROMIUM_ECHO = "Failed to load resource"  # of an answer or a broken line we see ourselves


def lines(words: Locator) -> int:
    """In how many lines a node's text stands, an icon beside it being of its line."""
    return int(
        words.evaluate(
            """node => {
              const range = document.createRange();
              range.selectNodeContents(node);
              const ends = [...range.getClientRects()].map(({ bottom }) => bottom);
              return ends.sort((one, other) => one - other)
                .filter((end, index) => index === 0 || end - ends[index - 1] > 12).length;
            }"""
        )
    )


@dataclass
class Phone:
    """One phone with the mini-program open, and what has gone wrong on it so far.

    Attributes:
        page: Playwright's page; find things on it by role and name.
        elder: whether the elder mode is on; only names screenshots.
        allowed: answers from 400 up that the test means to provoke: `(status, end of the path)`.
    """

    page: Page
    elder: bool = False
    allowed: set[tuple[int, str]] = field(default_factory=set)
    _faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Begin to note what goes wrong."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._faults.append(f"page error: {error}"))
        self.page.on("response", self._on_response)

    def allow(self, status: int, path_end: str) -> None:
        """Expect an answer such as 409 from a path that ends so."""
        self.allowed.add((status, path_end))

    @property
    def path(self) -> str:
        """The page on top, such as pages/home/home."""
        return str(self.harness("path()"))

    def harness(self, expression: str) -> Any:
        """What `window.__harness.<expression>` says."""
        return self.page.evaluate(f"window.__harness.{expression}")

    def scan(self, result: str | dict[str, str]) -> None:
        """Let the camera see a code: its text, or `{"path": …}` for a mini-program code."""
        self.page.evaluate("seen => window.__harness.scan(seen)", result)

    def asked_messages(self) -> list[list[str]]:
        """Of which message templates WeChat was to ask the person, by our names, each time."""
        calls = [one for one in self.harness("calls") if one["name"] == "requestSubscribeMessage"]
        asked = [one["options"]["tmplIds"] for one in calls]
        return [[template.removeprefix("standin-") for template in ids] for ids in asked]

    def passed_on(self) -> list[dict[str, str]]:
        """What the menu of the page on top passes on, to a friend and on 朋友圈 where it offers
        them."""
        self.page.evaluate(
            """async () => {
              const page = getCurrentPages().at(-1);
              if (page.onShareAppMessage) await __harness.share();
              if (page.onShareTimeline) __harness.shareTimeline();
            }"""
        )
        return list(self.harness("shared"))

    def network(self, *, offline: bool = False, delay_ms: int = 0) -> None:
        """Cut the phone's network, slow it down, or with no arguments bring it back."""
        state = {"offline": offline, "delayMs": delay_ms}
        self.page.evaluate("state => { window.__harness.network = state; }", state)

    def cut_off(self) -> None:
        """Let no request reach the backend, though WeChat reports a network; also when the
        mini-program is opened again, unlike `network`."""
        self.page.route("**/api/v1/**", lambda route: route.abort())

    def reconnect(self) -> None:
        """End `cut_off`."""
        self.page.unroute_all()

    def lose_answer(self, path_end: str, *, times: int = 1) -> None:
        """The backend carries out the next requests to a path that ends so, but their answers
        never arrive."""

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        self.page.route(f"**/api/v1/**{path_end}", lose, times=times)

    def reopen(self) -> None:
        """Close the mini-program and open it again at the same page."""
        self.page.reload()

    def come_back(self) -> None:
        """Leave WeChat and come back to the mini-program."""
        self.page.evaluate("() => { __harness.hide(); __harness.show(); }")

    def let_pass(self, time: str) -> None:
        """Move the phone's clock on, once nothing is on its way that would time out by that."""
        self.page.wait_for_function("() => __harness.requests.every(({ status }) => status)")
        self.page.clock.fast_forward(time)

    def choose_standard_mode(self) -> None:
        """Turn the elder mode off, as on another page of the mini-program, and come back."""
        self.page.evaluate("() => wx.setStorageSync('elder', false)")  # miniprogram/utils/look.js
        self.come_back()
        expect(self.page.locator(".harness-page:visible .elder")).to_have_count(0)
        self.elder = False

    def tap(self, name: str) -> None:
        """Tap a button or link by the beginning of its name."""
        button = self.page.get_by_role("button", name=name)
        button.or_(self.page.get_by_role("link", name=name)).first.tap()

    def sees(self, words: str) -> None:
        """Wait until these words are on the screen; pages below the top one don't count."""
        expect(self._words(words).first).to_be_visible()

    def misses(self, words: str) -> None:
        """Wait until these words are not on the screen any more."""
        expect(self._words(words)).to_have_count(0)

    def _words(self, words: str) -> Locator:
        return self.page.get_by_text(words).filter(visible=True)

    def screenshot(self, name: str) -> None:
        """Keep a picture of the whole page, as if the phone were as tall, where pictures are
        wanted."""
        size = self.page.viewport_size
        if not pictures.WANTED or size is None:
            return
        below = self.page.locator(".harness-page:visible").evaluate(
            "page => page.scrollHeight - page.clientHeight"
        )
        self.page.set_viewport_size({**size, "height": size["height"] + below})
        mode = ("elder" if self.elder else "normal") + ("-small" if size["width"] < WIDTH else "")
        pictures.keep_picture(self.page, f"miniprogram/{name}-{mode}", animations="disabled")
        self.page.set_viewport_size(size)

    def snapshot(self, name: str) -> None:
        """Keep a picture of what is on the screen without scrolling, where pictures are wanted."""
        mode = "elder" if self.elder else "normal"
        pictures.keep_picture(self.page, f"miniprogram/{name}-screen-{mode}", animations="disabled")

    def look(self, name: str) -> None:
        """Keep a picture and let axe-core judge the screen."""
        self.screenshot(name)
        self.axe()

    def axe(self) -> None:
        """Fail on any violation that axe-core finds on the screen, and on half-width marks."""
        assert_accessible(self.page)
        assert_full_width(self.page)

    def faults(self) -> list[str]:
        """Everything that went wrong and was not allowed."""
        return list(self._faults)

    def _on_console(self, message: ConsoleMessage) -> None:
        # What the harness finds wrong it says here too.
        if message.type in {"error", "warning"} and not message.text.startswith(_CHROMIUM_ECHO):
            self._faults.append(f"console: {message.text}")

    def _on_response(self, response: Response) -> None:
        path = response.url.split("?")[0]
        if response.status >= 400 and not any(
            status == response.status and path.endswith(end) for status, end in self.allowed
        ):
            self._faults.append(f"{response.request.method} {path}: {response.status}")


def open_phone(
    browser: Browser,
    address: str,
    *,
    elder: bool = False,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    kept: Mapping[str, Any] | None = None,
    clock: bool = False,
    allowed: Iterable[tuple[int, str]] = (),
    **query: str,
) -> Phone:
    """Open app.html in a context of its own: other storage, other user.

    Args:
        address: of the folder with app.html, ending in a slash.
        elder: whether this user has chosen the elder mode before.
        size: of the screen, in pixels.
        kept: what the mini-program has kept on this phone, by its storage key.
        clock: whether the test moves the phone's clock (`page.clock`): polls and renewals then
            take no time.
        allowed: answers to expect while it opens, as `Phone.allow` does later.
        query: user, path, scene, fontScale.
    """
    storage = {**(kept or {}), **({"elder": True} if elder else {})}  # miniprogram/utils/look.js
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        storage_state=_storage_state(address, query.get("user", "resident"), storage),
    )
    context.set_default_timeout(_TIMEOUT_MS)
    if clock:
        context.clock.install()
    phone = Phone(context.new_page(), elder, set(allowed))
    phone.watch()
    phone.page.goto(f"{address}app.html?{urlencode(query)}")
    return phone


def _storage_state(address: str, user: str, kept: Mapping[str, Any]) -> StorageState:
    """A phone's storage as the harness keeps it (harness/runtime/wx/storage.js)."""
    parts = urlsplit(address)
    return {
        "origins": [
            {
                "origin": f"{parts.scheme}://{parts.netloc}",
                "localStorage": [
                    {"name": f"mp:{user}:{key}", "value": json.dumps(value)}
                    for key, value in kept.items()
                ],
            }
        ]
    }


OpenPhone = Callable[..., Phone]
