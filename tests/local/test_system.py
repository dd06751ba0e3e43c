"""A whole system of real processes: what answers where, what comes back, what is left behind."""

import http.client
import json
import os
import re
import signal
from collections.abc import Iterator

import psycopg
import pytest

from backend.core.db.roles import APP
from backend.core.migrate import PASSWORDS
from backend.local.postgres.server import FAST_KILLABLE
from backend.local.processes import LocalError, process_command
from backend.local.supervisor import ProcessDiedError
from backend.local.system import DATABASE, ROOT, LocalSystem, is_app_setting
from backend.local.waiting import wait_until
from tests.support import prepared
from tests.support.queue import do_a_job

ELSEWHERE = "postgresql://nobody@127.0.0.1:1/not-this-one"
PARTS = {"postgres", "wechat", "worker", "web"}


@pytest.fixture(scope="module")
def system() -> Iterator[LocalSystem]:
    """A system on free ports in a temporary folder, without demo data."""
    system = LocalSystem(workers=1, restart=True, database_settings=FAST_KILLABLE)
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("DATABASE_URL", ELSEWHERE)
        system.start()
    try:
        yield system
        pids = system.pids
    finally:
        system.stop()
    assert not system.var_dir.exists()
    assert {name: process_command(pid) for name, pid in pids.items()} == dict.fromkeys(pids)


def status(url: str, path: str) -> int:
    """The status that a GET answers; 0 when nobody does."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def log_in(system: LocalSystem, name: str) -> int:
    """The status of logging in through the stand-in WeChat."""
    connection = http.client.HTTPConnection(system.web.removeprefix("http://"), timeout=10)
    try:
        body = json.dumps({"code": f"ok:{name}"})
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v1/auth/wechat", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def all_pids(system: LocalSystem) -> dict[str, int]:
    """All parts, once all are there."""

    def pids() -> dict[str, int] | None:
        system.check()
        found = system.pids
        return found if set(found) == PARTS else None

    found = wait_until(pids, timeout_s=60, what="all parts")
    assert found is not None
    return found


def wait_for_login(system: LocalSystem) -> None:
    """Wait until the whole chain works: web, stand-in WeChat, database."""
    wait_until(lambda: log_in(system, "anybody") == 200, timeout_s=30, what="a login")


def test_every_setting_of_the_app_is_kept_from_leaking_in() -> None:
    """A setting added to .env.example must be known here, or a developer's shell changes tests."""
    example = (ROOT / "config" / ".env.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE))
    assert {"DATABASE_URL", "PHONE_HASH_KEY", "WEB_THREADS"} <= names
    only_for_compose = {"POSTGRES_PASSWORD", *PASSWORDS.values(), "BALANCER", "PIP_INDEX_URL"}
    assert {name for name in names - only_for_compose if not is_app_setting(name)} == set()


def test_everything_is_up_and_nothing_of_our_shell_got_in(system: LocalSystem) -> None:
    assert status(system.web, "/readyz") == 200
    assert log_in(system, "organiser") == 200
    assert set(system.pids) == PARTS
    assert system.environment["DATABASE_URL"] == system.postgres.url(DATABASE, APP) != ELSEWHERE


def test_run_json_says_what_runs_where_to_its_owner_only(system: LocalSystem) -> None:
    assert json.loads(system.run_file.read_text()) == {
        "web": system.web,
        "wechat": system.wechat,
        "database": system.database_url,
        "pids": system.pids,
    }
    assert system.run_file.stat().st_mode & 0o777 == 0o600


def test_a_system_is_started_once(system: LocalSystem) -> None:
    with pytest.raises(LocalError, match="started already"):
        system.start()
    assert status(system.web, "/readyz") == 200


def test_a_second_system_in_the_same_folder_is_refused_in_one_line(system: LocalSystem) -> None:
    with pytest.raises(LocalError, match="already") as refused:
        LocalSystem(system.var_dir).start()
    assert "\n" not in str(refused.value)
    assert status(system.web, "/readyz") == 200


def test_the_web_server_is_killed_and_comes_back_at_its_address(system: LocalSystem) -> None:
    web = system.web
    system.kill_web()
    assert status(web, "/healthz") == 0
    system.restart_web()
    assert system.web == web
    wait_for_login(system)


def test_the_database_is_killed_and_comes_back_with_what_was_committed(
    system: LocalSystem,
) -> None:
    worker = system.pids["worker"]
    do_a_job(system.database_url)
    with psycopg.connect(system.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    system.kill_database()
    assert status(system.web, "/readyz") == 503
    wait_until(
        lambda: "waits for its database" in system.log_tail("worker"),
        timeout_s=30,
        what="the worker's word",
    )
    system.restart_database()
    with psycopg.connect(system.database_url) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
        connection.execute("DROP TABLE kept")
    wait_for_login(system)
    do_a_job(system.database_url)
    assert system.pids["worker"] == worker, "it has waited, and goes on"
    told = [json.loads(line)["message"] for line in system.log_tail("worker").splitlines()]
    assert [message for message in told if "its database" in message] == [
        "the worker waits for its database",
        "the worker has its database again",
    ]


def test_the_stand_in_is_killed_and_comes_back_at_its_address(system: LocalSystem) -> None:
    system.kill_wechat()
    assert log_in(system, "anybody") == 503
    system.restart_wechat()
    wait_for_login(system)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_that_dies_is_brought_back_and_run_json_follows(
    system: LocalSystem, part: str
) -> None:
    dead = all_pids(system)[part]
    os.kill(dead, signal.SIGKILL)

    def is_back() -> bool:
        system.check()
        pids = json.loads(system.run_file.read_text())["pids"]
        return bool(pids.get(part, dead) != dead and pids == system.pids)

    wait_until(is_back, timeout_s=30, what=f"another {part}")
    wait_for_login(system)


def test_a_command_runs_in_the_system_and_its_failure_is_shown(system: LocalSystem) -> None:
    assert "Python" in system.flask("--version")
    with pytest.raises(LocalError, match="No such command 'nonsense'"):
        system.flask("nonsense")


def test_a_dead_database_is_told_where_nothing_is_to_be_restarted() -> None:
    folder = prepared.new_folder("system")
    prepared.copy_data(prepared.migrated(), folder / "postgres")
    system = LocalSystem(folder, database_settings=FAST_KILLABLE)
    try:
        system.start_database()
        assert set(system.pids) == {"postgres"}
        os.kill(system.pids["postgres"], signal.SIGKILL)
        wait_until(lambda: not system.pids, timeout_s=30, what="the database's end")
        with pytest.raises(ProcessDiedError, match="PostgreSQL"):
            system.check()
    finally:
        system.stop()
