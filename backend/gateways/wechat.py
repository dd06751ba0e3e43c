"""WeChat's server APIs, as this project uses them. The only importer of wechatpy.

wechatpy 1.8.18 knows the protocol but is careless around it; what it gets wrong is closed
here (the list, with how each was found, is in docs/adr on the gateway):

* addresses: its token URL is hard-coded and `wxa` has a base of its own. All three places
  get ours, and the session can't reach any other host.
* login: `code_to_session` would fetch an access token first. We call its URL without one.
* retries: a lasting 40001 would recurse. Here a call is tried twice at most.
* time: a call as a whole ends within `WeChatConfig.deadline_s`, whatever happens; at most half
  of it is spent in line for a place.
* the access token lives in `tokens.AccessTokenStore`; wechatpy never fetches one.
* APIs it doesn't have, or has in an old version, are called by their address.
* errors: one family, `errors.WeChatError`, whose messages hold no secrets.

Every call passes a circuit breaker (one for each operation, so that a hanging text check
doesn't keep people from logging in) and one bulkhead for all of them, with a line before it:
everybody logs in in a market's first minute (docs/adr/0016).
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from prometheus_client import Counter, Gauge, Histogram
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException

from backend.core.db import transaction_is_open
from backend.core.monitoring.metrics import REGISTRY, SECONDS
from backend.core.text import mobile_number
from backend.gateways.breaker import BreakerOpen, BreakerState, CircuitBreaker
from backend.gateways.bulkhead import Bulkhead, BulkheadFull, TurnedAway
from backend.gateways.deadline import Deadline
from backend.gateways.errors import (
    WeChatBusy,
    WeChatCodeInvalid,
    WeChatError,
    WeChatForeignNumber,
    WeChatNotAsked,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
    WeChatUnreachable,
    WeChatUserBlocked,
)
from backend.gateways.tokens import AccessToken, AccessTokenStore, IssuedToken
from backend.gateways.transport import is_loopback, open_session

__all__ = [
    "Suggestion",
    "TextScene",
    "TextVerdict",
    "WeChatBusy",
    "WeChatCodeInvalid",
    "WeChatConfig",
    "WeChatError",
    "WeChatForeignNumber",
    "WeChatGateway",
    "WeChatIdentity",
    "WeChatRefused",
    "WeChatTimeout",
    "WeChatUnavailable",
    "WeChatUnreachable",
    "WeChatUserBlocked",
]

logger = logging.getLogger(__name__)
T = TypeVar("T")

#: A login is answered within 5 s; this much of it may go to WeChat.
LONGEST_CALL_S = 4.5
LONGEST_CODE = 512
LONGEST_TEXT = 2500

# What web's processes show at /metrics.
CALLS = Counter(
    "wushe_wechat_calls",
    "Calls by how they ended: answered, refused (code_invalid, user_blocked, refused), no answer"
    " (timeout, unreachable, unavailable), or not asked (busy: the line was full or too slow;"
    " not_asked: the breaker was open).",
    ("operation", "outcome"),
    registry=REGISTRY,
)
CALL_SECONDS = Histogram(
    "wushe_wechat_call_seconds",
    "Seconds that a call took, with its turn in line.",
    ("operation",),
    buckets=SECONDS,
    registry=REGISTRY,
)
TURN_SECONDS = Histogram(
    "wushe_wechat_turn_seconds",
    "Seconds that a call waited in line before it began.",
    buckets=SECONDS,
    registry=REGISTRY,
)
UNDER_WAY = Gauge(
    "wushe_wechat_under_way",
    "Calls under way or in line.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
BREAKERS = Gauge(
    "wushe_wechat_breakers_open",
    "Processes that have given up asking for this, and try again every few seconds.",
    ("operation",),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)

_BUSY = -1
_CODE_INVALID = {40029, 40163}
_USER_BLOCKED = 40226
_TOKEN_REFUSED = {40001, 40014, 42001}
_OVER_LIMIT = {45009, 45011}

#: getwxacodeunlimit: the alphabet of `scene`.
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_PAGE = re.compile(r"[0-9A-Za-z_\-]+(/[0-9A-Za-z_\-]+)*")
_IMAGE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


@dataclass(frozen=True)
class WeChatConfig:
    """Where WeChat is, who we are there, and how much of our time it may have.

    Args:
        appid, secret: of the mini-program.
        api_base: `https://api.weixin.qq.com`, or the stand-in's address on loopback.
        env_version: the version of the mini-program that code images open.
        page: the page that code images open, without leading slash or query.
        connect_timeout_s: seconds to connect.
        read_timeout_s: longest pause in an answer, seconds.
        max_concurrent_calls: calls that may be under way at once in this process.
        max_waiting_calls: how many more may wait in line for one of those to end. Keep the
            sum well below the number of threads of a web worker, or a hanging WeChat takes
            them all.

    Raises:
        ValueError: naming the field.
    """

    appid: str
    secret: str = field(repr=False)
    api_base: str
    env_version: str
    page: str
    connect_timeout_s: float = 1.5
    read_timeout_s: float = 3.0
    max_concurrent_calls: int = 4
    max_waiting_calls: int = 8

    def __post_init__(self) -> None:
        if not self.appid or not self.secret:
            raise ValueError("appid and secret must not be empty")
        base = urlsplit(self.api_base)
        if not base.netloc or base.path or base.query or base.fragment:
            raise ValueError("api_base must be scheme and host, without a slash at the end")
        if base.scheme != "https" and not (base.scheme == "http" and is_loopback(self.api_base)):
            raise ValueError("api_base must be https: the AppSecret travels in it")
        if self.env_version not in {"release", "trial", "develop"}:
            raise ValueError("env_version must be release, trial or develop")
        if not _PAGE.fullmatch(self.page):
            raise ValueError("page must have no leading slash and no query")
        if min(self.connect_timeout_s, self.read_timeout_s) <= 0:
            raise ValueError("connect_timeout_s and read_timeout_s must be above 0")
        if self.deadline_s > LONGEST_CALL_S:
            raise ValueError(
                f"connect_timeout_s and read_timeout_s together must stay within {LONGEST_CALL_S}"
            )
        if self.max_concurrent_calls < 1:
            raise ValueError("max_concurrent_calls must be 1 or more")
        if self.max_waiting_calls < 0:
            raise ValueError("max_waiting_calls must be 0 or more")

    @property
    def deadline_s(self) -> float:
        """Seconds for a call as a whole: its turn, the access token and a retry included."""
        return self.connect_timeout_s + self.read_timeout_s

    @property
    def turn_s(self) -> float:
        """Seconds for which a call may wait in line: whoever then gets a place has as much time
        left, enough for a slow answer, so that a long line is never taken for a silent WeChat."""
        return self.deadline_s / 2


@dataclass(frozen=True)
class WeChatIdentity:
    """Who logged in. The session_key that came along stays in the gateway."""

    openid: str
    unionid: str | None


class TextScene(IntEnum):
    """What kind of text is checked (msg_sec_check, `scene`)."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    LOG = 4


