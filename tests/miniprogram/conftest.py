"""Fixtures of the mini-program's tests: the very files we ship, in Chromium, on a real system.

All of these tests run in one process (tests/conftest.py): they share a system and a browser.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, create_engine

from backend.local.postgres.server import FAST_UNSAFE
from backend.local.preview import build_preview
from backend.local.system import ROOT, LocalSystem
from tests.miniprogram.phones import OpenPhone, Phone, open_phone
from tests.miniprogram.town import Caller, Market, make_market, new_name
from tests.support import prepared
from tests.support.browser import chromium


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The built mini-program; built only if its files have changed."""
    out = ROOT / "var" / "miniprogram-tests"
    out.parent.mkdir(exist_ok=True)
    build_preview(out)
    return out


@pytest.fixture(scope="session")
def system(bundle: Path) -> Iterator[LocalSystem]:
    """A whole system with the demo data, and the mini-program at /preview/app.html."""
    with prepared.system(
        demo=True,
        workers=1,
        database_settings=FAST_UNSAFE,
        preview=bundle,
        slow_wechat=False,
        environ={"LIMITS_TIMES": "100"},  # the tests' people do an hour's work in a minute
    ) as running:
        yield running


@pytest.fixture(scope="session")
def database(system: LocalSystem) -> Iterator[Engine]:
    """The system's database, to look at what the phones have done."""
    engine = create_engine(system.database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    yield engine
    engine.dispose()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for this folder; Playwright's event loop must not stay for other tests."""
    with chromium() as running:
        yield running


@pytest.fixture
def phone(browser: Browser, system: LocalSystem) -> Iterator[OpenPhone]:
    """`phone("volunteer", path="pages/…", elder=True)` opens the mini-program for a user; the
    options are those of `open_phone`.

    At its end the test fails on anything that went wrong on a phone and was not allowed.
    """
    phones: list[Phone] = []

    def open_for(user: str = "resident", **options: Any) -> Phone:
        phones.append(open_phone(browser, f"{system.web}/preview/", user=user, **options))
        return phones[-1]

    yield open_for
    faults = [fault for one in phones for fault in one.faults()]
    for one in phones:
        one.page.context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="session")
def organiser(system: LocalSystem) -> Caller:
    """The demo's organiser, who runs the markets that tests make."""
    return Caller(system.web, "organiser")


@pytest.fixture
def market(organiser: Caller) -> Market:
    """A market that is on, of this test alone."""
    return make_market(organiser)


@pytest.fixture
def resident(system: LocalSystem) -> Caller:
    """A new resident with an account; `own` opens their phone."""
    return Caller(system.web, new_name())


@pytest.fixture
def own(phone: OpenPhone, resident: Caller) -> OpenPhone:
    """`own("pages/…")` opens the resident's phone, agreed and logged in, at a page."""

    def open_at(path: str = "", **options: Any) -> Phone:
        return phone(resident.name, path=path, kept=resident.kept, **options)

    return open_at
