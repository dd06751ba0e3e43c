"""Fixtures of all tests: one real PostgreSQL, migrated once, and nothing that a test leaves in it.

`world` talks HTTP to the app within a transaction of its file, rolled back at its end. All that a
file's tests share (fixtures of module scope) is made in it first; each test is a savepoint of its
own, and so begins with just that, whichever ran before. Tests in tests/concurrency use
`committed_app` instead: a database of their own, real commits, real threads.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, delete
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from backend.app import create_app
from backend.core.context import compose
from backend.core.crypto import PhoneVault
from backend.core.db import db
from backend.core.db.roles import APP
from backend.core.limits import Limits, Spent
from backend.demo.joining import init_demo
from backend.gateways.tokens import AccessTokenStore, WeChatAccessToken
from backend.gateways.wechat import WeChatConfig, WeChatGateway
from backend.local.postgres.server import FAST_UNSAFE, PrivatePostgres
from backend.settings import Settings
from tests.gateways.standin import APPID, SECRET, StandIn
from tests.support import prepared
from tests.support.transactions import OuterConnection, taken_back
from tests.support.world import World

# How long an example takes says how busy the machine is, not whether a rule holds.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

TEMPLATE = prepared.TEMPLATE


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Which tests share one of pytest's processes: those of a file, for what they share is made
    once in each process; those of a folder where that is a running system. But a file of a few long
    tests is for all processes.

    xdist's own `loadgroup` reads a name that pytest has no more (xdist 3.8, pytest 9.2), and so
    spreads its groups all the same.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/miniprogram/"):
            return "tests/miniprogram"
        if nodeid.startswith("tests/console/"):
            return "tests/console"
        if nodeid.startswith(("tests/api/test_bad_input.py", "tests/api/test_contract.py")):
            return nodeid
        return nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """In the process that sends the others: a place for what all of them use."""
    if not hasattr(config, "workerinput"):
        prepared.make_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """When they have ended."""
    if not hasattr(config, "workerinput"):
        prepared.drop_folder()


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among what stays: a sixteenth of the tests' time."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


@cache
def shared_by(session: pytest.Session) -> dict[Path, list[str]]:
    """The fixtures of module scope that the tests of each file ask for, in pytest's order."""
    shared: dict[Path, list[str]] = defaultdict(list)
    for item in session.items:
        assert isinstance(item, pytest.Function)
        for name in item.fixturenames:
            found = item._fixtureinfo.name2fixturedefs.get(name)
            if found and found[-1].scope == "module" and name not in shared[item.path]:
                shared[item.path].append(name)
    return shared


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings of a test's app; keys are fixed, so that a failure can be repeated."""
    values: dict[str, Any] = {
        "app_env": "test",
        "database_url": database_url,
        "phone_encryption_keys": ("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",),
        "phone_hash_key": b"0123456789abcdef",
        "code_signing_key": b"0123456789abcdef0123456789abcdef",
        "wechat_appid": "wx-standin",
        "wechat_secret": "standin-secret",
        "wechat_api_base": "http://127.0.0.1:1",
    }
    return Settings(**(values | changes))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """A PostgreSQL server of this test process, with the migrated template."""
    folder = prepared.copy_data(prepared.migrated(), prepared.new_folder("postgres"))
    with PrivatePostgres(folder, settings={**FAST_UNSAFE, "max_connections": "300"}) as server:
        yield server