class Suggestion(StrEnum):
    """What WeChat suggests to do with a text (msg_sec_check, `suggest`)."""

    PASS = "pass"  # noqa: S105 - not a password
    REVIEW = "review"
    RISKY = "risky"


@dataclass(frozen=True)
class TextVerdict:
    """WeChat's view of a text: `label` is its category (100 is none), `trace_id` its receipt."""

    suggest: Suggestion
    label: int
    trace_id: str


class _Link:
    """One thread's way to WeChat: a wechatpy client on a session of its own."""

    def __init__(self, config: WeChatConfig) -> None:
        self._config = config
        self.session, self._adapter = open_session(config.api_base)
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
            raise WeChatTimeout(None, f"no time left to ask {path}")
        self._adapter.deadline = deadline
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
        except requests.Timeout:
            raise WeChatTimeout(None, f"no answer from {path}") from None
        except requests.ConnectionError as error:
            raise WeChatUnreachable(None, f"{type(error).__name__} at {path}") from None
        except (requests.RequestException, TypeError, ValueError, RecursionError) as error:
            # The last three are wechatpy's own, over an answer of an unforeseen shape.
            raise _no_answer(path, type(error).__name__) from None


class WeChatGateway:
    """WeChat for the rest of the project; one for each process, for all its threads.

    Args:
        config: see WeChatConfig.
        tokens: where the access token is kept.
        breaker_clock: seconds from any fixed start, for the circuit breakers.
    """

    def __init__(
        self,
        config: WeChatConfig,
        tokens: AccessTokenStore,
        *,
        breaker_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._bulkhead = Bulkhead(config.max_concurrent_calls, config.max_waiting_calls, "wechat")
        self._breakers = {
            operation: CircuitBreaker(
                faults=WeChatUnreachable,
                answers=WeChatError,
                clock=breaker_clock,
                opened=partial(self._bulkhead.turn_away, operation),
            )
            for operation in ("login", "phone_number", "code_image", "check_text")
        }
        # requests.Session is not promised to be thread-safe. All calls are made by the
        # bulkhead's few threads, so a session each costs few connections and stays warm.
        self._links = threading.local()
        self._sessions: list[requests.Session] = []
        # At DEBUG urllib3 logs each URL, with AppSecret, login code or access token in it.
        logging.getLogger("urllib3").setLevel(logging.INFO)

    def login(self, code: str) -> WeChatIdentity:
        """Trade the code of wx.login for the user's identity (jscode2session).

        Needs no access token, so an outage of that API doesn't keep people out.

        Args:
            code: from wx.login; WeChat takes it once, within 5 minutes.

        Raises:
            WeChatCodeInvalid: 40029, 40163, or a code that can't be one.
            WeChatUserBlocked: 40226.
            WeChatBusy: too many wait for WeChat already, or have waited for too long.
            WeChatUnavailable: busy, over the limit (45011), no usable answer within
                `WeChatConfig.deadline_s`, or not asked at all.
            WeChatRefused: anything else, such as a wrong AppSecret.
        """
        _check_code(code)
        params = {
            "appid": self._config.appid,
            "secret": self._config.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        path = "/sns/jscode2session"
        answer = self._call("login", lambda link, deadline: link.get(path, params, deadline))
        openid, unionid = _member(answer, "openid", str, path), answer.get("unionid")
        return WeChatIdentity(openid, unionid if isinstance(unionid, str) and unionid else None)

    def phone_number(self, code: str) -> str:
        """The number a user has let us have (getuserphonenumber).

        Args:
            code: from the phone button, not the login code; once, within 5 minutes.

        Returns:
            A mainland mobile number, 11 digits, without the country code.

        Raises:
            WeChatCodeInvalid: 40029.
            WeChatForeignNumber: a number of another country.
            WeChatRefused: as for login.
            WeChatUnavailable: as for login.
        """
        _check_code(code)
        path = "/wxa/business/getuserphonenumber"
        answer = self._call_with_token("phone_number", path, {"code": code})
        info = _member(answer, "phone_info", dict, path)
        number = _member(info, "purePhoneNumber", str, path)
        mobile = mobile_number(number) if str(info.get("countryCode")) == "86" else None
        if mobile is None:
            raise WeChatForeignNumber
        return mobile

    def code_image(self, scene: str, *, width: int = 430) -> bytes:
        """The mini-program code that opens our page with `scene` (getwxacodeunlimit).

        Such a code never expires: put only an opaque, revocable id in it, and keep the image.

        Args:
            scene: 1–32 characters of WeChat's alphabet (no `%`, no Chinese).
            width: pixels, 280–1280.

        Returns:
            PNG or JPEG.

        Raises:
            ValueError: a scene or width that WeChat would not take; nothing was sent.
            WeChatRefused: the page isn't published (41030), and as for login.
            WeChatUnavailable: over the limit (45009), and as for login.
        """
        if not _SCENE.fullmatch(scene):
            raise ValueError("scene must be 1-32 characters of WeChat's alphabet")
        if not 280 <= width <= 1280:
            raise ValueError("width must be 280-1280 pixels")
        path = "/wxa/getwxacodeunlimit"
        body = {
            "scene": scene,
            "page": self._config.page,
            # Only the released version can be asked whether it has the page.
            "check_path": self._config.env_version == "release",
            "env_version": self._config.env_version,
            "width": width,
        }
        answer = self._call_with_token("code_image", path, body)
        if not isinstance(answer, requests.Response) or not answer.content.startswith(
            _IMAGE_STARTS
        ):
            raise _no_answer(path, "no image")
        return answer.content

    def check_text(self, openid: str, text: str, *, scene: TextScene) -> TextVerdict:
        """Have a user's text checked (msg_sec_check, version 2).

        Check when the text is handed in: the user must have used the mini-program within
        2 hours. On any WeChatError the caller keeps the text for a person to review: the
        user's save doesn't fail, and nothing unchecked is shown.

        Args:
            openid: of the writer.
            text: 1–2500 characters.
            scene: what kind of text it is.

        Raises:
            ValueError: an empty or too long text; nothing was sent.
            WeChatRefused: 61010 (not seen for 2 hours), and as for login.
            WeChatUnavailable: as for login.
        """
        if not 1 <= len(text) <= LONGEST_TEXT:
            raise ValueError(f"text must have 1-{LONGEST_TEXT} characters")
        path = "/wxa/msg_sec_check"
        body = {"openid": openid, "scene": int(scene), "version": 2, "content": text}
        answer = self._call_with_token("check_text", path, body)
        result = _member(answer, "result", dict, path)
        try:
            suggest = Suggestion(_member(result, "suggest", str, path))
        except ValueError:
            suggest = Suggestion.REVIEW  # a word we don't know: let a person look
        label = _member(result, "label", int, path)
        return TextVerdict(suggest, label, str(answer.get("trace_id", "")))

    def close(self) -> None:
        """Take no more calls and close the connections."""
        self._bulkhead.close()
        for session in self._sessions:
            session.close()

    def _call_with_token(self, operation: str, path: str, body: dict[str, Any]) -> Any:
        def attempt(link: _Link, deadline: Deadline) -> Any:
            token = self._token(link, deadline)
            try:
                return link.post(path, body, deadline, token=token.value)
            except WeChatUnavailable as error:
                if error.errcode in _TOKEN_REFUSED:
                    self._tokens.mark_bad(token)
                raise

        return self._call(operation, attempt)

    def _token(self, link: _Link, deadline: Deadline) -> AccessToken:
        config, path = self._config, "/cgi-bin/stable_token"

        def fetch() -> IssuedToken:
            # Never force_refresh: 20 a day, and it takes the token from the other workers.
            body = {
                "grant_type": "client_credential",
                "appid": config.appid,
                "secret": config.secret,
                "force_refresh": False,
            }
            answer = link.post(path, body, deadline)
            lifetime_s = _member(answer, "expires_in", int, path)
            if lifetime_s < 0:
                raise _no_answer(path, "expired already")
            return IssuedToken(_member(answer, "access_token", str, path), lifetime_s)

        return self._tokens.get(config.appid, fetch, wait_s=deadline.remaining())

    def _call(self, operation: str, attempt: Callable[[_Link, Deadline], T]) -> T:
        """Run a call, with at most one retry, behind its breaker and the bulkhead.

        Raises RuntimeError inside a transaction: it would hold one of the few connections, and
        whatever it has locked, for as long as WeChat likes.
        """
        if transaction_is_open():
            raise RuntimeError("no call to WeChat inside a transaction")
        began = time.monotonic()
        outcome = "fault"
        try:
            with UNDER_WAY.track_inprogress():
                answer = self._asked(operation, attempt)
            outcome = "answered"
            return answer
        except WeChatError as error:
            outcome = error.outcome
            raise
        finally:
            CALLS.labels(operation, outcome).inc()
            CALL_SECONDS.labels(operation).observe(time.monotonic() - began)
            is_open = self._breakers[operation].state is not BreakerState.CLOSED
            BREAKERS.labels(operation).set(is_open)

    def _asked(self, operation: str, attempt: Callable[[_Link, Deadline], T]) -> T:
        """Run a call; log, and raise as WeChatError, whatever kept it from an answer."""
        try:
            return self._in_turn(operation, attempt, Deadline(self._config.deadline_s))
        except BulkheadFull:
            error: WeChatError = WeChatBusy(None, "too many calls under way")
        except (BreakerOpen, TurnedAway):
            error = WeChatNotAsked(None, "not asked: it has not been answering")
        except WeChatError as refusal:
            error = refusal
        # A wrong code is the user's everyday; the rest is for whoever runs this.
        level = logging.INFO if isinstance(error, WeChatCodeInvalid) else logging.WARNING
        logger.log(
            level, "wechat %s: %s", operation, error, extra={"wechat_errcode": error.errcode}
        )
        raise error

    def _in_turn(
        self, operation: str, attempt: Callable[[_Link, Deadline], T], deadline: Deadline
    ) -> T:
        admission = self._breakers[operation].admit()
        in_line_since = time.monotonic()

        def begin() -> T:
            TURN_SECONDS.observe(time.monotonic() - in_line_since)
            return admission.run(lambda: _with_one_retry(attempt, self._link(), deadline))

        try:
            # The breaker hears of a call's end in the thread that made it, before that thread
            # makes the next: so who waits when it opens isn't sent after the others.
            return self._bulkhead.run(
                begin,
                kind=operation,
                turn_s=self._config.turn_s,
                wait_s=deadline.remaining(),
                pointless=lambda: not admission.stands,
            )
        except (BulkheadFull, TurnedAway):
            admission.hand_back()
            raise
        except TimeoutError:
            admission.give_up()
            raise WeChatTimeout(None, f"{operation} took too long") from None

    def _link(self) -> _Link:
        """This thread's link, made on first use."""
        link: _Link | None = getattr(self._links, "link", None)
        if link is None:
            link = self._links.link = _Link(self._config)
            self._sessions.append(link.session)
        return link


def _with_one_retry(attempt: Callable[[_Link, Deadline], T], link: _Link, deadline: Deadline) -> T:
    """Try, and once more where that makes sense: WeChat was busy, has refused the access
    token, or the connection broke (a kept one that the server closed just then)."""
    try:
        return attempt(link, deadline)
    except WeChatTimeout:
        raise
    except WeChatUnreachable:
        pass
    except WeChatUnavailable as error:
        if error.errcode != _BUSY and error.errcode not in _TOKEN_REFUSED:
            raise
    return attempt(link, deadline)


def _error_for(errcode: int, errmsg: str) -> WeChatError:
    if errcode in _CODE_INVALID:
        return WeChatCodeInvalid(errcode, errmsg)
    if errcode == _USER_BLOCKED:
        return WeChatUserBlocked(errcode, errmsg)
    if errcode == _BUSY or errcode in _OVER_LIMIT or errcode in _TOKEN_REFUSED:
        return WeChatUnavailable(errcode, errmsg)
    return WeChatRefused(errcode, errmsg)


def _no_answer(path: str, what: str) -> WeChatUnavailable:
    """The error for an answer that is none: HTML, cut JSON, a member missing."""
    return WeChatUnavailable(None, f"no usable answer from {path}: {what}")


def _member(answer: Any, name: str, kind: type[T], path: str) -> T:
    """A member of a JSON object, checked: not there, empty or of another type is no answer."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind) or not value:
        raise _no_answer(path, f"no {name}")
    return value


def _check_code(code: str) -> None:
    if not code.strip() or len(code) > LONGEST_CODE:
        raise WeChatCodeInvalid(None, "empty or too long to be a code")


def _fetch_refused() -> None:
    raise AssertionError("access tokens come from AccessTokenStore alone")
