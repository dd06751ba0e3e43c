"""The schedule as Excel files: what is exported, and the template."""

import itertools
import string
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from backend.activities.models import Programme
from backend.activities.words import ACTIVITY_STATES, EXCHANGE_KINDS, PROGRAMMES, SLOT_CHOICES
from backend.core import clock
from backend.core.config import titles
from backend.core.dates import dated
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook
from backend.schedule.reading.columns import (
    ABOUT,
    ADDRESS,
    COMMUNITY,
    CONTACT,
    DAY,
    ENDS,
    FIELD,
    KIND,
    MODEL,
    ORGANISER,
    PROGRAMME,
    SLOTS,
    STARTS,
    TITLE,
    TOWN,
    VENUE,
)
from backend.schedule.reading.schedule import MOST_ROWS

_NOTES = (
    ("怎么填", "每行一场活动。带 * 的列必填，其余可空。名称以「示例」开头的行不会导入。"),
    ("用自己的表", "也可以直接上传您自己的排期表：表头认意思，上面可以有标题，"
                   "合计、填表人这些行会跳过。"),
    (PROGRAMME, "吾社集、吾社行或吾社汇，从下拉列表选。"),
    (COMMUNITY, "写社区名称或 12 位区划代码，「社区」两个字可以不写；重名的写成「镇名+社区名」。"
                "镇、街道自己办的写镇名。"),
    (DAY, "如 2026-05-01，也可写 2026/5/1、2026年5月1日或 5月1日。办几天的写成 5月1日-3日。"),
    (f"{STARTS}、{ENDS}", "如 9:00，也可以把 9:00-11:30 写在一格里。"),
    (FIELD, "只有吾社行填写。"),
    (KIND, "只有吾社汇填写。"),
    (MODEL, "写一场已有活动的名称，它的摊位、服务和时段会照搬过来，时间随开始时间移动。"
            "不填的用上传时选的那一场，也没有选的只建活动本身；写「不照搬」的一定只建活动本身。"),
    (SLOTS, "参照活动比这一场长，时段放不下时：放不下的不要，或按起止时间重排。放得下的不用填。"),
    ("导入规则", f"一次最多 {MOST_ROWS} 场。先预览，看不懂的地方可以当场改，没有问题的可以先导入。"
                 "同一社区、同一时间、同名的活动已经有了的，不会重复建。"),
)  # fmt: skip


# ---------------------------------------------------------------------------- out


def schedule_file(rows: Sequence[Any], period: str) -> bytes:
    """The schedule as an Excel file.

    Args:
        rows: as schedule.export_rows answers them.
        period: what of it, in words.
    """
    fields = titles("fields")
    columns = [
        Column("状态", 8), Column(PROGRAMME, 10), Column(TITLE, 36), Column(TOWN, 12),
        Column("地区", 14), Column(DAY, 12, "day"), Column(STARTS, 9), Column(ENDS, 18),
        Column(VENUE, 24),
        Column(ADDRESS, 28), Column(ORGANISER, 18), Column(CONTACT, 15), Column(FIELD, 10),
        Column(KIND, 10),
    ]  # fmt: skip
    values = [
        [
            ACTIVITY_STATES[row.state], PROGRAMMES[row.programme], row.title, row.town_name,
            row.region_name,
            clock.local_day(row.starts_at), _hour(row.starts_at), _end(row), row.venue_name,
            row.address, row.organiser_name, row.contact_phone, fields.get(row.field or ""),
            EXCHANGE_KINDS.get(row.kind),
        ]
        for row in rows
    ]  # fmt: skip
    note = f"{period}；共 {len(rows)} 场。{dated(clock.now())} 导出"
    return write_workbook([Sheet("排期", columns, values, heading="活动排期", note=note)])


def _hour(instant: datetime) -> str:
    return instant.astimezone(clock.SHANGHAI).strftime("%H:%M")


def _end(row: Any) -> str:
    """The end's time; with its day where that is another one."""
    if clock.local_day(row.starts_at) == clock.local_day(row.ends_at):
        return _hour(row.ends_at)
    return dated(row.ends_at)


def template_file(communities: Sequence[str], models: Mapping[Programme, Sequence[str]]) -> bytes:
    """The file to fill in: the header with its drop-downs, an example, and how it is done.

    Args:
        communities: what the drop-down of communities offers.
        models: names of activities that can be copied.
    """
    lists = _Lists()
    fields, kinds = list(titles("fields").values()), list(EXCHANGE_KINDS.values())
    columns = [
        Column(f"{PROGRAMME}*", 11, choices=list(PROGRAMMES.values())),
        Column(f"{TITLE}*", 32),
        Column(f"{COMMUNITY}*", 16, choices=lists.add("可选社区", communities)),
        Column(f"{DAY}*", 13, "day", hint="如 2026-05-01"),
        Column(f"{STARTS}*", 10, hint="如 9:00"),
        Column(f"{ENDS}*", 10, hint="如 11:30"),
        Column(f"{VENUE}*", 22),
        Column(ADDRESS, 26),
        Column(ORGANISER, 18),
        Column(CONTACT, 15),
        Column(FIELD, 10, choices=lists.add_by_programme(FIELD, {Programme.ACTION: fields}),
               hint="只有吾社行填写"),
        Column(KIND, 10, choices=lists.add_by_programme(KIND, {Programme.EXCHANGE: kinds}),
               hint="只有吾社汇填写"),
        Column(ABOUT, 30),
        Column(MODEL, 32, choices=lists.add_by_programme("可参照的", models),
               hint="照搬它的摊位、服务和时段；可不填"),
        Column(SLOTS, 14, choices=list(SLOT_CHOICES.values()), hint="参照活动比这一场长才要填"),
    ]  # fmt: skip
    example = [
        "吾社集", "示例：花园社区公益集市", communities[0] if communities else "花园社区",
        date(clock.today().year + 1, 1, 1), "9:00", "11:30", "社区广场", "花园路 1 号",
        "区民政局", "0519-00000000", None, None, None, None, None,
    ]  # fmt: skip
    return write_workbook(
        [
            Sheet("排期", columns, [example]),
            Sheet("填写说明", [Column("项", 18), Column("说明", 90)], _NOTES),
            lists.sheet(),
        ]
    )


class _Lists:
    """What drop-downs offer, in a sheet of its own: Excel takes no more than 255 characters in
    place."""

    def __init__(self) -> None:
        # The first stays empty: what is offered where there is nothing to choose.
        self._columns: list[tuple[str, Sequence[str]]] = [("（空）", ())]

    def add(self, title: str, values: Sequence[str]) -> str:
        """Where these values stand; "" for none."""
        if not values:
            return ""
        self._columns.append((title, values))
        return f"={self._range(len(self._columns) - 1, len(values))}"

    def add_by_programme(self, title: str, values: Mapping[Programme, Sequence[str]]) -> str:
        """Where values stand that depend on what the first column says: of a programme without
        any nothing is offered."""
        formula = self._range(0, 1)
        for programme, names in values.items():
            if names:
                word = PROGRAMMES[programme]
                place = self.add(f"{word}{title}", names).removeprefix("=")
                formula = f'IF($A2="{word}",{place},{formula})'
        return f"={formula}"

    @staticmethod
    def _range(column: int, length: int) -> str:
        letter = string.ascii_uppercase[column]
        return f"可选项!${letter}$2:${letter}${length + 1}"

    def sheet(self) -> Sheet:
        """The sheet itself."""
        columns = [Column(title, 24) for title, _ in self._columns]
        rows = itertools.zip_longest(*(values for _, values in self._columns))
        return Sheet("可选项", columns, list(rows))
