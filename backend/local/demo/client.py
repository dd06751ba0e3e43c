"""A phone at the market: one connection, and patience.

The same request goes out again until it is answered, with the same scan id, press id or
Idempotency-Key: a connection that broke and a 503 leave open whether the first one was carried
out, and the answer to the repeat settles it.
"""

import http.client
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from backend.local.waiting import WaitTimeoutError, wait_until

API = "/api/v1"
_TIMEOUT_S = 30
_PATIENCE_S = 120
# 502 and 504 come from a proxy whose server is away.
_AWAY = frozenset({502, 503, 504})


class Unanswered(Exception):
    """Nobody answered for minutes."""


class Stopped(Exception):
    """The day was broken off while a phone was waiting."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: the status, and the JSON or None."""

    status: int
    json: Any

    @property
    def code(self) -> str:
        """The problem's code; empty for a success."""
        return self.json.get("code", "") if self.status >= 400 and self.json else ""

    def same_as(self, other: "Answer") -> bool:
        """Whether a repeated request got the same answer."""
        return (self.status, self.json) == (other.status, other.json)


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A request that was answered that the server is away; `request_id` is in its log."""

    request: str
    answer: Answer
    request_id: str

    def __str__(self) -> str:
        """A line for the person at the terminal."""
        return f"{self.request}:{self.answer.status} {self.answer.code} ({self.request_id})"


class Phone:
    """One connection to the web server. Not for two threads at once; `stop` is."""

    def __init__(self, web: str) -> None:
        """Prepare a connection.

        Args:
            web: the server's address, like http://127.0.0.1:8000.
        """
        address = urlsplit(web)
        self._connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=_TIMEOUT_S
        )
        self._stopped = False
        self.answered = 0
        self.retries = 0  # sent, and nothing came back, or that the server is away
        self.turned_away: list[TurnedAway] = []  # only the latter

    def stop(self) -> None:
        """Give up at the next opportunity: requests under way raise Stopped."""
        self._stopped = True

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def get(self, path: str, token: str | None = None, **query: Any) -> Answer:
        """Read. Raises as `send`."""
        given = {name: value for name, value in query.items() if value is not None}
        return self.send("GET", f"{path}?{urlencode(given)}" if given else path, token)

    def post(
        self, path: str, token: str | None = None, body: Any = None, key: str | None = None
    ) -> Answer:
        """Write, with `key` as Idempotency-Key. Raises as `send`."""
        return self.send("POST", path, token, {} if body is None else body, key)

    def send(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Any = None,
        key: str | None = None,
    ) -> Answer:
        """Send a request until it is answered.

        Args:
            path: below /api/v1.
            token: the bearer's.

        Raises Unanswered after two minutes of trying, Stopped after `stop`.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        content = orjson.dumps(body) if body is not None else None

        def answer() -> Answer | None:
            if self._stopped:
                raise Stopped
            answer = self._once(method, API + path, content, headers)
            self.retries += answer is None
            return answer

        try:
            answered = wait_until(answer, timeout_s=_PATIENCE_S, what=path)
        except WaitTimeoutError as late:
            raise Unanswered(f"{method} {path}: {late}") from None
        assert answered is not None
        self.answered += 1
        return answered

    def _once(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> Answer | None:
        """One try; None when it is not known what became of it."""
        try:
            self._connection.request(method, path, content, headers)
            response = self._connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return None
        answer = Answer(response.status, _json(raw))
        if response.status in _AWAY:
            request_id = response.headers.get("X-Request-Id", "")
            self.turned_away.append(TurnedAway(f"{method} {path}", answer, request_id))
            return None
        return answer


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return None
