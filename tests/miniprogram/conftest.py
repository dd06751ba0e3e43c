"""Fixtures of the mini-program's tests: the very files we ship, in Chromium, on a real system.

All of these tests run in one process (tests/conftest.py): they share a system and a browser.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, create_engine

from backend.local.postgres import FAST_UNSAFE
from backend.local.preview import build_preview
from backend.local.system import ROOT, LocalSystem
from tests.miniprogram.phones import OpenPhone, Phone, open_phone
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
    with LocalSystem(
        demo=True, workers=1, threads=8, database_settings=FAST_UNSAFE, preview=bundle
    ) as running:
        yield running


@pytest.fixture(scope="session")
def database(system: LocalSystem) -> Iterator[Engine]:
    """The system's database, to look at what the phones have done."""
    engine = create_engine(system.database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: Playwright's event loop must not stay for other tests."""
    with chromium() as running:
        yield running


@pytest.fixture
def phone(browser: Browser, system: LocalSystem) -> Iterator[OpenPhone]:
    """`phone("volunteer", path="pages/…", elder=True)` opens the mini-program for a user.

    At its end the test fails on anything that went wrong on a phone and was not allowed.
    """
    phones: list[Phone] = []

    def open_for(user: str = "resident", *, elder: bool = False, **query: str) -> Phone:
        address = f"{system.web}/preview/"
        phones.append(open_phone(browser, address, elder=elder, user=user, **query))
        return phones[-1]

    yield open_for
    faults = [fault for one in phones for fault in one.faults()]
    for one in phones:
        one.page.context.close()
    assert not faults, "\n".join(faults)
