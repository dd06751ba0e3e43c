"""WeChat's templates: what it would refuse is said at start, and what is sent fits its fields."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.app import create_app
from backend.gateways.fake_wechat.fields import wrong_field
from backend.notices.messages.fields import KINDS, fitted
from backend.notices.messages.templates import TEMPLATES, WrongTemplate, read
from tests.conftest import settings_for

AT = datetime(2026, 12, 5, 1, 0, tzinfo=UTC)
FACTS: dict[str, str | datetime] = {
    "activity": "花园社区公益集市", "place": "", "at": AT, "until": AT, "ticket": "", "note": "",
    "title": "轮到您了", "text": "请到 3 号摊位",
}  # fmt: skip


def template(**fields: Any) -> dict[str, Any]:
    return {"demo": {"title": "样例", "kinds": ["called"], "fields": fields}}


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        (template(thing="title"), r"\[demo\]: thing: WeChat has no such field"),
        (template(place1="title"), r"\[demo\]: place1: WeChat has no such field"),
        (template(thing1="colour"), r"thing1: filled from one of activity"),
        (template(time1="title"), r"time1: title does not fit"),
        (template(thing1="at"), r"thing1: at does not fit"),
        (template(thing1="place"), r"thing1: place may be empty"),
        (template(character_string1="title"), r"character_string1: title may be empty or not fit"),
        (
            template(phrase1={"from": "note", "else": "六个汉字太长"}),
            r"phrase1: WeChat would refuse",
        ),
        (template(thing1={"from": "note", "else": ""}), r"thing1: WeChat would refuse"),
        (template(thing1={"from": "note", "or": "x"}), r"thing1: \"place\" or"),
        (template(), "fields are needed"),
        ({"demo": template(thing1="title")["demo"] | {"kinds": ["shouted"]}}, "shouted"),
        ({"demo": template(thing1="title")["demo"] | {"joined": ["rating_asked"]}}, "among its"),
        ({"demo": template(thing1="title")["demo"] | {"again": ["passed_over"]}}, "among its"),
        ({"demo": template(thing1="title")["demo"] | {"colour": "red"}}, "unknown: colour"),
        (template(thing1="title") | {"other": template(thing1="title")["demo"]}, "already"),
    ],
)
def test_what_wechat_would_refuse_is_said_at_start(sections: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongTemplate, match=said):
        read(sections)


def test_an_id_of_no_template_is_said_at_start() -> None:
    settings = settings_for("postgresql://nowhere/none", wechat_templates=("calld=x",))
    with pytest.raises(WrongTemplate, match="calld"):
        create_app(settings)


@pytest.mark.parametrize("long", ["", "很长" * 40, "A012", "  \n ", "第一行\n第二行", "😀" * 30])
def test_whatever_the_facts_are_every_field_is_one_that_wechat_takes(long: str) -> None:
    facts = FACTS | {"place": long, "ticket": long, "note": long}
    facts |= {"title": long.strip() or "轮到您了", "activity": long.strip() or "集市"}
    for known in TEMPLATES.values():
        data = {name: {"value": value} for name, value in known.filled(facts).items()}
        assert wrong_field(data) is None


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("thing", "字" * 20, "字" * 20),
        ("thing", "字" * 21, "字" * 19 + "…"),
        ("thing", "两\n行", "两 行"),
        ("character_string", "A012", "A012"),
        ("character_string", "甲012", None),
        ("time", AT, "2026年12月5日 09:00"),
        ("date", datetime(2026, 12, 5, 16, 0, tzinfo=UTC), "2026年12月6日"),
        ("phrase", "已受理", "已受理"),
        ("phrase", "", None),
    ],
)  # fmt: skip
def test_values_are_made_to_fit(kind: str, value: str | datetime, written: str | None) -> None:
    assert fitted(KINDS[kind], value) == written