@pytest.fixture(scope="session")
def app(postgres: PrivatePostgres) -> Iterator[Flask]:
    """The app on a clone of the template, with no more rights than in production; nothing a test
    does stays in it."""
    postgres.create_database("app", template=TEMPLATE)
    app = create_app(settings_for(postgres.url("app", APP)))
    init_demo(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def file_transaction(app: Flask) -> Iterator[Connection]:
    """What the tests of a file share is written in it; rolled back after the last of them."""
    with app.app_context():
        engine = db.engine
    connection = OuterConnection(engine)
    transaction = Connection.begin(connection)
    # A test may be busy elsewhere for longer than a request of the app ever is.
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    db._app_engines[app][None] = connection  # type: ignore[assignment]
    try:
        yield connection
    finally:
        db._app_engines[app][None] = engine
        transaction.rollback()
        Connection.close(connection)


@pytest.fixture
def outer(app: Flask, file_transaction: Connection) -> Iterator[Connection]:
    """A savepoint around the whole test, to which it is rolled back; the app's commits release
    savepoints within it."""
    with app.app_context(), taken_back(file_transaction):
        yield file_transaction


@pytest.fixture(scope="module", autouse=True)
def shared_first(request: pytest.FixtureRequest) -> None:
    """Make all that a file's tests share before the first of them."""
    for name in shared_by(request.session)[request.path]:
        if name != request.fixturename:
            request.getfixturevalue(name)


@pytest.fixture(autouse=True)
def rolled_back(request: pytest.FixtureRequest) -> None:
    """Whatever a test does to what its file shares is undone, though it may not name `outer`."""
    if "file_transaction" in request.node.fixturenames:
        request.getfixturevalue("outer")


@pytest.fixture(scope="module")
def world(app: Flask, file_transaction: Connection) -> World:
    """People, places and markets, made through the API wherever the API can make them."""
    return World(app)


class _NoLimits(Limits):
    def spend(self, *_: Any, **__: Any) -> Spent:
        return Spent(used=1, wait=0)


@pytest.fixture(scope="module")
def unhurried(app: Flask) -> Iterator[None]:
    """For tests in which one person sends thousands of requests: nothing is counted. (Within one
    outer transaction a row that is updated so often gets slower with each time.)"""
    before = app.extensions["composed"][Limits]
    app.extensions["composed"][Limits] = _NoLimits(1000)
    yield
    app.extensions["composed"][Limits] = before


# ---------------------------------------------------------------------------- WeChat

PointAtWeChat = Callable[..., None]


@pytest.fixture(scope="session")
def wechat_server() -> Iterator[StandIn]:
    """The stand-in WeChat, a process of its own."""
    with StandIn() as server:
        yield server


@pytest.fixture
def wechat(wechat_server: StandIn) -> Iterator[StandIn]:
    """The stand-in WeChat as new, with levers to make it misbehave."""
    wechat_server.reset()
    yield wechat_server
    wechat_server.reset()


@pytest.fixture(scope="session")
def app_engine(app: Flask) -> Engine:
    """The app's real engine. The gateway keeps its access token on connections of its own, so
    it must not get a test's outer transaction."""
    with app.app_context():
        return db.engine.engine


@pytest.fixture
def point_at_wechat(app: Flask, app_engine: Engine, wechat: StandIn) -> Iterator[PointAtWeChat]:
    """`point_at_wechat(read_timeout_s=0.2)`: from now on the app talks to the stand-in, through
    a new gateway with such settings. A gateway remembers who did not answer, so each test gets
    its own."""
    before = app.extensions["composed"][WeChatGateway]
    with app_engine.begin() as connection:  # the stand-in has forgotten its tokens, so do we
        connection.execute(delete(WeChatAccessToken))
    made: list[WeChatGateway] = []

    def point(**changes: Any) -> None:
        values: dict[str, Any] = {
            "appid": APPID,
            "secret": SECRET,
            "api_base": wechat.address,
            "env_version": "release",
            "page": "pages/checkin/checkin",
        }
        tokens = AccessTokenStore(app_engine, app.extensions["composed"][PhoneVault])
        gateway = WeChatGateway(WeChatConfig(**(values | changes)), tokens)
        made.append(gateway)
        compose(app.extensions, gateway)

    yield point
    compose(app.extensions, before)
    wechat.reset()  # let go of what still hangs
    for gateway in made:
        gateway.close()


@pytest.fixture
def wechat_app(app: Flask, outer: Connection, point_at_wechat: PointAtWeChat) -> Flask:
    """The app, in a test's transaction, with a gateway to the stand-in WeChat."""
    point_at_wechat()
    return app
