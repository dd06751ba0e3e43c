"""HTTP as the gateway wants it: to one server only, and never for longer than agreed.

`requests` bounds connecting and the pause between two bytes, not the whole answer, and
reads a body of any size. This adapter bounds both.
"""

import io
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from backend.gateways.deadline import Deadline

#: The largest answer is a code image of 1280 pixels, a few hundred kB.
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class BoundedAdapter(HTTPAdapter):
    """An adapter for one thread, which reads the whole answer within a deadline.

    Set `deadline` before each request.
    """

    def __init__(self) -> None:
        # One thread, one connection; no retries of urllib3's: the gateway counts its own.
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.deadline = Deadline(0)
        self._pool: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The connections to the one server, looked up once."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send and read to the end.

        Raises:
            requests.Timeout: on connecting, between two bytes, or past the deadline.
            requests.ConnectionError: refused, dropped, cut short or over the size limit.
            requests.TooManyRedirects: at the first one. WeChat doesn't redirect; a portal of
                the network we are in may, and would be told our AppSecret.
        """
        try:
            response = super().send(request, *args, **(kwargs | {"stream": True}))
        except HTTPError:  # the few of urllib3's that requests lets through
            raise requests.ConnectionError("no HTTP answer") from None
        if response.is_redirect:
            response.close()
            raise requests.TooManyRedirects("redirected")
        response.raw = io.BytesIO(self._read(response.raw))
        return response

    def _read(self, raw: Any) -> bytes:
        body = bytearray()
        try:
            # read1 returns with what has come; read(n) would wait for n bytes and not let
            # us look at the clock in between.
            while chunk := raw.read1(_CHUNK_BYTES, decode_content=True):
                body += chunk
                if self.deadline.passed:
                    raise requests.ReadTimeout("the answer took too long")
                if len(body) > MAX_ANSWER_BYTES:
                    raise requests.ConnectionError("the answer is too large")
        except ReadTimeoutError:
            raise requests.ReadTimeout("the answer stopped coming") from None
        except (HTTPError, OSError) as error:
            if isinstance(error, requests.RequestException):
                raise
            raise requests.ConnectionError("the answer was cut short") from None
        finally:
            # A connection whose answer was read to the end is back in its pool by now, and
            # this does nothing; any other one holds a rest that must not be reused.
            raw.close()
        return bytes(body)


class OneServer(requests.Session):
    """A session that can reach URLs below `base` and nothing else, for one thread.

    What `requests` finds out for each request (the machine's proxies and certificates, cookies,
    headers, the parts of the address) is the same for all requests to one server, and was a
    quarter of a login's work: here it is found out once.

    Args:
        base: scheme and host, no path, no slash at the end.
    """

    def __init__(self, base: str) -> None:
        super().__init__()
        self.bounded = BoundedAdapter()
        self.adapters.clear()  # any other address: requests.exceptions.InvalidSchema
        self.mount(f"{base}/", self.bounded)
        if is_loopback(base):
            self.trust_env = False  # a proxy of the machine has no business on loopback
        way = self.merge_environment_settings(f"{base}/", {}, None, None, None)
        self._way: dict[str, Any] = dict(way)
        self._any = self.prepare_request(requests.Request("GET", f"{base}/"))

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        params: Sequence[tuple[str, str]],
        timeout: float | tuple[float, float],
        data: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> requests.Response:
        """Send and read to the end, as wechatpy asks for it. Raises as `BoundedAdapter.send`; no
        cookie is kept, no redirect followed."""
        adapter, prepared = self.get_adapter(url), self._any.copy()
        prepared.method = method.upper()
        prepared.url = f"{url}?{urlencode(params)}" if params else url
        prepared.headers.update(headers)
        prepared.prepare_body(data, None)
        return adapter.send(prepared, timeout=timeout, **self._way)


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine's loopback (by name `localhost`, or by address)."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
