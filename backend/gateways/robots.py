"""Robots of group chats (企业微信、钉钉群机器人): a line of text into the office's own chat.

Whoever knows a robot's address can write there: it stands in the settings, and in no log.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

import orjson
import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from backend.core import clock
from backend.gateways.deadline import Deadline
from backend.gateways.transport import OneServer

_CONNECT_S, _READ_S, _WHOLE_S = 3.0, 5.0, 8.0
_JSON = MappingProxyType({"Content-Type": "application/json"})


class RobotFailed(Exception):
    """The robot could not be reached, or has refused, so that its chat has not been told; says why
    without its address."""


class RobotUnknown(Exception):
    """The text was sent and no answer of a robot came back: its chat may have been told."""


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot.

    Attributes:
        name: wecom or dingtalk.
        url: its address, with its key.
        secret: with which DingTalk has each message signed (加签); empty where it does not.
    """

    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False, default="")

    def say(self, text: str) -> None:
        """Write a text into its chat.

        Raises RobotFailed, RobotUnknown.
        """
        address = urlsplit(self.url)
        base = f"{address.scheme}://{address.netloc}"
        body = orjson.dumps({"msgtype": "text", "text": {"content": text}})
        with OneServer(base) as server:
            server.bounded.deadline = Deadline(_WHOLE_S)
            try:
                answer = server.request(
                    "POST",
                    f"{base}{address.path}",
                    params=[*parse_qsl(address.query), *self._signature().items()],
                    timeout=(_CONNECT_S, _READ_S),
                    data=body,
                    headers=_JSON,
                )
            except requests.RequestException as error:
                # Its own words name the address.
                failed = RobotFailed if _never_connected(error) else RobotUnknown
                raise failed(type(error).__name__) from None
        _check(answer)

    def _signature(self) -> Mapping[str, str]:
        if not self.secret:
            return {}
        at = str(int(clock.now().timestamp() * 1000))
        digest = hmac.digest(self.secret.encode(), f"{at}\n{self.secret}".encode(), hashlib.sha256)
        return {"timestamp": at, "sign": base64.b64encode(digest).decode()}


class Robots(tuple[Robot, ...]):
    """Those that are configured."""

    __slots__ = ()


def robots(*, wecom: str, dingtalk: str, dingtalk_secret: str) -> Robots:
    """The robots of these addresses; of an empty one there is none."""
    known = (Robot("wecom", wecom), Robot("dingtalk", dingtalk, dingtalk_secret))
    return Robots(robot for robot in known if robot.url)


def _never_connected(error: requests.RequestException) -> bool:
    """Whether nothing can have been sent."""
    (cause, *_) = error.args or (None,)
    reason = getattr(cause, "reason", None)
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))


def _check(answer: requests.Response) -> None:
    """Both say in the body whether they took it, with status 200."""
    try:
        code = orjson.loads(answer.content)["errcode"]
    except (ValueError, KeyError, TypeError):
        raise RobotUnknown(f"status {answer.status_code}, no answer of a robot") from None
    if code != 0:
        raise RobotFailed(f"errcode {code}")
