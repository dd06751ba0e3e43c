"""TCP ports on this machine."""

import errno
import socket
from contextlib import ExitStack

from backend.local.processes import LocalError


def free_ports(count: int) -> list[int]:
    """Different ports on loopback that nobody listens on at this moment."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def require_free(host: str, port: int) -> None:
    """Raise LocalError with one clear line when we could not listen on host:port.

    Args:
        host: an IPv4 address of this machine, or 0.0.0.0.
        port: 1 to 65535.
    """
    if accepts(port):
        # On macOS a bind succeeds beside a listener on another address of the same port.
        raise LocalError(_busy(port))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            probe.bind((host, port))
        except OSError as refusal:
            if refusal.errno == errno.EADDRINUSE:
                raise LocalError(_busy(port)) from None
            raise LocalError(
                f"无法监听 {host}:{port} / cannot listen on {host}:{port}: {refusal.strerror}"
            ) from None


def accepts(port: int) -> bool:
    """Whether somebody accepts connections on this port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _busy(port: int) -> str:
    return (
        f"端口 {port} 已被占用，请换一个，例如 PORT={port + 1} make run / "
        f"port {port} is in use, choose another, e.g. PORT={port + 1} make run"
    )
