"""A desk in an office: a browser on the console, and what may not go wrong there."""

import re
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import urlsplit

from openpyxl import Workbook
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FilePayload,
    Page,
    Request,
    StorageState,
)

from backend.schedule.reading import columns
from tests.support.axe import assert_accessible
from tests.support.pictures import keep_picture
from tests.support.words import assert_full_width

# A refusal is an answer: Chromium writes each into its console.
_REFUSED = re.compile(r"status of (401|403|404|409|422)")


class OpenOffice(Protocol):
    """Opens a browser for one of the demo's people; None for somebody who is not logged in."""

    def __call__(
        self, user: str | None = "organiser", width: int = 1440, height: int = 900
    ) -> "Office": ...


class Office:
    """One browser; `page` is Playwright's."""

    def __init__(self, page: Page, web: str) -> None:
        self.page, self.web = page, web
        self._faults: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._faults.append(f"script: {error}"))
        page.on("request", self._asked)

    def open(self, path: str) -> Page:
        """Go to a page of the console."""
        self.page.goto(self.web + path)
        return self.page

    def screenshot(self, name: str) -> None:
        """Keep a picture of the whole page as console-<name>, where pictures are wanted."""
        keep_picture(self.page, f"console-{name}", full_page=True)

    def axe(self) -> None:
        """Fail on any violation that axe-core finds on the page, and on half-width marks."""
        assert_accessible(self.page)
        assert_full_width(self.page)

    def faults(self) -> list[str]:
        """What went wrong so far."""
        return self._faults

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _REFUSED.search(message.text):
            self._faults.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme.startswith("http") and url.netloc != urlsplit(self.web).netloc:
            self._faults.append(f"another host was asked: {request.url}")


def open_office(
    browser: Browser, web: str, login: StorageState | None, size: tuple[int, int]
) -> Office:
    """A browser of its own, with what `log_in` left in one."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        accept_downloads=True,
        storage_state=login,
    )
    return Office(context.new_page(), web)


def log_in(browser: Browser, web: str, user: str) -> StorageState:
    """What a browser keeps once one of the demo's people has logged in with it."""
    office = open_office(browser, web, None, (1440, 900))
    page = office.open("/console/login")
    page.locator(f"form[action$='/demo-login/{user}'] button").click()
    page.wait_for_url(re.compile("/console/(dashboard/)?$"))
    assert not office.faults(), office.faults()
    state = page.context.storage_state()
    page.context.close()
    return state


def filled_in(*lines: dict[str, Any]) -> FilePayload:
    """A filled-in template, as Playwright chooses files."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    header = [*columns.REQUIRED, *columns.OPTIONAL]
    sheet.append(header)
    for line in lines:
        sheet.append([line.get(column) for column in header])
    buffer = BytesIO()
    book.save(buffer)
    return {"name": "下月排期.xlsx", "mimeType": "application/octet-stream",
            "buffer": buffer.getvalue()}  # fmt: skip
