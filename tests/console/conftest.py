"""Fixtures of the console's tests: a real server with the demo data, and a real browser.

All of these tests run in one process (tests/conftest.py): they share a system.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, StorageState
from sqlalchemy import Engine, create_engine

from backend.local.postgres.server import FAST_UNSAFE
from backend.local.preview import install_tools
from backend.local.system import LocalSystem
from tests.console.offices import Office, OpenOffice, log_in, open_office
from tests.support import prepared
from tests.support.browser import chromium


@pytest.fixture(scope="session")
def system() -> Iterator[LocalSystem]:
    """A whole system with the demo data."""
    with prepared.system(
        demo=True,
        workers=1,
        database_settings=FAST_UNSAFE,
        slow_wechat=False,
        environ={"LIMITS_TIMES": "100"},  # the tests' people do an hour's work in a minute
    ) as running:
        yield running


@pytest.fixture(scope="session")
def database(system: LocalSystem) -> Iterator[Engine]:
    """The system's database, to look at what the pages have done."""
    engine = create_engine(system.database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    yield engine
    engine.dispose()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for this folder; Playwright's event loop must not stay for other tests."""
    install_tools()  # what judges the pages and reads their codes
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def logins() -> dict[str, StorageState]:
    """Who has logged in so far. A desk goes on with it instead of seeing the login page and the
    dashboard first, which costs more than most tests do."""
    return {}


@pytest.fixture
def office(
    browser: Browser, system: LocalSystem, logins: dict[str, StorageState]
) -> Iterator[OpenOffice]:
    """`office("organiser").page` is a browser at a desk, logged in as one of the demo's people;
    `office(None)` one that is not logged in.

    At its end the test fails on anything that went wrong in a page and was not allowed.
    """
    offices: list[Office] = []

    def open_for(user: str | None = "organiser", width: int = 1440, height: int = 900) -> Office:
        if user is not None and user not in logins:
            logins[user] = log_in(browser, system.web, user)
        login = logins[user] if user is not None else None
        offices.append(open_office(browser, system.web, login, (width, height)))
        return offices[-1]

    yield open_for
    faults = [fault for one in offices for fault in one.faults()]
    for one in offices:
        one.page.context.close()
    assert not faults, "\n".join(faults)
