"""What stands in front of us: whose word on client and scheme counts, and which names are ours."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from backend.core.errors import AppError
from backend.settings import UNIX

# Blueprints that balancers and monitoring ask by address.
_BY_ADDRESS = ("health", "metrics")


class UnknownHost(AppError):
    status = 400
    code = "unknown_host"
    title = "网址不对，请从正确的网址打开"


class TrustedProxies:
    """Takes client address and scheme from X-Forwarded-For and -Proto where a trusted proxy has
    sent them; from anybody else they are a claim, and passed over.

    The proxy writes one address: its own client's (config/nginx/proxy.conf). A balancer before it
    is the proxy's affair.
    """

    def __init__(self, app: WSGIApplication, trusted: Sequence[str]) -> None:
        """Wrap an app.

        Args:
            trusted: networks, or `unix` for who reaches our unix socket.
        """
        self._app = app
        self._behind = ProxyFix(app, x_for=1, x_proto=1)
        self._networks = [ip_network(item) for item in trusted if item != UNIX]
        self._trusts_socket = UNIX in trusted
        self._trusts = lru_cache(1024)(self._look_up)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        trusted = self._trusts(environ.get("REMOTE_ADDR", ""))
        return (self._behind if trusted else self._app)(environ, start_response)

    def _look_up(self, peer: str) -> bool:
        try:
            ip = ip_address(peer)
        except ValueError:  # the peer of a unix socket has no address
            return self._trusts_socket
        ip = getattr(ip, "ipv4_mapped", None) or ip
        return any(ip in network for network in self._networks)


def init_front(app: Flask, *, proxies: Sequence[str], hosts: Sequence[str]) -> None:
    """Trust these proxies, and answer under these names alone.

    Args:
        proxies: networks, or `unix`.
        hosts: names, with their port where it is not the scheme's own; none allows all. Who
            asks by address how we are is answered under every name.
    """
    if proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, proxies)  # type: ignore[method-assign]
    if not hosts:
        return
    known = frozenset(hosts)

    @app.before_request
    def check_host() -> None:
        """The name goes into redirects: one of somebody's choice would lead people to them."""
        if request.host.lower() not in known and request.blueprint not in _BY_ADDRESS:
            raise UnknownHost
