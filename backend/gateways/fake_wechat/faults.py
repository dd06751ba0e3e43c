"""How the stand-in misbehaves: modes set by path, and what they do to an answer."""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.gateways.fake_wechat.messages import Answer, error

MALFORMED = {
    "html": Answer(b"<html><body><h1>It works!</h1></body></html>", "text/html"),
    "cut_json": Answer(b'{"openid": "oAbc'),
    "not_an_object": Answer(b"[1, 2, 3]"),
    "wrong_types": Answer(b'{"errcode": "many", "openid": 7}'),
    "deep": Answer(b"[" * 200_000),
    "huge": Answer(b'{"openid": "' + b"o" * 8_000_000 + b'"}'),
    "unknown_suggestion": Answer(
        b'{"errcode": 0, "result": {"suggest": "perhaps", "label": 100}, "trace_id": "t"}'
    ),
    "empty": Answer(b""),
}
_KINDS = {"errcode", "http_status", "drop", "malformed", "drip_s"}


class BadModeError(ValueError):
    """A mode that makes no sense."""


@dataclass(frozen=True)
class Mode:
    """A way to misbehave.

    Args:
        delay_s: wait that long first; alone, it is a slow but right answer.
        errcode: answer with it, having done nothing.
        http_status: answer with it and a page of HTML, having done nothing; 3xx with a
            way to /elsewhere.
        drop: close the connection, having done nothing.
        malformed: a key of MALFORMED, having done nothing; or "cut_body": do what was
            asked, and close the connection in the middle of the answer.
        drip_s: do what was asked, and spread the answer's bytes over that many seconds.
    """

    delay_s: float = 0.0
    errcode: int | None = None
    http_status: int | None = None
    drop: bool = False
    malformed: str | None = None
    drip_s: float = 0.0

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Mode":
        """From the members of a control request. Raises BadModeError."""
        if unknown := set(body) - _KINDS - {"delay_s"}:
            raise BadModeError(f"unknown: {sorted(unknown)}")
        if len(_KINDS & set(body)) > 1:
            raise BadModeError(f"at most one of {sorted(_KINDS)}")
        malformed = body.get("malformed")
        if malformed is not None and malformed not in {*MALFORMED, "cut_body"}:
            raise BadModeError(f"malformed is one of {[*MALFORMED, 'cut_body']}")
        seconds = {name: float(body[name]) for name in ("delay_s", "drip_s") if name in body}
        return cls(**(dict(body) | seconds))

    def instead(self) -> Answer | None:
        """What to answer without doing what was asked; None to do it."""
        if self.errcode is not None:
            return error(self.errcode, f"errcode {self.errcode} as told")
        if self.http_status is not None:
            page = f"<html><body><center><h1>{self.http_status}</h1></center></body></html>"
            location = "/elsewhere" if 300 <= self.http_status < 400 else ""
            return Answer(page.encode(), "text/html", self.http_status, location)
        return MALFORMED.get(self.malformed or "")


class Latency:
    """How long WeChat takes on an ordinary day, the same from one start to the next: 100 to 400 ms,
    and one answer in a hundred 2 s. Off unless it is asked for."""

    def __init__(self, *, realistic: bool) -> None:
        self._random = random.Random(7) if realistic else None  # noqa: S311 - no secret
        self._lock = threading.Lock()

    def draw_s(self) -> float:
        """The next answer's, in seconds."""
        if self._random is None:
            return 0.0
        with self._lock:
            slow = self._random.random() < 0.01
            return 2.0 if slow else self._random.uniform(0.1, 0.4)


@dataclass
class _Entry:
    mode: Mode
    times: int | None  # uses left; None is for ever


@dataclass
class Faults:
    """The modes by path; may be used from any number of threads. Where none is set, an answer
    takes its usual time."""

    latency: Latency
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _releases: dict[str, threading.Event] = field(default_factory=dict)

    def set(self, path: str, mode: Mode | None, times: int | None = None) -> None:
        """Put a path's mode in place of the last one (None: behave), and let go of the
        requests that hang there."""
        with self._lock:
            self._release(path)
            if mode is None:
                self._entries.pop(path, None)
            else:
                self._entries[path] = _Entry(mode, times)

    def reset(self) -> None:
        with self._lock:
            for path in list(self._releases):
                self._release(path)
            self._entries.clear()

    def take(self, path: str) -> tuple[Mode, threading.Event]:
        """The mode for one request to this path, and the event that ends its waiting."""
        with self._lock:
            entry = self._entries.get(path)
            if entry is None:
                return Mode(delay_s=self.latency.draw_s()), threading.Event()
            if entry.times is not None:
                entry.times -= 1
                if entry.times <= 0:
                    del self._entries[path]
            return entry.mode, self._releases.setdefault(path, threading.Event())

    def _release(self, path: str) -> None:
        if event := self._releases.pop(path, None):
            event.set()
