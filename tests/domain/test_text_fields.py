"""Text in bodies: bounded, storable, readable; messages in Chinese (backend/core/web/fields.py)."""

import json
import unicodedata
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.text import has_mobile_number, masked_numbers, sentence
from backend.core.web import fields


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


# What is typed for a phone number, and which it is. The mini-program reads them the same way.
WRITTEN: dict[str, str | None] = json.loads(
    (Path(__file__).parents[1] / "support" / "numbers.json").read_text(encoding="utf-8")
)
NOT_TEXT: list[Any] = [1, 1.5, True, [], ["a"], {}, {"a": "b"}]


def faults(field: ma.fields.Field[Any], value: Any) -> Any:
    """The messages for a value that is refused."""
    with pytest.raises(ma.ValidationError) as refusal:
        field.deserialize(value)
    return refusal.value.messages


@pytest.mark.parametrize("value", NOT_TEXT)
def test_what_is_no_text_is_refused(value: Any) -> None:
    assert faults(fields.Text(10), value) == ["应为文字"]


INVISIBLE = [
    "\x00", "\x01", "\x08", "\x1b",  # C0
    "\x7f", "\x9f",  # DEL, C1
    "\ud800",  # a lone surrogate
    "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad",  # zero-width
    "\u202a", "\u202e", "\u2066", "\u2069", "\u200e",  # bidirectional marks
    "\ufffe", "\uffff",  # no characters
    "\u3164", "\u2800",  # letters that are drawn empty
]  # fmt: skip


@pytest.mark.parametrize("invisible", INVISIBLE)
def test_what_shows_nothing_is_left_out(invisible: str) -> None:
    """It comes along in a paste; a name with it is another name to a computer alone."""
    for value in (f"王{invisible}英", f"王英{invisible}", f"{invisible} 王英"):
        assert fields.Text(2).deserialize(value) == "王英"
        assert fields.Paragraphs(2).deserialize(value) == "王英"
    assert faults(fields.Text(10), invisible) == ["不能为空"]


@pytest.mark.parametrize(
    "white", ["\n", "\r\n", "\r", "\t", "\v", "\x85", "\u2028", "　", "\xa0", "  "]
)
def test_a_line_is_one_line(white: str) -> None:
    """Alt+Enter in a cell of Excel, a paste of two lines: everything named after it would break."""
    assert fields.Text(3).deserialize(f"{white}王{white}英{white}") == "王 英"


def test_several_lines_stay_several() -> None:
    written = "  第一行 \r\n\t第 二行\n\n\n\n\u200b第三行\u2028\n"
    assert fields.Paragraphs(20).deserialize(written) == "第一行\n第 二行\n\n第三行"
    assert fields.ImpersonalParagraphs(20).deserialize("一\r\n二") == "一\n二"
    assert faults(fields.ImpersonalParagraphs(99), "请回电\n13911122233") != []


def test_a_password_keeps_its_spaces() -> None:
    assert fields.Secret(20).deserialize(" two  words ") == "two  words"


@pytest.mark.parametrize("kept", ["🦯 轮椅", "Zoë", "𠮷野家", "葛󠄀飾", "阿依古丽·买买提"])
def test_ordinary_characters_stay(kept: str) -> None:
    assert fields.Text(10).deserialize(kept) == kept


def test_text_is_trimmed_and_normalised_before_it_is_measured() -> None:
    assert fields.Text(3).deserialize("  王秀英　\n") == "王秀英"
    assert fields.Text(3).deserialize("Zoe\u0308") == "Zo\u00eb"
    assert faults(fields.Text(3), "王秀英英") == ["最多 3 个字"]
    assert faults(fields.Text(1), "\U0001d15e") == ["最多 1 个字"], "NFC makes two of this one"


@pytest.mark.parametrize(
    "blank", ["", "   ", "\n\t", "　", "\u200b", "\u200b\u200d\ufeff", " \u2060 ", "\u00ad"]
)
def test_text_that_shows_nothing_is_blank(blank: str) -> None:
    """A name of zero-width characters would be an empty line on a volunteer's list."""
    assert faults(fields.Text(10), blank) == ["不能为空"]


