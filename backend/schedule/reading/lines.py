"""Which lines below a head are no activities: sums, signatures, remarks, a head once more."""

import re
from collections.abc import Mapping, Sequence

from backend.core.spreadsheets.reading import Cell
from backend.core.spreadsheets.values import as_text, narrowed
from backend.schedule.reading.columns import DAY, STARTS, TITLE, meant
from backend.schedule.reading.heads import Head

_SUM = re.compile(r"(?:合计|总计|小计|共计|累计|汇总|总数)(?:[\d:].*|.{0,6})")
_SIGNED = re.compile(
    r"(?:填表|制表|填报|审核|审批|复核|经办|负责|联系|单位负责|分管领导)(?:人|单位|部门|日期|时间)?"
    r"(?:\(?签[字章名]\)?)?:.*|\(?(?:盖章|公章|签字|签章)\)?|(?:填表|制表|填报|审核|经办)人"
)
_REMARK = re.compile(r"(?:备注|注|说明|附|附件|提示|要求|注意|注意事项|填表说明)\d*[:.、].*|[※*].*")
_REPEATED = 3


def passed_over(cells: Mapping[int, Cell], head: Head) -> str | None:
    """What a line is taken for that is no activity; None for one that is.

    Args:
        cells: what is written in it, without what merged cells only show.
    """
    texts = [_plain(cell) for _, cell in sorted(cells.items())]
    if any(_SUM.fullmatch(text) for text in texts[:2]) and not _is_whole(cells, head):
        return "合计"
    if _SIGNED.fullmatch(texts[0]):
        return "填表信息"
    if _REMARK.fullmatch(texts[0]) and len(texts) <= 2:
        return "说明"
    if _repeats(cells, head):
        return "重复的表头"
    if len(set(texts)) == 1:
        return "只有一格有字"
    return None if _said(cells, head, (TITLE, DAY, STARTS)) else "没有写活动名称和日期"


def _plain(cell: Cell) -> str:
    return "".join(narrowed(as_text(cell.value)).split())


def _said(cells: Mapping[int, Cell], head: Head, columns: Sequence[str]) -> bool:
    return any(head.columns.get(column) in cells for column in columns)


def _is_whole(cells: Mapping[int, Cell], head: Head) -> bool:
    """Whether a line has a title and a day: one called 总数 may be an activity."""
    return _said(cells, head, (TITLE,)) and _said(cells, head, (DAY, STARTS))


def _repeats(cells: Mapping[int, Cell], head: Head) -> bool:
    same = [
        column
        for column, at in head.columns.items()
        if at in cells and isinstance(cells[at].value, str) and meant(cells[at].value) == column
    ]
    return len(same) >= _REPEATED
