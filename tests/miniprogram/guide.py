"""`make guide`: the pictures of docs/guide/volunteers.md, of the phone's pages as they now are.

Each is what a volunteer's screen shows; the answers over the whole screen are not among them.
pytest collects this file only where it is named.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from backend.local.system import ROOT
from tests.miniprogram.phones import OpenPhone, Phone
from tests.miniprogram.test_every_page import Town, town, type_tail

__all__ = ["town"]  # a fixture

_IMAGES = ROOT / "docs" / "guide" / "images"
_PAGES = "packages/volunteer/pages"


@dataclass(frozen=True)
class Shot:
    """A picture of the guide.

    Attributes:
        page: below the volunteer's pages.
        words: on it when it is taken.
        act: what is done there before.
        who: a key of Town.people.
    """

    name: str
    page: str
    words: str
    act: Callable[[Phone], None] = lambda phone: None
    who: str = "scanner"

    def __str__(self) -> str:
        return self.name


SHOTS = (
    Shot("scan", "scan/scan", "刚才", who="busy scanner"),
    Shot("find", "find/find", "请按手机号的后四位"),
    Shot("found", "find/find", "王*英", type_tail),
    Shot("write-in", "write-in/write-in", "怎么称呼"),
    Shot("records", "records/records", "没通过 1 条", who="busy scanner"),
    Shot("desk", "desk/desk", "呼叫下一位", who="caller"),
)


@pytest.mark.parametrize("shot", SHOTS, ids=str)
def test_take(phone: OpenPhone, town: Town, shot: Shot) -> None:
    person = town.people[shot.who]
    opened = phone(
        person.name, path=f"{_PAGES}/{shot.page}", kept={**person.kept, **town.kept[shot.who]}
    )
    shot.act(opened)
    opened.sees(shot.words)
    opened.page.screenshot(
        path=_IMAGES / f"volunteer-{shot.name}.png", animations="disabled", scale="css"
    )
