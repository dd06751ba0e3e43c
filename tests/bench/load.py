"""The load generator: a process of its own that shares nothing with what it measures.

It has the two cores in common with the servers, so it is made to be cheap: one thread, raw
sockets, requests made beforehand, answers looked at by their bytes. The floor and the product
are measured by this same code.

Run as a program it takes pickled jobs from stdin and answers each on stdout.
"""

import pickle
import selectors
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 16
_ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Job:
    """What to send.

    Attributes:
        port: of the server, on loopback.
        payloads: whole HTTP requests, each sent at most once, in this order.
        seconds: how long; it ends earlier when the payloads are used up.
        expected: how every answer must begin after "HTTP/1.1 ", e.g. b"201"; several may do.
        fragment: what every answer must contain.
        interval_s: the least time between two requests of one connection; 0 sends the next as
            soon as the last one is answered.
        spread_s: seconds over which the connections' first requests are spread; 0 sends them all
            at once.
    """

    port: int
    payloads: Sequence[bytes]
    seconds: float
    expected: tuple[bytes, ...]
    fragment: bytes = b""
    connections: int = CONNECTIONS
    interval_s: float = 0.0
    spread_s: float = 0.0


@dataclass
class Measured:
    """What came back.

    Attributes:
        seconds: from the first request to the end of the time, or to the last answer.
        latencies: seconds of each answered request, connecting included where that was needed.
        wrong: the first answer that was not as expected; None if there was none.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    wrong: bytes | None = None

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """The latency, in seconds, that this share of the answers stayed within."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Connection:
    """One client: sends, gathers an answer, keeps its socket while the server does."""

    __slots__ = ("began", "buffer", "due", "payload", "port", "reused", "sock")

    def __init__(self, port: int) -> None:
        self.port = port
        self.sock: socket.socket | None = None
        self.buffer = b""
        self.payload = b""
        self.began = self.due = 0.0
        self.reused = False

    def send(self, payload: bytes, selector: selectors.BaseSelector) -> None:
        self.payload, self.buffer = payload, b""
        self.began = perf_counter()
        self._transmit(selector)

    def _transmit(self, selector: selectors.BaseSelector) -> None:
        self.reused = self.sock is not None
        if self.sock is None:
            self.sock = socket.create_connection(("127.0.0.1", self.port), _ANSWER_TIMEOUT_S)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(self.sock, selectors.EVENT_READ, self)
        self.sock.sendall(self.payload)

    def receive(self, selector: selectors.BaseSelector) -> bytes | None:
        """Take what has come; the whole answer once it is complete."""
        assert self.sock is not None
        try:
            chunk = self.sock.recv(65536)
        except ConnectionResetError:
            chunk = b""
        if not chunk:
            self.close(selector)
            if self.reused and not self.buffer:  # closed by the server between two requests
                self._transmit(selector)
                return None
            return b"(connection closed) " + self.buffer
        self.buffer += chunk
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return None
        if b"\r\nConnection: close" in head:
            self.close(selector)
        return self.buffer

    def close(self, selector: selectors.BaseSelector) -> None:
        if self.sock is not None:
            selector.unregister(self.sock)
            self.sock.close()
            self.sock = None


def _content_length(head: bytes) -> int:
    _, found, rest = head.partition(b"\r\nContent-Length: ")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def run(job: Job) -> Measured:
    """Send a job's requests and measure. An unexpected answer ends it at once."""
    measured = Measured()
    payloads = deque(job.payloads)
    with selectors.DefaultSelector() as selector:
        connections = [_Connection(job.port) for _ in range(job.connections)]
        began = perf_counter()
        ends = began + job.seconds
        resting = list(connections)
        for number, one in enumerate(connections):
            one.due = began + job.spread_s * number / len(connections)
        busy = 0
        while True:
            started = _send_due(resting, payloads, selector, ends)
            busy += started
            if not busy and not (resting and payloads and perf_counter() < ends):
                break
            for key, _ in selector.select(_patience(busy, resting, ends)):
                connection: _Connection = key.data
                answer = connection.receive(selector)
                if answer is None:
                    continue
                busy -= 1
                _take(job, measured, connection, answer, ends)
                connection.due = connection.began + job.interval_s
                resting.append(connection)
            if measured.wrong is not None:
                break
        measured.seconds = min(perf_counter(), ends) - began
        for connection in connections:
            connection.close(selector)
    return measured


def _send_due(
    resting: list[_Connection],
    payloads: deque[bytes],
    selector: selectors.BaseSelector,
    ends: float,
) -> int:
    """Let those connections send whose turn it is; how many did."""
    now = perf_counter()
    if now >= ends:
        return 0
    started = 0
    for connection in [waiting for waiting in resting if waiting.due <= now]:
        if not payloads:
            break
        resting.remove(connection)
        connection.send(payloads.popleft(), selector)
        started += 1
    return started


def _patience(busy: int, resting: list[_Connection], ends: float) -> float:
    """Seconds to wait for an answer before somebody's turn comes."""
    now = perf_counter()
    if now >= ends or not resting:
        return _ANSWER_TIMEOUT_S if busy else 0.0
    return max(0.0, min([ends, *(waiting.due for waiting in resting)]) - now)


def _take(
    job: Job, measured: Measured, connection: _Connection, answer: bytes, ends: float
) -> None:
    """Check an answer; count it if it came in time."""
    if answer[9:12] not in job.expected or job.fragment not in answer:
        measured.wrong = measured.wrong or answer
        return
    now = perf_counter()
    if now <= ends:
        measured.latencies.append(now - connection.began)


def request(
    method: str, path: str, *, token: str | None = None, cookie: str | None = None,
    body: bytes = b"",
) -> bytes:  # fmt: skip
    """A whole HTTP/1.1 request, of a phone with its token or of a browser with its cookie."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if method != "GET":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class WrongAnswerError(Exception):
    """A server answered what it must not; the message shows the answer."""


class LoadGenerator:
    """The other process, as seen from here: a context manager."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the process."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        assert self._process is not None
        self._process.terminate()
        self._process.communicate()

    def begin(self, job: Job) -> None:
        """Start a job; `result` waits for it."""
        assert self._process is not None
        assert self._process.stdin is not None
        pickle.dump(job, self._process.stdin, pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()

    def result(self) -> Measured:
        """What the job measured.

        Raises WrongAnswerError when an answer was not as expected, or none came at all.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        measured: Measured = pickle.load(self._process.stdout)
        if measured.wrong is not None:
            raise WrongAnswerError(measured.wrong.decode(errors="replace"))
        if not measured.latencies:
            raise WrongAnswerError("no answer came in time")
        return measured

    def run(self, job: Job) -> Measured:
        """`begin` and `result`."""
        self.begin(job)
        return self.result()


def main() -> None:
    """Work off jobs until stdin ends."""
    # Imported under its own name, so that what is pickled is not __main__'s.
    from tests.bench import load

    while True:
        try:
            job = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(load.run(job), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
