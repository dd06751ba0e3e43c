"""What is measured: the requests of each case, and what each must be answered.

The floor is sent the very same requests for check-in, list and poll.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from uuid import uuid4

import orjson

from backend.core import clock
from tests.bench.load import Job, request
from tests.bench.seed import ADMITTED, RESIDENTS, Ground, refill_lines, token_of

API = "/api/v1"
# More than this is not to be had from two cores; a faster machine ends its rounds a bit earlier.
_MOST_PER_SECOND = 4_000


@dataclass(frozen=True)
class Case:
    """A kind of request.

    Attributes:
        requests: endless, or as many as the ground has room for.
        expected: the status of every answer.
        fragment: what every answer's body contains.
        prepare: puts the ground in order before a measurement.
    """

    name: str
    requests: Callable[[Ground], Iterator[bytes]]
    expected: bytes
    fragment: bytes = b""
    prepare: Callable[[Ground], None] = lambda _: None

    def job(self, ground: Ground, port: int, seconds: float) -> Job:
        """A measurement of this case."""
        self.prepare(ground)
        payloads = list(islice(self.requests(ground), int(seconds * _MOST_PER_SECOND)))
        return Job(port, payloads, seconds, (self.expected,), self.fragment)

    def few(self, ground: Ground, port: int, number: int) -> Job:
        """So many requests, one after the other."""
        self.prepare(ground)
        payloads = list(islice(self.requests(ground), number))
        return Job(port, payloads, 30.0, (self.expected,), self.fragment, connections=1)


def _check_ins(ground: Ground) -> Iterator[bytes]:
    """Every resident once, at a market where nobody has been yet."""
    market = ground.markets.pop()
    for number in range(RESIDENTS):
        yield _scan(market.id, market.code, number)


def _duplicates(ground: Ground) -> Iterator[bytes]:
    market = ground.duplicates
    for number in cycle(range(ADMITTED)):
        yield _scan(market.id, market.code, number)


def _scan(activity_id: str, code: str, resident: int) -> bytes:
    body = {
        "id": uuid4(),
        "source": "self",
        "code": code,
        "scanned_at": clock.now(),
        "device_id": "bench-phone",
    }
    path = f"{API}/activities/{activity_id}/scans"
    return request("POST", path, token=token_of(resident), body=orjson.dumps(body))


def _sign_ups(ground: Ground) -> Iterator[bytes]:
    """Everybody in turn; who comes round again takes another service."""
    for index in ground.sign_ups:
        again, number = divmod(index, RESIDENTS)
        offering_id, slot_ids = ground.services[(number + again) % len(ground.services)]
        body = orjson.dumps({"slot_id": slot_ids[number // len(ground.services) % len(slot_ids)]})
        path = f"{API}/offerings/{offering_id}/bookings"
        yield request("POST", path, token=token_of(number), body=body)


def _calls(ground: Ground) -> Iterator[bytes]:
    """One press at each desk, the lines taking turns."""
    for desk in ground.desks:
        body = orjson.dumps({"press_id": uuid4()})
        yield request("POST", f"{API}/stalls/{desk}/call-next", token=ground.caller, body=body)


def _lists(_: Ground) -> Iterator[bytes]:
    while True:
        since = clock.now().isoformat().replace("+", "%2B")
        yield request("GET", f"{API}/activities?from={since}&limit=20")


def _polls(_: Ground) -> Iterator[bytes]:
    """Every phone in turn asks how many notices it has not read."""
    for number in cycle(range(RESIDENTS)):
        yield request("GET", f"{API}/me/notices/count", token=token_of(number))


def _schedules(ground: Ground) -> Iterator[bytes]:
    while True:
        yield request("GET", "/console/schedule/?view=list", cookie=ground.cookie)


def _dashboards(ground: Ground) -> Iterator[bytes]:
    while True:
        yield request("GET", "/console/dashboard/?period=all", cookie=ground.cookie)


CHECK_IN = Case("check-in", _check_ins, b"201", b"admitted")
DUPLICATE = Case("duplicate", _duplicates, b"200", b"already_checked_in")
SIGN_UP = Case("sign-up", _sign_ups, b"201", b"confirmed")
CALL_NEXT = Case("call-next", _calls, b"200", b"called", prepare=refill_lines)
LIST = Case("list", _lists, b"200", b"next_cursor")
POLL = Case("poll", _polls, b"200", b'{"unread":')
SCHEDULE = Case("schedule", _schedules, b"200", "公益集市".encode())
DASHBOARD = Case("dashboard", _dashboards, b"200", "服务人次".encode())
# Of the console: they are held against themselves on a small database, not against a floor.
PAGES = (SCHEDULE, DASHBOARD)
CASES = (CHECK_IN, DUPLICATE, SIGN_UP, CALL_NEXT, LIST, POLL, *PAGES)
