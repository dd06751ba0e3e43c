"""WeChat's server APIs, as this project uses them: five operations, and the access token.

What a request is stands in link.py, how a call is made in calls.py, whose errors it ends with in
errors.py.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import requests

from backend.core.text import mobile_number
from backend.gateways.calls import Calls
from backend.gateways.config import LONGEST_CALL_S, WeChatConfig
from backend.gateways.deadline import Deadline
from backend.gateways.errors import (
    WeChatBusy,
    WeChatCodeInvalid,
    WeChatError,
    WeChatForeignNumber,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
    WeChatUnreachable,
    WeChatUserBlocked,
)
from backend.gateways.link import TOKEN_REFUSED, Link, member, no_answer, not_sent
from backend.gateways.tokens import AccessToken, AccessTokenStore, IssuedToken

__all__ = [
    "LONGEST_CALL_S",
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

LONGEST_CODE = 512
LONGEST_TEXT = 2500

#: getwxacodeunlimit: the alphabet of `scene`.
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
#: subscribe/send has words of its own for a version of the mini-program.
_STATES = {"release": "formal", "trial": "trial", "develop": "developer"}
_IMAGE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


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
        self._calls = Calls(
            config,
            ("login", "phone_number", "code_image", "check_text", "send_message"),
            breaker_clock,
        )
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
            WeChatRefused: anything else, such as a wrong AppSecret; where an access token is
                needed, that is WeChatUnavailable.
        """
        _check_code(code)
        params = {
            "appid": self._config.appid,
            "secret": self._config.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        path = "/sns/jscode2session"
        answer = self._calls.make("login", lambda link, deadline: link.get(path, params, deadline))
        openid, unionid = member(answer, "openid", str, path), answer.get("unionid")
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
        info = member(answer, "phone_info", dict, path)
        number = member(info, "purePhoneNumber", str, path)
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
            raise no_answer(path, "no image")
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
        result = member(answer, "result", dict, path)
        try:
            suggest = Suggestion(member(result, "suggest", str, path))
        except ValueError:
            suggest = Suggestion.REVIEW  # a word we don't know: let a person look
        label = member(result, "label", int, path)
        return TextVerdict(suggest, label, str(answer.get("trace_id", "")))

    def send_message(
        self, openid: str, template_id: str, *, page: str, fields: Mapping[str, str]
    ) -> None:
        """Send a subscription message. It is never sent twice by this call: where WeChat may have
        sent it, it is not asked again.

        Args:
            openid: to whom.
            template_id: WeChat's own.
            page: where a tap leads, with its query.
            fields: the template's fields with their values, within WeChat's limits.

        Raises:
            WeChatRefused: 43101 (refused by the person, or no credit is left), 40003 (openid),
                40037 (template), 41030 (page), 47003 (a field, which the message names).
            WeChatUnavailable: as for login; `maybe_done` says whether it may have been sent.
        """
        body = {
            "touser": openid,
            "template_id": template_id,
            "page": page.removeprefix("/"),
            "data": {name: {"value": value} for name, value in fields.items()},
            "miniprogram_state": _STATES[self._config.env_version],
        }
        self._call_with_token("send_message", "/cgi-bin/message/subscribe/send", body, once=True)

    def close(self) -> None:
        """Take no more calls and close the connections."""
        self._calls.close()

    def _call_with_token(
        self, operation: str, path: str, body: dict[str, Any], *, once: bool = False
    ) -> Any:
        def attempt(link: Link, deadline: Deadline) -> Any:
            try:
                token = self._token(link, deadline)
            except WeChatRefused as refusal:
                # Of us, not of this call: a wrong AppSecret, an address that is not listed. Once
                # that is put right, the same call is answered.
                message = f"no access token: {refusal.message}"
                raise WeChatUnavailable(refusal.errcode, message) from None
            except WeChatError as error:
                raise not_sent(error) from None
            try:
                return link.post(path, body, deadline, token=token.value)
            except WeChatUnavailable as error:
                if error.errcode in TOKEN_REFUSED:
                    self._tokens.mark_bad(token)
                raise

        return self._calls.make(operation, attempt, once=once)

    def _token(self, link: Link, deadline: Deadline) -> AccessToken:
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
            lifetime_s = member(answer, "expires_in", int, path)
            if lifetime_s < 0:
                raise no_answer(path, "expired already")
            return IssuedToken(member(answer, "access_token", str, path), lifetime_s)

        return self._tokens.get(config.appid, fetch, wait_s=deadline.remaining())


def _check_code(code: str) -> None:
    if not code.strip() or len(code) > LONGEST_CODE:
        raise WeChatCodeInvalid(None, "empty or too long to be a code")
