"""The first minute of a market: who waits for WeChat, or for a connection, is in nobody's way."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.core.context import composed
from backend.core.db import db, engine_options, transaction
from backend.core.db.turns import FairPool, Turns
from backend.gateways.wechat import TextScene, WeChatGateway
from backend.local.postgres.server import PrivatePostgres
from backend.local.waiting import wait_until
from tests.conftest import TEMPLATE, settings_for
from tests.gateways.standin import LOGIN, PHONE, StandIn
from tests.support.world import API, World, ok

# ---------------------------------------------------------------------------- connections


class Crowd:
    """People who take a place one after the other, and what became of each."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.served = turns, list[str]()
        self._threads = ThreadPoolExecutor(8)

    def joins(self, name: str, wait_s: float = 10) -> "Future[bool]":
        def wait() -> bool:
            got = self.turns.take(wait_s)
            if got:
                self.served.append(name)
            return got

        before = len(self.turns._waiting)
        caller = self._threads.submit(wait)
        wait_until(
            lambda: caller.done() or len(self.turns._waiting) > before, timeout_s=10, what="join"
        )
        return caller


def test_places_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    turns = Turns(1)
    assert turns.take(0)
    crowd = Crowd(turns)
    callers = [crowd.joins(name) for name in "abc"]
    for served in ("a", "ab", "abc"):
        turns.give_back()
        assert callers[len(served) - 1].result(10)
        assert crowd.served == list(served)
    turns.give_back()
    assert turns.take(0)


def test_who_has_waited_long_enough_leaves_the_line() -> None:
    turns = Turns(1)
    assert turns.take(0)
    crowd = Crowd(turns)
    assert not crowd.joins("hasty", wait_s=0.01).result(10)
    patient = crowd.joins("patient")
    turns.give_back()
    assert patient.result(10)
    assert not turns.take(0), "nobody's place was lost or given twice"


def test_a_pool_gives_its_connections_in_turn(postgres: PrivatePostgres) -> None:
    """And gets back each: one that was detached, was broken or could not be opened, too."""
    options = engine_options(pool_size=1, statement_timeout_ms=1000) | {"pool_timeout": 0.05}
    engine = create_engine(postgres.url().replace("postgresql:", "postgresql+psycopg:"), **options)
    assert isinstance(engine.pool, FairPool)
    with engine.connect(), pytest.raises(PoolTimeout):
        engine.connect()
    with engine.connect() as connection:
        connection.detach()
        with engine.connect():
            pass
    with suppress(OperationalError), engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none", **options)
    for _ in range(3):
        with pytest.raises(Exception, match="refused"):
            away.connect()
    engine.dispose()
    engine.connect().close()
    engine.dispose()


# ---------------------------------------------------------------------------- WeChat


@pytest.fixture(scope="module")
def committed_app(postgres: PrivatePostgres, wechat_server: StandIn) -> Iterator[Flask]:
    """An app with a single connection: whoever holds it while WeChat thinks, stops all others."""
    url = postgres.create_database("opening", template=TEMPLATE)
    app = create_app(settings_for(url, database_pool=1, wechat_api_base=wechat_server.address))
    yield app
    with app.app_context():
        composed(WeChatGateway).close()
        db.engine.dispose()


@pytest.mark.parametrize("what", ["login", "phone"])
def test_whoever_waits_for_wechat_holds_no_connection(
    committed_app: Flask, committed_world: World, wechat: StandIn, what: str
) -> None:
    person = committed_world.person()
    sends: dict[str, tuple[str, Callable[[], TestResponse]]] = {
        "login": (
            LOGIN,
            lambda: person.http.post(f"{API}/auth/wechat", json={"code": "ok:somebody"}),
        ),
        "phone": (PHONE, lambda: person.post("/me/phone", {"code": "phone:13812345678:n"})),
    }
    path, send = sends[what]
    wechat.mode(path, delay_s=60)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send)
        wechat.wait_for(path, 1)
        ok(person.get("/me"))
        wechat.mode(path)
        ok(answer.result(10))


@pytest.mark.parametrize(
    "ask",
    [
        lambda wechat: wechat.login("ok:somebody"),
        lambda wechat: wechat.phone_number("phone:13812345678:n"),
        lambda wechat: wechat.check_text("o" * 28, "很好", scene=TextScene.COMMENT),
        lambda wechat: wechat.code_image("a"),
    ],
    ids=["login", "phone", "text", "image"],
)
def test_wechat_is_not_asked_inside_a_transaction(
    committed_app: Flask, wechat: StandIn, ask: Callable[[WeChatGateway], object]
) -> None:
    with (
        committed_app.app_context(),
        transaction(),
        pytest.raises(RuntimeError, match="inside a transaction"),
    ):
        ask(composed(WeChatGateway))
    assert wechat.log()["count"] == 0