def test_blank_text_is_taken_where_the_field_says_so() -> None:
    assert fields.Text(10, blank=True).deserialize("  ") == ""


def test_null_and_missing_are_named() -> None:
    assert faults(fields.Text(10), None) == ["不能为空"]
    assert faults(fields.Text(10, required=True), ma.missing) == ["必填"]
    assert fields.Text(10, allow_none=True).deserialize(None) is None


@given(st.text(st.characters(), max_size=30) | st.text(max_size=30))
def test_text_that_is_taken_can_be_stored(value: str) -> None:
    """Whatever a phone sends: either a message, or short NFC text that UTF-8 can hold."""
    try:
        taken = fields.Text(20).deserialize(value)
    except ma.ValidationError:
        return
    assert 1 <= len(taken) <= 20
    assert taken == unicodedata.normalize("NFC", taken)
    assert taken == fields.Text(20).deserialize(taken), "done once, it is done"
    assert taken.replace(" ", "a").isprintable() or {*map(unicodedata.category, taken)} & {
        "Cn",
        "Co",
    }
    taken.encode("utf-8")


# ---------------------------------------------------------------------------- chosen words


@pytest.mark.parametrize("value", ["blue", "RED", "", " red", 1, True, None, [], {}, ["red"]])
def test_a_choice_is_one_of_its_words(value: Any) -> None:
    messages = faults(fields.Choice(Colour), value)
    assert messages == (["不能为空"] if value is None else ["可选：red, green"])


def test_a_choice_becomes_its_member() -> None:
    assert fields.Choice(Colour).deserialize("red") is Colour.RED


@pytest.mark.parametrize("value", ["spaceflight", "", "Haircut", " haircut", "hair\x00cut"])
def test_a_key_is_one_of_the_configured_ones(value: Any) -> None:
    assert faults(fields.Key({"haircut": "义剪"}), value) == ["没有这个选项"]


@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_key_is_text(value: Any) -> None:
    assert faults(fields.Key({"haircut"}), value) == ["应为文字"]


def test_a_configured_key_is_taken_as_it_is() -> None:
    assert fields.Key({"haircut"}).deserialize("haircut") == "haircut"


# ---------------------------------------------------------------------------- ids and numbers


@pytest.mark.parametrize(
    "value",
    [
        *NOT_TEXT, "", "x", str(UUID(int=7)).replace("-", ""), f"{{{UUID(int=7)}}}",
        f"urn:uuid:{UUID(int=7)}", str(UUID(int=7)) + "0", "g" * 36, "\x00" * 36, "\ud800" * 36,
        "----00000000000000000000000000000007", "0000000000000000000000000000-000-00-7",
        "０0000000-0000-0000-0000-000000000007", "0_000000-0000-0000-0000-000000000007",
        "{{{{00000000000000000000000000000007",
    ],
)  # fmt: skip
def test_an_id_has_one_form(value: Any) -> None:
    """36 characters, hyphens in their places: nothing that Python's UUID merely tolerates."""
    assert faults(fields.Id(), value) == ["编号格式不对"]


def test_an_id_becomes_a_uuid() -> None:
    value = uuid4()
    assert fields.Id().deserialize(str(value)) == value
    assert fields.Id().deserialize(str(value).upper()) == value
    assert faults(fields.Id(), None) == ["不能为空"]


@pytest.mark.parametrize("value", [13812345678, None, True, [], {}])
def test_a_phone_number_is_text(value: Any) -> None:
    wanted = "不能为空" if value is None else "应为 11 位手机号"
    assert faults(fields.Phone(), value) == [wanted]


@pytest.mark.parametrize(("written", "number"), WRITTEN.items())
def test_a_phone_number_is_read_however_it_was_written(written: str, number: str | None) -> None:
    if number is None:
        assert faults(fields.Phone(), written) == ["应为 11 位手机号"]
    else:
        assert fields.Phone().deserialize(written) == number


