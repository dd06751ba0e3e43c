"""Logs: one JSON object a line, with the request's id; ids, never names or numbers."""

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gunicorn.glogging import Logger as GunicornLogger  # type: ignore[import-untyped]

from backend.core.monitoring import logs
from tests.api.core.conftest import NAME, PHONE
from tests.support.world import API, World, ok

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines that the process has logged, as `init_logs` writes them to stderr."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.init_logs("DEBUG")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


def access_lines(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["logger"] == "access"]


def test_each_request_is_one_line_with_its_id(world: World, lines: Lines) -> None:
    response = world.http.get(f"{API}/catalogue")
    (line,) = access_lines(lines)
    assert line["request_id"] == response.headers["X-Request-Id"]
    assert (line["level"], line["message"]) == ("INFO", "request")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/catalogue", 200)
    assert line["client"] == "127.0.0.1"
    assert isinstance(line["ms"], float)
    assert line["user_id"] is None
    assert "timestamp" in line


def test_a_line_says_who_by_id_and_where_by_rule(world: World, lines: Lines) -> None:
    person = world.person()
    person.get(f"/bookings/{person.user_id}")
    (line,) = access_lines(lines)
    assert line["user_id"] == str(person.user_id)
    assert line["route"] == "/api/v1/bookings/<uuid:booking_id>"
    world.http.get("/secret-path/of-somebody?name=x")
    assert access_lines(lines)[-1]["route"] == "unknown"
    assert "secret-path" not in json.dumps(lines())


@pytest.mark.parametrize("given", ["abcdefgh", "0123-4567_89.AB", "x" * 64])
def test_the_proxys_request_id_is_kept(world: World, given: str) -> None:
    response = world.http.get("/healthz", headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, 'a"b{}cdefg', "a b c d e f", "编号编号编号编号"]
)
def test_a_request_id_that_is_no_harmless_word_is_replaced(world: World, given: str) -> None:
    """Nobody writes into our logs through a header."""
    header = given.encode().decode("latin-1")
    response = world.http.get("/healthz", headers={"X-Request-Id": header})
    assert len(response.headers["X-Request-Id"]) == 32
    assert response.headers["X-Request-Id"] != given


def test_outside_a_request_there_is_no_id(lines: Lines) -> None:
    logging.getLogger("job").warning("tidied")
    assert (lines()[-1]["request_id"], lines()[-1]["user_id"]) == (None, None)


def test_a_fault_is_logged_with_its_request(scratch: World, lines: Lines) -> None:
    response = scratch.http.post(f"{API}/scratch/sql")
    (fault,) = [line for line in lines() if line["level"] == "ERROR"]
    assert fault["request_id"] == response.headers["X-Request-Id"]
    assert "no_such_column" in fault["exc_info"]


@pytest.mark.parametrize(("path", "statement"), [("sql", "no_such_column"), ("value", "CAST")])
def test_a_failed_statement_is_logged_without_its_values(
    scratch: World, lines: Lines, path: str, statement: str
) -> None:
    """SQLAlchemy appends them to its message, PostgreSQL quotes them in its own: names and
    numbers of residents."""
    scratch.http.post(f"{API}/scratch/{path}")
    text = json.dumps(lines(), ensure_ascii=False)
    assert statement in text
    assert NAME not in text
    assert PHONE not in text


def test_a_market_day_leaves_no_names_or_numbers_in_the_log(world: World, lines: Lines) -> None:
    """Login, family, phone, guests, check-in, a look-up, a refusal: ids only."""
    market = world.live_market()
    volunteer, resident = world.volunteer(), world.person(NAME)
    ok(resident.post("/me/phone", {"phone": PHONE}))
    ok(resident.post("/me/family", {"name": NAME, "phone": PHONE}, key="k-1"), 201)
    resident.post("/me/family", {"name": NAME * 20, "phone": PHONE, "x": NAME}, key="k-1")
    scan = {"id": str(resident.user_id), "source": "proxy", "guest": {"name": NAME, "phone": PHONE}}
    ok(volunteer.post(f"/activities/{market.id}/scans", scan), 201)
    ok(volunteer.post(f"/activities/{market.id}/residents/find", {"phone": PHONE}))
    ok(resident.get("/me/export"))
    ok(world.http.get(f"{API}/activities?q={NAME}"))
    text = json.dumps(lines(), ensure_ascii=False)
    assert len(access_lines(lines)) > 8
    for secret in (NAME, PHONE, PHONE[-4:], resident.token):
        assert secret not in text


def test_gunicorns_own_lines_find_all_that_they_show() -> None:
    """In its format: once the app was loaded, its workers' last line was a traceback."""
    record = logging.getLogger("gunicorn.error").makeRecord(
        "gunicorn.error", logging.INFO, "", 0, "Worker exiting", (), None
    )
    line = logging.Formatter(GunicornLogger.error_fmt).format(record)
    assert f"[{os.getpid()}] [INFO] Worker exiting" in line
