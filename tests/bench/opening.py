"""`make opening`: a market opens, through nginx and over TLS, with WeChat taking 200 ms.

    python -m tests.bench.opening [--people 300] [--seconds 15]

PostgreSQL, the stand-in WeChat, worker, web and the nginx that we ship run on loopback. So many
people arrive one after the other within so many seconds; each of their phones logs in, reads whose
code it has scanned, checks in and takes a number, and tries again as the mini-program does. Three
times: all behind one address, each behind their own, and while web is stopped and started.

POSTGRES_BINARIES names the programs of another PostgreSQL; WEB_CONCURRENCY, WEB_THREADS and
DATABASE_POOL are tried as they are set. Exit code 1 when somebody was refused or kept out, or when
one in twenty was later than P95_AT_MOST_S; of the restart only when somebody was kept out.
"""

import argparse
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from backend.app import create_app
from backend.core import clock
from backend.core.db import db
from backend.local.processes import LocalError
from backend.local.system import LocalSystem
from tests.conftest import settings_for
from tests.support.compose import definitions, mounts
from tests.support.front import Front, NoNginxError
from tests.support.world import API, World, ok

HOST = "wushe.example.cn"
WECHAT_S = 0.2
P95_AT_MOST_S = 1.5
# The mini-program's waits (miniprogram/api/request.js), and how long a person presses again.
_FIRST_WAIT_S, _LONGEST_WAIT_S, _PATIENCE_S = 0.6, 5.0, 30.0
_TRANSIENT = (429, 502, 503, 504)
_RESTART_AFTER = 1 / 3
_TRIED = ("WEB_CONCURRENCY", "WEB_THREADS", "DATABASE_POOL")


@dataclass(frozen=True)
class Market:
    """The live market that all of them come to."""

    id: str
    code: str
    offering_id: str


@dataclass
class Visit:
    """What one person met with.

    Attributes:
        refused: answers that asked to try again, by status; 0 is a broken connection.
        wrong: an answer that trying again doesn't mend.
        checked_in_s, numbered_s: from the arrival; None when they gave up before.
    """

    refused: Counter[int] = field(default_factory=Counter)
    wrong: str = ""
    checked_in_s: float | None = None
    numbered_s: float | None = None


class KeptOutError(Exception):
    """Somebody has lost their patience, or was told what trying again doesn't mend."""


