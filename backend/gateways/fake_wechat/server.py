"""HTTP: a thread for each connection, kept alive, one write for each answer."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from urllib.parse import parse_qsl

from backend.gateways.fake_wechat.apis import call
from backend.gateways.fake_wechat.control import PREFIX, Control
from backend.gateways.fake_wechat.faults import Faults, Latency
from backend.gateways.fake_wechat.messages import Answer, Request
from backend.gateways.fake_wechat.world import PushSettings, World

_LARGEST_BODY = 1024 * 1024
_DRIP_STEPS = 100


class StandInServer(ThreadingHTTPServer):
    """The stand-in, on loopback only.

    Args:
        host: an IPv4 loopback address.
        port: 0 for a free one.
        appid, secret: the only mini-program it knows.
        push: what signs and encrypts its pushes.
        realistic: whether answers take as long as WeChat's (see Latency).
        allowed: see World.

    Raises:
        ValueError: an address that others could reach; here anyone is let in.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(
        self,
        host: str,
        port: int,
        appid: str,
        secret: str,
        push: PushSettings,
        *,
        realistic: bool = False,
        allowed: int = 0,
    ) -> None:
        if not IPv4Address(host).is_loopback:
            raise ValueError("the stand-in listens on loopback only")
        self.world = World(appid, secret, push, allowed=allowed)
        self.faults = Faults(Latency(realistic=realistic))
        self.control = Control(self.world, self.faults)
        super().__init__((host, port), Handler)

    @property
    def address(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_port}"

    def server_bind(self) -> None:
        # Not HTTPServer's own, which asks the name service who we are.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        host, port = self.socket.getsockname()[:2]
        self.server_address = (host, port)
        self.server_name, self.server_port = host, port

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that went away
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: StandInServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._logged = False

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if not 0 <= length <= _LARGEST_BODY:
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it died meanwhile
            self.close_connection = True
            return
        request = Request(self.command, path, dict(parse_qsl(query, keep_blank_values=True)), body)
        if path.startswith(PREFIX):
            self._send(self.server.control.call(request))
            return
        self._log(request)
        mode, release = self.server.faults.take(path)
        if mode.delay_s:
            release.wait(mode.delay_s)
        if mode.drop:
            self.close_connection = True
            return
        answer = mode.instead() or call(self.server.world, request)
        if mode.malformed == "cut_body":
            self.close_connection = True
            self._send(answer, answer.body[: len(answer.body) // 2])
        elif mode.drip_s:
            self._send(answer, b"")
            self._drip(answer.body, mode.drip_s, release)
        else:
            self._send(answer)

    def _log(self, request: Request) -> None:
        world = self.server.world
        if not self._logged:
            self._logged = True
            world.log_connection()
        world.log_call(
            request.path,
            {
                "method": request.method,
                "query": request.query,
                "body": request.body.decode(errors="replace"),
            },
        )

    def _send(self, answer: Answer, body: bytes | None = None) -> None:
        """Head and body in one write; `body` stands in for a body still to come, or cut."""
        location = f"Location: {answer.location}\r\n" if answer.location else ""
        head = (
            f"HTTP/1.1 {answer.status} -\r\nContent-Type: {answer.content_type}\r\n{location}"
            f"Content-Length: {len(answer.body)}\r\n\r\n"
        ).encode()
        self.wfile.write(head + (answer.body if body is None else body))

    def _drip(self, body: bytes, seconds: float, release: threading.Event) -> None:
        step = max(1, len(body) // _DRIP_STEPS)
        pieces = [body[start : start + step] for start in range(0, len(body), step)]
        for piece in pieces:
            self.wfile.write(piece)
            release.wait(seconds / len(pieces))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing: the log is /_fake/calls."""
