"""Phones: browser contexts that hold the mini-program as WeChat would."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from backend.local.system import ROOT

AXE = ROOT / "tests" / "miniprogram" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "var" / "screenshots" / "miniprogram"
WIDTH, HEIGHT = 375, 812
_TIMEOUT_MS = 5000
_CHROMIUM_ECHO = "Failed to load resource"  # of an answer or a broken line we see ourselves


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

    def network(self, *, offline: bool = False, delay_ms: int = 0) -> None:
        """Cut the phone's network, slow it down, or with no arguments bring it back."""
        state = {"offline": offline, "delayMs": delay_ms}
        self.page.evaluate("state => { window.__harness.network = state; }", state)

    def tap(self, name: str) -> None:
        """Tap a button or link by the beginning of its name."""
        button = self.page.get_by_role("button", name=name)
        button.or_(self.page.get_by_role("link", name=name)).first.tap()

    def screenshot(self, name: str) -> Path:
        """Keep a picture of the screen; return its file."""
        file = SCREENSHOTS / f"{name}-{'elder' if self.elder else 'normal'}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file, animations="disabled")
        return file

    def axe(self) -> None:
        """Fail on any violation that axe-core finds on the screen."""
        if not self.page.evaluate("'axe' in window"):
            self.page.add_script_tag(path=AXE)
        violations = self.page.evaluate("axe.run().then(({ violations }) => violations)")
        assert not violations, "\n".join(_violation_lines(violations))

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


def _violation_lines(violations: Iterable[dict[str, Any]]) -> Iterable[str]:
    for violation in violations:
        for node in violation["nodes"]:
            yield f"{violation['id']}: {violation['help']}\n  {node['html']}"


def open_phone(browser: Browser, address: str, *, elder: bool = False, **query: str) -> Phone:
    """Open app.html in a context of its own: other storage, other user.

    Args:
        address: of the folder with app.html, ending in a slash.
        elder: whether this user has chosen the elder mode before.
        query: user, path, scene, fontScale.
    """
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(_TIMEOUT_MS)
    if elder:
        key = f"mp:{query.get('user', 'resident')}:elder"  # miniprogram/utils/look.js
        context.add_init_script(f"localStorage.setItem({json.dumps(key)}, 'true')")
    phone = Phone(context.new_page(), elder)
    phone.watch()
    phone.page.goto(f"{address}app.html?{urlencode(query)}")
    return phone


OpenPhone = Callable[..., Phone]
