"""The access token: one fetch per expiry, across threads and processes, and nobody stuck."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, TextClause, insert, text, update

from backend.core import clock
from backend.gateways.tokens import LEASE, AccessTokenStore, IssuedToken, WeChatAccessToken
from backend.gateways.wechat import LONGEST_CALL_S, WeChatTimeout, WeChatUnavailable
from backend.local.waiting import wait_until
from tests.gateways.conftest import MakeGateway
from tests.gateways.standin import APPID, TOKEN, VAULT, StandIn

KEPT = text("SELECT token FROM wechat_access_token")
# Connections whose last statement asked for the right to fetch.
ASKING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND query LIKE 'SELECT wechat_access_token.token%'"
)


class Fetch:
    """Counts, and hands out T1, T2, …"""

    def __init__(self, lifetime_s: int = 7200) -> None:
        self.count = 0
        self._lifetime_s = lifetime_s

    def __call__(self) -> IssuedToken:
        self.count += 1
        return IssuedToken(f"T{self.count}", self._lifetime_s)


def failing() -> IssuedToken:
    raise WeChatUnavailable(-1, "busy")


def keep(engine: Engine, *, left_s: float, age: timedelta = timedelta(hours=1)) -> None:
    now: datetime = clock.now()
    with engine.begin() as connection:
        connection.execute(
            insert(WeChatAccessToken).values(
                appid=APPID,
                token=VAULT.encrypt("OLD").decode(),
                fetched_at=now - age,
                expires_at=now + timedelta(seconds=left_s),
            )
        )


def value(engine: Engine, statement: TextClause) -> Any:
    with engine.connect() as connection:
        return connection.execute(statement).scalar_one()


def test_a_good_token_is_fetched_once(tokens: AccessTokenStore) -> None:
    fetch = Fetch()
    first = tokens.get(APPID, fetch, wait_s=1)
    assert tokens.get(APPID, fetch, wait_s=1) == first
    assert (first.value, fetch.count) == ("T1", 1)


def test_each_mini_program_has_its_own(tokens: AccessTokenStore) -> None:
    fetch = Fetch()
    tokens.get("wx-one", fetch, wait_s=1)
    assert tokens.get("wx-two", fetch, wait_s=1).value == "T2"


def test_a_token_of_4096_characters_has_room(tokens: AccessTokenStore) -> None:
    """WeChat asks for 512."""
    long = "x" * 4096
    tokens.get(APPID, lambda: IssuedToken(long, 7200), wait_s=1)
    assert tokens.get(APPID, failing, wait_s=1).value == long


@pytest.mark.parametrize(("left_s", "value"), [(310, "OLD"), (290, "T1"), (-1, "T1")])
def test_it_is_renewed_five_minutes_early(
    engine: Engine, tokens: AccessTokenStore, left_s: float, value: str
) -> None:
    keep(engine, left_s=left_s)
    assert tokens.get(APPID, Fetch(), wait_s=1).value == value


def test_a_short_lived_token_is_not_fetched_on_every_call(tokens: AccessTokenStore) -> None:
    fetch = Fetch(lifetime_s=120)
    for _ in range(3):
        tokens.get(APPID, fetch, wait_s=1)
    assert fetch.count == 1


def test_the_old_token_serves_when_renewing_fails(engine: Engine, tokens: AccessTokenStore) -> None:
    keep(engine, left_s=100)
    assert tokens.get(APPID, failing, wait_s=1).value == "OLD"


def test_without_an_old_token_a_failed_fetch_is_told(tokens: AccessTokenStore) -> None:
    with pytest.raises(WeChatUnavailable, match="busy"):
        tokens.get(APPID, failing, wait_s=1)
    assert tokens.get(APPID, Fetch(), wait_s=1).value == "T1", "and nothing stays locked"


def test_a_fetch_that_breaks_leaves_nothing_locked(
    engine: Engine, tokens: AccessTokenStore
) -> None:
    def broken() -> IssuedToken:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        tokens.get(APPID, broken, wait_s=1)
    assert AccessTokenStore(engine, VAULT).get(APPID, Fetch(), wait_s=5).value == "T1"


class SlowFetch:
    """A fetch that hangs until told."""

    def __init__(self) -> None:
        self.started, self.go = threading.Event(), threading.Event()

    def __call__(self) -> IssuedToken:
        self.started.set()
        assert self.go.wait(20)
        return IssuedToken("SLOW", 7200)


@pytest.mark.parametrize(
    ("same_process", "whose"), [(True, "another thread"), (False, "another process")]
)
def test_nobody_waits_longer_than_agreed_for_anothers_fetch(
    engine: Engine, tokens: AccessTokenStore, same_process: bool, whose: str
) -> None:
    """Another store has another in-process lock, as another process has. Threads of one
    process wait in it, and don't all ask the database again and again."""
    slow, fetch = SlowFetch(), Fetch()
    other = tokens if same_process else AccessTokenStore(engine, VAULT)
    with ThreadPoolExecutor(1) as thread:
        fetching = thread.submit(tokens.get, APPID, slow, wait_s=1)
        assert slow.started.wait(10)
        with pytest.raises(WeChatTimeout, match=whose):
            other.get(APPID, fetch, wait_s=0.05)
        assert fetch.count == 0
        slow.go.set()
        assert fetching.result().value == "SLOW"
    assert other.get(APPID, fetch, wait_s=5).value == "SLOW"


