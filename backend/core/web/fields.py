"""Fields of request bodies: strict, bounded, with messages in plain Chinese. What a field takes, it
also says in the OpenAPI document (`make fuzz` compares the two).

marshmallow is lenient by default ("1" is a number, "yes" is true, a naive datetime passes).
A phone that sends a wrong type has a bug we want to hear of, so these fields are not.
"""

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import ValidationError, fields

from backend.core import clock, text

Messages = dict[str, str | list[Any] | dict[Any, Any]]

_COMMON: Messages = {"required": "必填", "null": "不能为空", "validator_failed": "填写有误"}
# What Python's own parsers tolerate beyond these (braces, underscores, digits of other scripts,
# a NUL at the end) has no business in a body.
_LOCAL_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})", re.ASCII
)
_CLOCK = re.compile("([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
# For the document, where a pattern must mean the same to Python and to JavaScript: text shows
# something. Without the surrogates, which no JSON text has, and what is invisible beyond U+FFFF.
_VISIBLE = (
    r"[^\x00-\x20\x7f-\xa0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    r"\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff]"
)
_THIS_CENTURY = "^20[0-9]{2}-"


class Schema(ma.Schema):
    """Every schema's base. Unknown fields are refused: a typo must not pass for a setting."""

    class Meta:
        unknown = ma.RAISE

    error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        "unknown": "没有这个字段",
        "type": "应为一个对象",
    }

    def _deserialize(self, data: Any, **options: Any) -> Any:
        """A body's fields. marshmallow's own way through them takes twice as long as the fields
        themselves, a twelfth of a check-in: what is right is read without it. All that is wrong or
        out of the ordinary is left to it, so the errors are its own."""
        with suppress(ValidationError):
            read = None if options.get("many") else self._read(data, options.get("partial"))
            if read is not None:
                return read
        return super()._deserialize(data, **options)

    def _read(self, data: Any, partial: Any) -> dict[str, Any] | None:
        """None where marshmallow has to look: at no object, at unknown fields, at required ones
        that are missing.

        Raises ValidationError for a field that is wrong.
        """
        if type(data) is not dict or partial not in (None, True, False):
            return None
        passed_on = {} if partial is None else {"partial": partial}
        read: dict[str, Any] = {}
        given = 0
        for name, field in self.load_fields.items():
            key = field.data_key or name
            value = data.get(key, ma.missing)
            if value is ma.missing:
                if partial:
                    continue
                if field.required:
                    return None
                value = field.load_default
                if value is ma.missing:
                    continue
                value = value() if callable(value) else value
            else:
                given += 1
                plain = not (field.validators or field.pre_load or field.post_load)
                take = field._deserialize if plain and value is not None else field.deserialize
                value = take(value, key, data, **passed_on)
            read[field.attribute or name] = value
        return read if given == len(data) else None


def _described(options: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A field's options with its bounds added to what OpenAPI shows of it."""
    return options | {"metadata": facts | dict(options.get("metadata", {}))}


class Text(fields.String):
    """One line of text, of 1 to `max_length` characters as it is kept (`text.one_line`);
    `blank=True` allows none."""

    default_error_messages = _COMMON | {"invalid": "应为文字"}
    made_one = staticmethod(text.one_line)

    def __init__(self, max_length: int, *, blank: bool = False, **kwargs: Any) -> None:
        least = {} if blank else {"minLength": 1, "pattern": _VISIBLE}
        super().__init__(**_described(kwargs, maxLength=max_length, **least))
        self.max_length, self.blank = max_length, blank

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        kept = self.made_one(value)
        if not kept and not self.blank:
            raise ValidationError("不能为空")
        if len(kept) > self.max_length:
            raise ValidationError(f"最多 {self.max_length} 个字")
        return kept


class Paragraphs(Text):
    """Text of several lines (`text.paragraphs`)."""

    made_one = staticmethod(text.paragraphs)


class Secret(Text):
    """A password, as it is typed: spaces within it count."""

    made_one = staticmethod(text.trimmed)


class ImpersonalText(Text):
    """Text without anybody's own numbers in it: what residents are told, or what stands in a
    community's list or in the log, where nobody finds it again to erase it with the person."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        kept = super()._deserialize(value, *args, **kwargs)
        if text.has_personal_number(kept):
            raise ValidationError("请不要写手机号、身份证号、微信号等个人信息")
        return kept


class ImpersonalParagraphs(ImpersonalText, Paragraphs):
    """The same, of several lines."""


class Int(fields.Integer):
    """A JSON integer within bounds (both included)."""

    default_error_messages = _COMMON | {"invalid": "应为整数"}

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, minimum=minimum, maximum=maximum))
        self.minimum, self.maximum = minimum, maximum

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid")
        if not self.minimum <= value <= self.maximum:
            raise ValidationError(f"应在 {self.minimum} 到 {self.maximum} 之间")
        return value


class QueryInt(Int):
    """An integer in a query string, where everything is text."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
            raise self.make_error("invalid")
        return super()._deserialize(int(value), *args, **kwargs)


class Number(fields.Float):
    """A finite JSON number within bounds (both included)."""

    default_error_messages = _COMMON | {"invalid": "应为数字"}

    def __init__(self, minimum: float, maximum: float, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, minimum=minimum, maximum=maximum))
        self.minimum, self.maximum = minimum, maximum

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.make_error("invalid")
        if not self.minimum <= value <= self.maximum or not math.isfinite(value):
            raise ValidationError(f"应在 {self.minimum} 到 {self.maximum} 之间")
        return float(value)


