"""The stand-in WeChat as a process of its own, and the levers tests pull on it."""

import re
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

import requests

from backend.core.crypto import PhoneVault

APPID = "wx-standin"
SECRET = "standin-secret"
VAULT = PhoneVault(("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",), b"0123456789abcdef")

LOGIN = "/sns/jscode2session"
TOKEN = "/cgi-bin/stable_token"
CODE_IMAGE = "/wxa/getwxacodeunlimit"
CHECK_TEXT = "/wxa/msg_sec_check"
PHONE = "/wxa/business/getuserphonenumber"
SEND = "/cgi-bin/message/subscribe/send"


class StandIn:
    """Starts `python -m backend.gateways.fake_wechat` and ends it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "backend.gateways.fake_wechat"]
        self._process = subprocess.Popen(
            [*command, "--appid", APPID, "--secret", SECRET], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"no address in {line!r}"
        self.address = found[0]
        self._http = requests.Session()
        self._http.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()
        self._process.terminate()
        self._process.communicate(timeout=10)

    def reset(self) -> None:
        """Forget everything, and let go of hanging requests."""
        self._post("reset", {})

    def mode(self, path: str, **fault: Any) -> None:
        """Misbehave at a path; without a fault, behave again and let go of who hangs there."""
        self._post("mode", {"path": path, **fault})

    def always_40001(self) -> None:
        self._post("mode", {"always_40001": True})

    def advance(self, seconds: float) -> None:
        self._post("clock", {"advance_s": seconds})

    def issue_code(self, name: str) -> str:
        code: str = self._post("code", {"name": name})["code"]
        return code

    def grant(self, openid: str, template: str, n: int = 1) -> None:
        """Let so many more messages of a template be sent to somebody."""
        self._post("grant", {"openid": openid, "template": template, "n": n})

    def push(self, target: str, event: dict[str, Any], **how: Any) -> list[dict[str, Any]]:
        """Send an event to a URL of ours, and answer what came back."""
        answers: list[dict[str, Any]] = self._post(
            "push", {"target": target, "event": event, **how}
        )["answers"]
        return answers

    def count(self, path: str) -> int:
        """How many requests to a path there were."""
        count: int = self.log(path)["count"]
        return count

    def wait_for(self, path: str, count: int) -> None:
        """Wait until there were so many requests to a path."""
        seen = self.log(path, wait_for=count)["count"]
        assert seen >= count, f"{seen} requests to {path}, not {count}"

    def log(self, path: str | None = None, wait_for: int = 0) -> Any:
        query: dict[str, Any] = {"wait_for": wait_for} | ({} if path is None else {"path": path})
        reply = self._http.get(f"{self.address}/_fake/calls", params=query, timeout=15)
        reply.raise_for_status()
        return reply.json()

    def _post(self, name: str, body: dict[str, Any]) -> Any:
        reply = self._http.post(f"{self.address}/_fake/{name}", json=body, timeout=15)
        assert reply.status_code == 200, reply.text
        return reply.json()