class Phone:
    """One person's phone, on a connection of its own."""

    def __init__(self, front: Front, address: str | None) -> None:
        """Take it out; nothing is sent yet.

        Args:
            address: what the load balancer says of where it is; None for nothing.
        """
        self._front = front
        self._headers = {"Host": HOST, "Content-Type": "application/json"}
        if address:
            self._headers["X-Forwarded-For"] = address
        self._connection: http.client.HTTPSConnection | None = None
        self._arrived = time.perf_counter()
        self.visit = Visit()

    def come(self, market: Market, name: str) -> Visit:
        """Log in, check in, take a number."""
        with suppress(KeptOutError):
            login = self._send("POST", "/auth/wechat", {"code": f"ok:{name}"})
            self._headers["Authorization"] = f"Bearer {login['token']}"
            self._send("GET", f"/market-codes/{market.code}")
            scan = {"id": str(uuid4()), "source": "self", "code": market.code,
                    "scanned_at": clock.now().isoformat(), "device_id": name}  # fmt: skip
            self._send("POST", f"/activities/{market.id}/scans", scan)
            self.visit.checked_in_s = time.perf_counter() - self._arrived
            self._headers["Idempotency-Key"] = str(uuid4())
            self._send("POST", f"/offerings/{market.offering_id}/bookings", {})
            self.visit.numbered_s = time.perf_counter() - self._arrived
        self._hang_up()
        return self.visit

    def _send(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        wait_s = _FIRST_WAIT_S
        while True:
            status, answer = self._exchange(method, path, body)
            if 200 <= status < 300:
                return json.loads(answer)
            if status not in (0, *_TRANSIENT):
                self.visit.wrong = f"{method} {path}: {status} {answer[:200]!r}"
                raise KeptOutError
            self.visit.refused[status] += 1
            if time.perf_counter() - self._arrived > _PATIENCE_S:
                raise KeptOutError
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def _exchange(self, method: str, path: str, body: dict[str, str] | None) -> tuple[int, bytes]:
        try:
            if self._connection is None:
                self._connection = self._front.secure()
            sent = None if body is None else json.dumps(body)
            self._connection.request(method, API + path, sent, self._headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return 0, b""

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def crowd(
    front: Front, market: Market, name: str, people: int, seconds: float, *, own_addresses: bool
) -> list[Visit]:
    """Let them come, evenly over these seconds; returns when the last one has left."""
    began = time.perf_counter()

    def one(number: int) -> Visit:
        time.sleep(max(0.0, began + seconds * number / people - time.perf_counter()))
        own = f"203.0.{113 + number // 250}.{number % 250 + 1}"
        return Phone(front, own if own_addresses else None).come(market, f"{name}-{number}")

    with ThreadPoolExecutor(people) as pool:
        return list(pool.map(one, range(people)))


def quantile(values: list[float], share: float) -> float:
    """The value, in seconds, that this share of the people stayed within."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


@dataclass(frozen=True)
class Round:
    """One opening.

    Attributes:
        calm: whether nothing was stopped meanwhile.
    """

    title: str
    visits: list[Visit]
    calm: bool

    @property
    def passed(self) -> bool:
        if any(visit.numbered_s is None for visit in self.visits):
            return False
        refused = any(visit.refused for visit in self.visits)
        return not self.calm or (not refused and quantile(self._in_s, 0.95) <= P95_AT_MOST_S)

    @property
    def _in_s(self) -> list[float]:
        return [visit.checked_in_s for visit in self.visits if visit.checked_in_s is not None]

    def __str__(self) -> str:
        """Lines for the terminal."""
        numbered = [visit.numbered_s for visit in self.visits if visit.numbered_s is not None]
        waited = [visit.refused for visit in self.visits if visit.refused]
        told = dict(sum(waited, Counter()))
        wrong = sorted({visit.wrong for visit in self.visits} - {""})
        lines = [
            f"{'✓' if self.passed else '✗'} {self.title}",
            f"  {len(self.visits)} 人到场，{len(self._in_s)} 人签到，{len(numbered)} 人取到号 / "
            "came, checked in, took a number",
            f"  {len(waited)} 人须重试 / people had to try again; {sum(told.values())} 次，按状态 "
            f"/ times, by status: {told}",
            "  到场→签到 / arrival to checked in: "
            + ", ".join(
                f"{name} {quantile(self._in_s, share):.2f} s"
                for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
            )
            + f"; 到取号 / to a number: p95 {quantile(numbered, 0.95):.2f} s",
            *(f"  {text}" for text in wrong[:3]),
        ]
        return "\n".join(lines)


def play(people: int, seconds: float, say: Callable[[str], None]) -> list[Round]:
    """Start everything, let the market open three times, and end everything."""
    system = LocalSystem(
        environ={"ALLOWED_HOSTS": HOST, "TRUSTED_PROXIES": "127.0.0.1"}
        | {name: os.environ.get(name, "") for name in _TRIED},
        say=say,
    )
    with system, tempfile.TemporaryDirectory(prefix="wushe-nginx-") as folder:
        market = _market(system)
        _slow_wechat(system)
        nginx = definitions()["nginx"]
        # The phones' addresses come as from a load balancer before nginx.
        variables = {"ALLOWED_HOSTS": HOST, "WEB": system.web.removeprefix("http://"),
                     "RESOLVER": "127.0.0.1", "BALANCER": "127.0.0.0/8"}  # fmt: skip
        assert variables.keys() == nginx["environment"].keys()
        with Front(Path(folder), variables=variables, mounts=mounts(nginx)) as front:
            say("热身 / warm-up")
            crowd(front, market, "warm", 20, 2, own_addresses=True)
            rounds = []
            for title, own, calm in (
                ("同一个地址 / all behind one address", False, True),
                ("各自的地址 / each behind their own", True, True),
                ("期间重启网站 / web stopped and started meanwhile", True, False),
            ):
                say(title)
                restart = threading.Timer(seconds * _RESTART_AFTER, system.restart_web)
                if not calm:
                    restart.start()
                visits = crowd(front, market, uuid4().hex, people, seconds, own_addresses=own)
                if not calm:
                    restart.join()
                rounds.append(Round(title, visits, calm))
            return rounds


def _market(system: LocalSystem) -> Market:
    key = urlsafe_b64decode(system.environment["CODE_SIGNING_KEY"] + "==")
    app = create_app(settings_for(system.database_url, code_signing_key=key))
    market = World(app).live_market()
    code = ok(market.organiser.get(f"/activities/{market.id}/code"))["code"]
    with app.app_context():
        db.engine.dispose()
    return Market(market.id, code, market.offering_id)


def _slow_wechat(system: LocalSystem) -> None:
    connection = http.client.HTTPConnection(system.wechat.removeprefix("http://"), timeout=10)
    mode = {"path": "/sns/jscode2session", "delay_s": WECHAT_S}
    connection.request("POST", "/_fake/mode", json.dumps(mode))
    assert connection.getresponse().status == http.HTTPStatus.OK
    connection.close()


def main() -> int:
    """Play, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.opening")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=15.0, help="within which they arrive")
    options = parser.parse_args()
    try:
        rounds = play(options.people, options.seconds, lambda line: print(f"· {line}", flush=True))
    except (LocalError, NoNginxError) as failure:
        print(f"✗ {failure}")
        return 1
    for one in rounds:
        print(one)
    return 0 if all(one.passed for one in rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
