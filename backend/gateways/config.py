"""Where WeChat is, who we are there, and how much of our time it may have."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from backend.gateways.transport import is_loopback

#: A login is answered within 5 s; this much of it may go to WeChat.
LONGEST_CALL_S = 4.5

_PAGE = re.compile(r"[0-9A-Za-z_\-]+(/[0-9A-Za-z_\-]+)*")


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