class Flag(fields.Boolean):
    """true or false, nothing that resembles them."""

    default_error_messages = _COMMON | {"invalid": "应为 true 或 false"}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class FlagInQuery(Flag):
    """`true` or `false` in a query string, where everything is text."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        known = {"true": True, "false": False}
        return super()._deserialize(known.get(value, value), *args, **kwargs)


class Instant(fields.AwareDateTime):
    """An ISO 8601 instant with an offset, in this century; answered in UTC."""

    default_error_messages = _COMMON | {"invalid": "应为带时区的时间，如 2026-05-01T09:00:00+08:00"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, pattern=_THIS_CENTURY))

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            instant = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None
        if not _EARLIEST <= instant < _LATEST:
            raise ValidationError("时间应在 2000 年到 2099 年之间")
        return instant


class Moment(Instant):
    """An instant, or a whole day in Shanghai: as `from` its beginning, as `to` its end."""

    def __init__(self, *, end: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.end = end

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            day: date = Day().deserialize(value)
            return clock.day_end(day) if self.end else clock.day_start(day)
        # A "+" that was not escaped arrives as a space.
        spelt = re.sub(r" (?=\d{2}:?\d{2}$)", "+", value) if isinstance(value, str) else value
        return super()._deserialize(spelt, *args, **kwargs)


class LocalInstant(fields.AwareDateTime):
    """A date and time as a form has them, YYYY-MM-DDTHH:MM in Shanghai; answered in UTC."""

    default_error_messages = _COMMON | {"invalid": "请选择日期和时间"}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _LOCAL_INSTANT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            instant = datetime.fromisoformat(value).replace(tzinfo=clock.SHANGHAI).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None
        if not _EARLIEST <= instant < _LATEST:
            raise ValidationError("时间应在 2000 年到 2099 年之间")
        return instant


class Day(fields.Date):
    """A day, YYYY-MM-DD."""

    default_error_messages = _COMMON | {"invalid": "应为日期，如 2026-05-01"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, pattern=_THIS_CENTURY))

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if not _EARLIEST.date() <= day < _LATEST.date():
            raise ValidationError("日期应在 2000 年到 2099 年之间")
        return day


class TimeOfDay(fields.Field[time]):
    """A time of Shanghai's day, H:MM; answered as HH:MM."""

    default_error_messages = _COMMON | {"invalid": "应为时刻，如 09:00"}

    def __init__(self, **kwargs: Any) -> None:
        shape = {"type": "string", "pattern": f"^{_CLOCK.pattern}$", "example": "09:00"}
        super().__init__(**_described(kwargs, **shape))

    def _serialize(self, value: time | None, *_: Any, **__: Any) -> str | None:
        return value.strftime("%H:%M") if value is not None else None

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> time:
        matched = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if matched is None:
            raise self.make_error("invalid")
        return time(int(matched[1]), int(matched[2]))


class Id(fields.UUID):
    """A row's id as a UUID string."""

    default_error_messages = _COMMON | {"invalid_uuid": "编号格式不对"}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> UUID:
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise self.make_error("invalid_uuid")
        return UUID(value)


class Choice(fields.Enum[Any]):
    """One of an enum's values."""

    default_error_messages = _COMMON | {"unknown": "可选：{choices}"}

    def __init__(self, enum: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(enum, by_value=True, **_described(kwargs, type="string"))

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("unknown", choices=self.choices_text)
        return super()._deserialize(value, *args, **kwargs)


class Key(fields.String):
    """A key of a configured list, like a service kind."""

    default_error_messages = _COMMON | {"invalid": "应为文字", "unknown": "没有这个选项"}

    def __init__(self, keys: Iterable[str], **kwargs: Any) -> None:
        self.keys = frozenset(keys)
        super().__init__(**_described(kwargs, enum=sorted(self.keys)))

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if value not in self.keys:
            raise self.make_error("unknown")
        return value


class Items(fields.List[Any]):
    """A JSON array of at most `max_length` members."""

    default_error_messages = _COMMON | {"invalid": "应为列表"}

    def __init__(self, inner: Any, max_length: int, **kwargs: Any) -> None:
        super().__init__(inner, **_described(kwargs, maxItems=max_length))
        self.max_length = max_length

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) > self.max_length:
            raise ValidationError(f"最多 {self.max_length} 项")
        return super()._deserialize(value, *args, **kwargs)


class Part(fields.Nested):
    """A nested object. It is given whole or not at all: that a change of the outer object may
    leave out fields (`partial`) does not reach into it."""

    default_error_messages = _COMMON | {"type": "应为一个对象"}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, *args, **(kwargs | {"partial": False}))


class Phone(fields.String):
    """A mainland mobile number; 11 digits, however it was written (`text.mobile_number`)."""

    default_error_messages = _COMMON | {"invalid": "应为 11 位手机号"}
    # As the document has it: with the usual marks, not with every one that comes along in a paste.
    pattern = r"([+]?(00)?86[ -]?)?1[3-9][0-9]([ -]?[0-9]){8}"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, pattern=f"^{self.pattern}$"))

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        number = text.mobile_number(value) if isinstance(value, str) else None
        if number is None:
            raise self.make_error("invalid")
        return number
