"""One thread's way to WeChat: one request, and what came of it. Beside push.py the only importer of
wechatpy.

wechatpy 1.8.18 knows the protocol but is careless around it; what it gets wrong is closed
here (the list, with how each was found, is in docs/adr on the gateway):

* addresses: its token URL is hard-coded and `wxa` has a base of its own. All three places
  get ours, and the session can't reach any other host.
* login: `code_to_session` would fetch an access token first. We call its URL without one.
* retries: a lasting 40001 would recurse. Here nothing is retried; calls.py tries twice at most.
* the access token lives in `tokens.AccessTokenStore`; wechatpy never fetches one.
* APIs it doesn't have, or has in an old version, are called by their address.
* errors: one family, `errors.WeChatError`, whose messages hold no secrets.
"""

from typing import Any, TypeVar

import requests
from urllib3.exceptions import NewConnectionError
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException

from backend.gateways.config import WeChatConfig
from backend.gateways.deadline import Deadline
from backend.gateways.errors import (
    WeChatCodeInvalid,
    WeChatError,
    WeChatNotConnected,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
    WeChatUnreachable,
    WeChatUserBlocked,
)
from backend.gateways.transport import OneServer

T = TypeVar("T")
E = TypeVar("E", bound=WeChatError)

BUSY = -1
TOKEN_REFUSED = {40001, 40014, 42001}
_CODE_INVALID = {40029, 40163}
_USER_BLOCKED = 40226
_OVER_LIMIT = {45009, 45011}


class Link:
    """One thread's way to WeChat: a wechatpy client on a session of its own."""

    def __init__(self, config: WeChatConfig) -> None:
        self._config = config
        self.session = OneServer(config.api_base)
        client = WeChatClient(config.appid, config.secret, auto_retry=False)
        client._http = self.session
        client.API_BASE_URL = f"{config.api_base}/cgi-bin/"
        client.wxa.API_BASE_URL = f"{config.api_base}/"
        client.fetch_access_token = _fetch_refused
        self.client: Any = client

    def get(self, path: str, params: dict[str, str], deadline: Deadline) -> Any:
        # As a list: to a dict wechatpy would add an access token.
        return self._exchange("get", path, deadline, params=list(params.items()))

    def post(
        self, path: str, body: dict[str, Any], deadline: Deadline, *, token: str | None = None
    ) -> Any:
        params = [] if token is None else [("access_token", token)]
        return self._exchange(
            "post",
            path,
            deadline,
            params=params,
            data=body,
            headers={"Content-Type": "application/json"},
        )

    def _exchange(self, method: str, path: str, deadline: Deadline, **request: Any) -> Any:
        """One request. Answers the JSON object, or the response where there is none.

        Raises WeChatError only, always `from None`: the causes carry URLs with secrets.
        """
        left = deadline.remaining()
        if not left:
            raise not_sent(WeChatTimeout(None, f"no time left to ask {path}"))
        self.session.bounded.deadline = deadline
        timeout = (
            min(self._config.connect_timeout_s, left),
            min(self._config.read_timeout_s, left),
        )
        try:
            return getattr(self.client, method)(
                f"{self._config.api_base}{path}", timeout=timeout, **request
            )
        except WeChatClientException as error:
            if error.errcode is None:
                raise WeChatUnavailable(
                    None, f"HTTP {error.response.status_code} from {path}"
                ) from None
            raise _error_for(error.errcode, str(error.errmsg)[:300]) from None
        except requests.ConnectTimeout:
            raise not_sent(WeChatTimeout(None, f"no connection for {path}")) from None
        except requests.Timeout:
            raise WeChatTimeout(None, f"no answer from {path}") from None
        except requests.ConnectionError as error:
            raise _broken(error, path) from None
        except (requests.RequestException, TypeError, ValueError, RecursionError) as error:
            # The last three are wechatpy's own, over an answer of an unforeseen shape.
            raise no_answer(path, type(error).__name__) from None


def _error_for(errcode: int, errmsg: str) -> WeChatError:
    if errcode in _CODE_INVALID:
        return WeChatCodeInvalid(errcode, errmsg)
    if errcode == _USER_BLOCKED:
        return WeChatUserBlocked(errcode, errmsg)
    if errcode == BUSY or errcode in _OVER_LIMIT or errcode in TOKEN_REFUSED:
        return WeChatUnavailable(errcode, errmsg)
    return WeChatRefused(errcode, errmsg)


def _broken(error: requests.ConnectionError, path: str) -> WeChatUnreachable:
    """The error for a connection that broke, or that there never was."""
    message = f"{type(error).__name__} at {path}"
    cause = error.args[0] if error.args else None
    if isinstance(getattr(cause, "reason", None), NewConnectionError):
        return WeChatNotConnected(message)
    return WeChatUnreachable(None, message)


def not_sent(error: E) -> E:
    """The same error, of a request that WeChat can't have seen."""
    error.maybe_done = False
    return error


def no_answer(path: str, what: str) -> WeChatUnavailable:
    """The error for an answer that is none: HTML, cut JSON, a member missing."""
    return WeChatUnavailable(None, f"no usable answer from {path}: {what}")


def member(answer: Any, name: str, kind: type[T], path: str) -> T:
    """A member of a JSON object, checked: not there, empty or of another type is no answer."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind) or not value:
        raise no_answer(path, f"no {name}")
    return value


def _fetch_refused() -> None:
    raise AssertionError("access tokens come from AccessTokenStore alone")
