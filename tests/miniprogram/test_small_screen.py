"""The smallest phone with the largest letters: what has to be seen there is seen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from tests.miniprogram.phones import SMALL, OpenPhone, Phone
from tests.miniprogram.town import Caller, Market, new_name

OpenSmall = Callable[[str], Phone]


@pytest.fixture
def small(own: OpenPhone) -> OpenSmall:
    """Opens a page on the resident's phone, which is small; in elder mode, letters at their
    largest."""
    return lambda path: own(path, size=SMALL, elder=True, fontScale="1.4")


def lines(words: Locator) -> int:
    """In how many lines a node's text stands."""
    return int(
        words.evaluate(
            "node => { const range = document.createRange(); range.selectNodeContents(node);"
            " return new Set([...range.getClientRects()].map(({ bottom }) =>"
            " Math.round(bottom / 12))).size; }"
        )
    )


def test_buttons_side_by_side_do_not_break_their_words(small: OpenSmall, market: Market) -> None:
    mine = small(f"pages/market/market?id={market.id}")
    for name in ("怎么去", "打电话问"):
        assert lines(mine.page.get_by_role("button", name=name)) == 1
    mine.look("market-small")


def test_nothing_loads_behind_the_question_for_consent(phone: OpenPhone) -> None:
    mine = phone(new_name(), path="pages/family/family")
    mine.sees("您可以随时查看、更正或删除")
    mine.misses("正在加载")
    mine.tap("不同意，只浏览")
    mine.sees("同意隐私保护指引后才能使用")