@pytest.mark.parametrize("same_process", [True, False])
def test_nobody_waits_at_all_while_the_old_token_is_good(
    engine: Engine, tokens: AccessTokenStore, same_process: bool
) -> None:
    keep(engine, left_s=100)
    slow, fetch = SlowFetch(), Fetch()
    other = tokens if same_process else AccessTokenStore(engine, VAULT)
    with ThreadPoolExecutor(1) as thread:
        fetching = thread.submit(tokens.get, APPID, slow, wait_s=1)
        assert slow.started.wait(10)
        assert other.get(APPID, fetch, wait_s=3600).value == "OLD"
        assert fetch.count == 0
        slow.go.set()
        assert fetching.result().value == "SLOW"


def test_no_connection_is_held_while_wechat_is_asked(
    engine: Engine, tokens: AccessTokenStore
) -> None:
    """So behind PgBouncer too, where a session's lock would be left to whoever comes next."""
    held: list[int] = []

    def fetch() -> IssuedToken:
        held.append(engine.pool.checkedout())  # type: ignore[attr-defined]
        return IssuedToken("T1", 7200)

    tokens.get(APPID, fetch, wait_s=1)
    assert held == [0]
    assert value(engine, text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0


def lease(engine: Engine, *, ends_in_s: float) -> None:
    """Somebody who was killed had the right to fetch."""
    ends = text("clock_timestamp() + make_interval(secs => :s)").bindparams(s=ends_in_s)
    with engine.begin() as connection:
        connection.execute(update(WeChatAccessToken).values(renewing_until=ends))


def test_whoever_is_killed_while_fetching_is_succeeded(
    engine: Engine, tokens: AccessTokenStore
) -> None:
    keep(engine, left_s=-1)
    lease(engine, ends_in_s=60)
    with pytest.raises(WeChatTimeout, match="another process"):
        tokens.get(APPID, Fetch(), wait_s=0)
    lease(engine, ends_in_s=-0.001)
    assert tokens.get(APPID, Fetch(), wait_s=0).value == "T1"
    assert LEASE.total_seconds() > LONGEST_CALL_S


def test_the_token_is_encrypted_at_rest(engine: Engine, tokens: AccessTokenStore) -> None:
    tokens.get(APPID, Fetch(), wait_s=1)
    kept = value(engine, KEPT)
    assert "T1" not in kept
    assert VAULT.decrypt(kept.encode()) == "T1"


def test_a_plain_token_of_an_earlier_release_is_fetched_anew(
    engine: Engine, tokens: AccessTokenStore
) -> None:
    keep(engine, left_s=3600)
    with engine.begin() as connection:
        connection.execute(update(WeChatAccessToken).values(token="PLAIN"))
    assert tokens.get(APPID, Fetch(), wait_s=1).value == "T1"
    assert tokens.get(APPID, failing, wait_s=1).value == "T1"


def test_a_bad_token_is_fetched_again_once(tokens: AccessTokenStore) -> None:
    """Ten threads that were refused with the same token throw away one fetch, not ten, even
    where WeChat hands out the same token again."""

    def fetch() -> IssuedToken:
        counted()
        return IssuedToken("SAME", 7200)

    counted = Fetch()
    bad = tokens.get(APPID, fetch, wait_s=1)
    tokens.mark_bad(bad)
    again = tokens.get(APPID, fetch, wait_s=1)
    for _ in range(9):
        tokens.mark_bad(bad)
        assert tokens.get(APPID, fetch, wait_s=1) == again
    assert counted.count == 2


def test_a_process_reads_a_good_token_once_and_anew_when_it_is_refused(
    engine: Engine, tokens: AccessTokenStore
) -> None:
    keep(engine, left_s=3600)
    old, other = tokens.get(APPID, failing, wait_s=1), AccessTokenStore(engine, VAULT)
    other.mark_bad(old)
    assert other.get(APPID, Fetch(), wait_s=1).value == "T1"
    assert tokens.get(APPID, failing, wait_s=1) == old, "not read for each call"
    tokens.mark_bad(old)
    assert tokens.get(APPID, failing, wait_s=1).value == "T1", "which the other has fetched"


def test_a_token_does_not_show_its_value(tokens: AccessTokenStore) -> None:
    token = tokens.get(APPID, lambda: IssuedToken("visible?", 7200), wait_s=1)
    assert "visible?" not in repr(token)
    assert "visible?" not in repr(IssuedToken("visible?", 1))


def test_ten_threads_with_a_cold_token_fetch_one(
    make_gateway: MakeGateway, stand_in: StandIn
) -> None:
    """wechatpy alone makes 25 to 46 fetches of it."""
    gateway = make_gateway(max_concurrent_calls=10)
    stand_in.mode(TOKEN, delay_s=0.5)  # long enough for all ten to find none
    together = threading.Barrier(10)

    def ask(number: int) -> bytes:
        together.wait(10)
        return gateway.code_image(f"a={number}")

    with ThreadPoolExecutor(10) as threads:
        assert all(threads.map(ask, range(10)))
    assert stand_in.count(TOKEN) == 1


def test_three_processes_with_a_cold_token_fetch_one(engine: Engine, stand_in: StandIn) -> None:
    stand_in.mode(TOKEN, delay_s=60)
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.gateways.cold_process", url, stand_in.address]
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(3)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        stand_in.wait_for(TOKEN, 1)
        wait_until(
            lambda: value(engine, ASKING) >= 3, timeout_s=10, what="two that wait for the third"
        )
        stand_in.mode(TOKEN)  # let the one that hangs go on
        answers = [worker.communicate(timeout=20)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert all(int(answer) > 100 for answer in answers)
    assert stand_in.count(TOKEN) == 1
