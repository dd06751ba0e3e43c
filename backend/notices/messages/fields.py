"""The fields of WeChat's templates: what each kind takes, and how a value is made to fit."""

import re
from dataclasses import dataclass
from datetime import datetime

from backend.core import clock
from backend.core.text import one_line

_HAN = r"\u4e00-\u9fff"
_DAY = r"\d{4}年\d{1,2}月\d{1,2}日"


@dataclass(frozen=True, slots=True)
class FieldKind:
    """One kind of field.

    Attributes:
        takes: what WeChat takes, whole.
        most: characters; what is longer is cut.
        instant: how an instant is written in it; None where it takes none.
    """

    takes: re.Pattern[str]
    most: int
    instant: str | None = None


KINDS = {
    "thing": FieldKind(re.compile(r"(?s).{1,20}"), 20),
    "number": FieldKind(re.compile(r"(?=.{1,32}$)\d+(\.\d+)?", re.ASCII), 32),
    "letter": FieldKind(re.compile(r"[A-Za-z]{1,32}"), 32),
    "symbol": FieldKind(re.compile(r"[^\w\s]{1,5}"), 5),
    "character_string": FieldKind(re.compile(r"[!-~]([ -~]{0,30}[!-~])?"), 32),
    "time": FieldKind(
        re.compile(rf"({_DAY} )?\d{{1,2}}:\d{{2}}", re.ASCII),
        17,
        "{0.year}年{0.month}月{0.day}日 {0:%H:%M}",
    ),
    "date": FieldKind(re.compile(_DAY, re.ASCII), 11, "{0.year}年{0.month}月{0.day}日"),
    "amount": FieldKind(re.compile(r"[¥$€£]?\d{1,10}(\.\d+)?元?", re.ASCII), 15),
    "phone_number": FieldKind(re.compile(r"[0-9+\-() ]{1,17}"), 17),
    "name": FieldKind(re.compile(rf"[{_HAN}·]{{1,10}}|[A-Za-z .·]{{1,20}}"), 20),
    "phrase": FieldKind(re.compile(rf"[{_HAN}]{{1,5}}"), 5),
}  # fmt: skip
_NAME = re.compile(rf"({'|'.join(KINDS)})[1-9]\d?")


def kind_of(name: str) -> FieldKind | None:
    """The kind of a field by its name (`thing1`); None for one that WeChat doesn't have."""
    found = _NAME.fullmatch(name)
    return KINDS[found[1]] if found else None


def fitted(kind: FieldKind, value: str | datetime) -> str | None:
    """A value as WeChat takes it in such a field; None where it can't be made to."""
    if isinstance(value, datetime):
        if kind.instant is None:
            return None
        return kind.instant.format(value.astimezone(clock.SHANGHAI))
    text = one_line(value)
    if len(text) > kind.most:
        text = f"{text[: kind.most - 1].rstrip()}…"
    return text if kind.takes.fullmatch(text) else None
