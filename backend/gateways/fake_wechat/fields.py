"""The fields of a subscription message: what WeChat takes as their values."""

import re
from typing import Any

_HAN = r"\u4e00-\u9fff"
_DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
_RULES = {
    "thing": r"(?s).{1,20}",
    "number": r"(?=.{1,32}$)\d+(\.\d+)?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[ -~]{1,32}",
    "time": rf"({_DAY} )?\d{{1,2}}:\d{{2}}",
    "date": rf"{_DAY}( \d{{1,2}}:\d{{2}})?",
    "amount": r"[¥$€£]?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[0-9+\-() ]{1,17}",
    "name": rf"[{_HAN}·]{{1,10}}|[A-Za-z .·]{{1,20}}",
    "phrase": rf"[{_HAN}]{{1,5}}",
}
RULES = {kind: re.compile(rule) for kind, rule in _RULES.items()}


def wrong_field(data: Any) -> str | None:
    """The name of the first field whose value WeChat refuses; None when all are good."""
    if not isinstance(data, dict) or not data:
        return "data"
    for name, holder in data.items():
        kind = RULES.get(name.rstrip("0123456789"))
        value = holder.get("value") if isinstance(holder, dict) else None
        if kind is None or not isinstance(value, str) or not kind.fullmatch(value):
            return f"data.{name}.value"
    return None