# ---------------------------------------------------------------------------- lists and objects


class Guest(fields.Schema):
    name = fields.Text(5, required=True)


@pytest.mark.parametrize("value", ["abc", 1, True, {}, {"0": "a"}])
def test_a_list_is_a_list(value: Any) -> None:
    assert faults(fields.Items(fields.Text(5), 3), value) == ["应为列表"]


def test_a_list_has_its_bound_and_names_its_bad_members() -> None:
    field = fields.Items(fields.Text(2), 2)
    assert field.deserialize([]) == []
    assert field.deserialize(["甲", "乙"]) == ["甲", "乙"]
    assert faults(field, ["甲", "乙", "丙"]) == ["最多 2 项"]
    assert faults(field, ["甲", "甲乙丙"]) == {1: ["最多 2 个字"]}
    assert faults(field, ["甲", None]) == {1: ["不能为空"]}


@pytest.mark.parametrize("value", ["abc", 1, True, [], [{"name": "王"}]])
def test_a_part_is_an_object(value: Any) -> None:
    assert faults(fields.Part(Guest), value) == {"_schema": ["应为一个对象"]}


def test_unknown_fields_are_refused_at_every_depth() -> None:
    """A typo must not pass for a setting."""

    class Body(fields.Schema):
        guest = fields.Part(Guest)

    with pytest.raises(ma.ValidationError) as refusal:
        Body().load({"guest": {"name": "王", "phon": "1"}, "gest": {}})
    assert refusal.value.messages == {"guest": {"phon": ["没有这个字段"]}, "gest": ["没有这个字段"]}


@pytest.mark.parametrize(
    "text",
    [
        "居民 13911122233 来电", "电话139 1112 2233", "139-1112-2233", "身份证32041219500101123X",
        "+8613911122233", "回电 0086 139—1112—2233", "１３９１１１２２２３３", "139\u200b11122233",
        "加微信号：wx_abc123", "微信 Zhang-2020",
    ],
)  # fmt: skip
def test_words_that_stay_in_a_list_or_the_log_hold_no_number(text: str) -> None:
    """Nobody finds them there again when the person's account is closed."""
    with pytest.raises(ma.ValidationError, match="请不要写手机号"):
        fields.ImpersonalText(100).deserialize(text)


@pytest.mark.parametrize(
    "text",
    ["核实差评", "第 139 号，等了 1112 分钟", "2026-12-01 10:00 来过", "用微信 WeChat 扫码"],
)
def test_other_numbers_are_no_person_s(text: str) -> None:
    assert fields.ImpersonalText(100).deserialize(text) == text


def test_numbers_that_may_be_a_persons_own_are_known_and_masked() -> None:
    masked = {
        "13800002288": "138****2288", "王师傅 138 0000 2288": "王师傅 138****2288",
        "１３８００００２２８８": "138****2288", "+86 (138) 00-002288": "138****2288",
        "联系8613800002288": "联系861****2288", "小李 +8613800002288": "小李 +861****2288",
        "138\u20130000\u20132288": "138****2288", "找 138 00002 288": "找 138****2288",
        "找小李，320412199001011234 或 138-0000-2288": "找小李，320****1234 或 138****2288",
    }  # fmt: skip
    for text, expected in masked.items():
        assert has_mobile_number(text), text
        assert masked_numbers(text) == expected
    for public in (
        "0519-86310000",
        "051986310000",
        "400 800 1234",
        "12345",
        "第 13800002288123 号",
    ):
        assert not has_mobile_number(public), public
        assert masked_numbers(public) == public


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("大雨", "大雨。"),
        ("大雨。", "大雨。"),
        ("大雨，", "大雨。"),
        ("等雨停……", "等雨停……"),
        ("他说「不办了！」", "他说「不办了！」"),
        ("停电（抢修）", "停电（抢修）。"),
    ],
)
def test_what_is_typed_ends_as_a_sentence_once(typed: str, said: str) -> None:
    assert sentence(typed) == said
