"""Which words in the name of a place mean that there is none yet."""

import pytest

from backend.activities.checks.readiness import is_settled


@pytest.mark.parametrize(
    "name",
    ["待 定", "花园社区（场地待定）", "未定", "（未定）", "地点：未定", "另行通知", "地点另行通知",
     "暂定", "场地 暂定", "无", "暂无", "-", "——", "。", "场地", "TBD"],
)  # fmt: skip
def test_a_place_that_is_not_settled_is_none(name: str) -> None:
    assert not is_settled(name)


@pytest.mark.parametrize(
    "name", ["社区广场", "花园广场（暂定）", "无锡路 1 号", "1 号楼", "没有围墙的公园"]
)
def test_a_place_that_is_named_is_one(name: str) -> None:
    assert is_settled(name)
