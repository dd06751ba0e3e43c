"""The nginx that we ship, on loopback: its files as its container has them, at free ports."""

import os
import re
import shutil
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from backend.core import clock
from backend.local.ports import accepts, free_ports
from backend.local.supervisor import Program, Supervisor
from backend.local.waiting import wait_until
from tests.support import debian

_USUAL = (Path("/usr/sbin/nginx"), Path("/opt/homebrew/bin/nginx"), Path("/usr/local/bin/nginx"))
# Where a container has what belongs to nginx.
_PLACES = ("/etc/nginx/", "/var/log/nginx/", "/var/www/", "/run/")
T = TypeVar("T", bound=HTTPConnection)
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class NoNginxError(Exception):
    """There is no nginx and we may not install one; the message says what to do."""


def require_nginx() -> Path:
    """nginx on this machine, Debian's package installed now if need be. Raises NoNginxError."""
    problem = ""
    if (found := _found()) is None and debian.may_install():
        problem = debian.install(["nginx"]) or ""
        found = _found()
    if found is None:
        raise NoNginxError(
            "没有找到 nginx。Debian/Ubuntu:apt-get install nginx;macOS:brew install nginx / "
            f"no nginx was found: install it\n{problem}".rstrip()
        )
    return found


def _found() -> Path | None:
    on_path = shutil.which("nginx")
    places = ([Path(on_path)] if on_path else []) + list(_USUAL)
    return next((place for place in places if place.exists()), None)


class Names:
    """A name server on loopback, as a container network has one: answers `addresses`."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        """Answer from now on."""
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Be silent."""
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(512)
            if not query:
                return
            self._socket.sendto(self._answer(query), client)

    def _answer(self, query: bytes) -> bytes:
        """An A record of the name asked for, or that there is no such name (RFC 1035)."""
        labels, at = [], 12
        while length := query[at]:
            labels.append(query[at + 1 : at + 1 + length].decode())
            at += 1 + length
        question = query[12 : at + 5]
        address = self.addresses.get(".".join(labels))
        flags = 0x8180 if address else 0x8183
        head = query[:2] + struct.pack(">5H", flags, 1, 1 if address else 0, 0, 0)
        if address is None:
            return head + question
        record = struct.pack(">3HIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(address)
        return head + question + record


class Front:
    """nginx with the files that compose.yaml mounts: a context manager.

    Attributes:
        http, https: its ports on loopback, for 80 and 443.
        folder: what its container has as /.
    """

    def __init__(
        self,
        folder: Path,
        *,
        variables: Mapping[str, str],
        mounts: Mapping[str, Path],
        changed: Callable[[str], str] = str,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Lay the files out.

        Args:
            folder: made when missing.
            variables: what the image puts into the template.
            mounts: files and folders of the repository by their place in the container; a
                folder that is not there is made, and gets a certificate where nginx wants one.
            changed: a last change to each file's text, e.g. to make a limit smaller.
            say: receives lines for a person.
        """
        self.folder = folder
        self.http, self.https = free_ports(2)
        self._variables, self._changed = variables, changed
        self._opened: list[HTTPConnection] = []
        for place in ("etc/nginx/conf.d", "var/log/nginx", "run", "tmp"):
            (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / "etc/nginx/mime.types").write_text("types { text/html html; }\n")
        for place, source in mounts.items():
            self._mount(place, source)
        self._supervisor = Supervisor(folder / "log", cwd=folder, say=say)

    def __enter__(self) -> Self:
        """Start it."""
        self._supervisor.start(self._program())

        def up() -> bool:
            self._supervisor.pid("nginx")  # raises, with its log, when it is dead
            return accepts(self.https)

        wait_until(up, timeout_s=20, what="nginx")
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, and the connections to it."""
        for connection in self._opened:
            connection.close()
        self._supervisor.stop_all()

    def log(self, name: str) -> str:
        """What it has written: access or error."""
        path = self.folder / "var/log/nginx" / f"{name}.log"
        with suppress(FileNotFoundError):
            return path.read_text(encoding="utf-8")
        return ""

    def plain(self) -> HTTPConnection:
        """A connection to port 80."""
        return self._open(HTTPConnection("127.0.0.1", self.http, timeout=30))

    def secure(self) -> HTTPSConnection:
        """A connection to port 443."""
        certificate = self.folder / "etc/nginx/certs/fullchain.pem"
        context = ssl.create_default_context(cafile=str(certificate))
        context.check_hostname = False
        return self._open(HTTPSConnection("127.0.0.1", self.https, timeout=30, context=context))

    def _open(self, connection: T) -> T:
        self._opened.append(connection)
        return connection

    def _program(self) -> Program:
        main = str(self.folder / "etc/nginx/nginx.conf")
        argv = [str(require_nginx()), "-p", str(self.folder), "-c", main, "-g", "daemon off;"]
        return Program("nginx", argv, {"PATH": os.environ["PATH"]})

    def _mount(self, place: str, source: Path) -> None:
        target = self.folder / place.lstrip("/")
        if not source.suffix:
            target.mkdir(parents=True, exist_ok=True)
            if place == "/etc/nginx/certs":
                _certify(target, self._variables["ALLOWED_HOSTS"].split()[0])
            return
        text = source.read_text(encoding="utf-8")
        if place.startswith("/etc/nginx/templates/"):
            target = self.folder / "etc/nginx/conf.d" / target.stem
            for name, value in self._variables.items():
                text = text.replace(f"${{{name}}}", value)
        target.write_text(self._changed(self._at_home(text)), encoding="utf-8")

    def _at_home(self, text: str) -> str:
        """The file with our folder for /, our ports for 80 and 443."""
        for place in _PLACES:
            text = re.sub(rf"(?<=[\s;]){place}", f"{self.folder}{place}", text)
        ports = {"80": self.http, "443": self.https}
        text = re.sub(
            r"\blisten (80|443)\b", lambda found: f"listen 127.0.0.1:{ports[found[1]]}", text
        )
        # Started by root, it would give its requests to a user who may not enter our folder.
        mine = "user root;\n" if os.geteuid() == 0 else ""
        temporary = "".join(f"{name}_temp_path {self.folder}/tmp/{name};\n" for name in _TEMPORARY)
        return re.sub(r"^http \{", f"{mine}http {{\n{temporary}", text, flags=re.MULTILINE)


def _certify(folder: Path, host: str) -> None:
    """A certificate that only the tests trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
