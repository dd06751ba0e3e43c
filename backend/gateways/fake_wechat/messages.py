"""Requests and answers of the stand-in."""

import json
from dataclasses import dataclass
from typing import Any

JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any] | None:
        """The body as a JSON object; None when it isn't one."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class Answer:
    body: bytes
    content_type: str = JSON
    status: int = 200
    location: str = ""


def answer(value: dict[str, Any], status: int = 200) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False).encode(), JSON, status)


def error(errcode: int, errmsg: str) -> Answer:
    """WeChat's way to say no: HTTP 200 and an errcode."""
    return answer({"errcode": errcode, "errmsg": errmsg})
