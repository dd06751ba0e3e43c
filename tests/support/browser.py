"""The browser of the tests: found on this machine, or installed where we may.

Tests of the mini-program and of the console drive it with Playwright.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.support import debian

# The headless shell first: the same engine without the browser's own windows, which cost as much
# again as the pages.
_NAMES = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
    "google-chrome-stable",
)  # fmt: skip
_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# The first that apt knows; older systems have no headless shell.
_BROWSERS = ("chromium-headless-shell", "chromium")
_LETTERS = "fonts-noto-cjk"


class NoBrowserError(Exception):
    """There is no Chromium and we may not install one; the message says what to do."""


def find_chromium(playwright: Playwright) -> Path | None:
    """The browser on PATH, in its usual place on macOS, or the one Playwright downloaded."""
    on_path = [Path(found) for name in _NAMES if (found := shutil.which(name))]
    usual = [*on_path, _MACOS, Path(playwright.chromium.executable_path)]
    return next((path for path in usual if path.exists()), None)


def install_chromium() -> None:
    """Install Chromium and Chinese letters with apt-get, where we are root on Debian or Ubuntu.

    Raises NoBrowserError where we are not, or when it fails.
    """
    advice = (
        "没有找到 Chromium。Debian/Ubuntu:apt-get install chromium fonts-noto-cjk;"
        "其他系统：安装 Google Chrome，或运行 .venv/bin/playwright install chromium / "
        "no Chromium was found: install it, or run .venv/bin/playwright install chromium"
    )
    if not debian.may_install():
        raise NoBrowserError(advice)
    if problem := debian.install(*((browser, _LETTERS) for browser in _BROWSERS)):
        raise NoBrowserError(f"{advice}\n{problem}")


def require_chromium(playwright: Playwright) -> Path:
    """The program of a Chromium, installed now if need be. Raises NoBrowserError."""
    path = find_chromium(playwright)
    if path is None:
        install_chromium()
        path = find_chromium(playwright)
    if path is None:
        raise NoBrowserError("装好后仍未找到 Chromium / still no Chromium after installing it")
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium. Raises NoBrowserError."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require_chromium(playwright), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()
