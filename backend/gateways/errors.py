"""The one family of exceptions that leaves the gateway.

Neither wechatpy's nor requests' exceptions get past `link.py`: their messages carry the
whole URL, and with it the AppSecret, the login code or the access token.
"""

from typing import ClassVar


class WeChatError(Exception):
    """WeChat didn't do what was asked.

    Args:
        errcode: WeChat's own code; None where there was no answer, or none we understand.
        message: for the log, in WeChat's or our words; never holds a secret.
        retryable: whether the same call may succeed a little later.

    Attributes:
        outcome: how such a call ended, for monitoring.
        maybe_done: whether WeChat may have done it all the same: it was asked, and what it has
            answered we don't know. Who must not do a thing twice does not ask again.
    """

    outcome: ClassVar[str]

    def __init__(self, errcode: int | None, message: str, retryable: bool) -> None:
        super().__init__(errcode, message, retryable)
        self.errcode = errcode
        self.message = message
        self.retryable = retryable
        self.maybe_done = False

    def __str__(self) -> str:
        return self.message if self.errcode is None else f"{self.errcode}: {self.message}"


class WeChatUnavailable(WeChatError):
    """Not now: busy, over a limit, or an answer that is no answer."""

    outcome = "unavailable"

    def __init__(self, errcode: int | None, message: str, retryable: bool = True) -> None:
        super().__init__(errcode, message, retryable)
        self.maybe_done = errcode is None


class WeChatBusy(WeChatUnavailable):
    """Not asked, for too many are being asked for: says nothing about WeChat."""

    outcome = "busy"

    def __init__(self, message: str) -> None:
        super().__init__(None, message)
        self.maybe_done = False


class WeChatNotAsked(WeChatUnavailable):
    """Not asked, for it has not been answering: the breaker was open."""

    outcome = "not_asked"

    def __init__(self, message: str) -> None:
        super().__init__(None, message)
        self.maybe_done = False


class WeChatUnreachable(WeChatUnavailable):
    """No answer at all: a connection fault or a timeout. These are what the breaker counts."""

    outcome = "unreachable"


class WeChatNotConnected(WeChatUnreachable):
    """There was no connection: nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(None, message)
        self.maybe_done = False


class WeChatTimeout(WeChatUnreachable):
    """No answer in the time we have; there is none left for a second try."""

    outcome = "timeout"


class WeChatCodeInvalid(WeChatError):
    """The code is wrong, too old or used up: the mini-program asks for a new one, once."""

    outcome = "code_invalid"

    def __init__(self, errcode: int | None, message: str) -> None:
        super().__init__(errcode, message, False)


class WeChatUserBlocked(WeChatError):
    """WeChat takes this user for high-risk (40226): send them to the service desk."""

    outcome = "user_blocked"

    def __init__(self, errcode: int | None, message: str) -> None:
        super().__init__(errcode, message, False)


class WeChatRefused(WeChatError):
    """A refusal that a retry won't change: a wrong AppSecret, an unpublished page, bad data."""

    outcome = "refused"

    def __init__(self, errcode: int | None, message: str) -> None:
        super().__init__(errcode, message, False)


class WeChatForeignNumber(WeChatRefused):
    """A phone number that is no mobile of mainland China, and so can't be kept."""

    def __init__(self) -> None:
        super().__init__(None, "not a mobile number of mainland China")
