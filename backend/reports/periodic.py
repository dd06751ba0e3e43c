"""月报、季报: a period of a region by community and by service kind."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from backend.core import clock
from backend.core.config import RATING, titles
from backend.core.dates import dated
from backend.core.db import transaction
from backend.core.spreadsheets.writing import Chart, Column, Sheet, write_workbook
from backend.regions.queries import region_names
from backend.reports import words
from backend.reports.figures import Figures, PeriodFigures, activities_of, figures_of
from backend.reports.making import NoteProgress, Order, makes
from backend.reports.models import ReportKind

_STEPS = 2
_SHARE_COLUMNS = (
    Column("评价份数", 9, "number"),
    Column("满意率", 9, "share"),
    Column("区间下限", 9, "share"),
    Column("区间上限", 9, "share"),
    Column("说明", 10),
    Column("差评整改", 9, "number"),
    Column("已办结", 8, "number"),
    Column("按期办结", 9, "number"),
    Column("超期未办", 9, "number"),
)
_RECORD_COLUMNS = (
    Column("志愿者", 8, "number"),
    Column("志愿时长（小时）", 11, "money"),
    Column("经费（元）", 11, "money"),
    Column("已填台账（场）", 10, "number"),
)
_COUNT_COLUMNS = (
    Column("活动（场）", 9, "number"),
    Column("服务人次", 9, "number"),
    Column("服务人数", 9, "number"),
    Column("服务次数", 9, "number"),
)
_KIND_COLUMNS = (
    Column("服务类别", 20),
    Column("活动（场）", 9, "number"),
    Column("服务次数", 9, "number"),
    Column("受益人数", 9, "number"),
    *_SHARE_COLUMNS,
)
_FIRST_SHARE = 4  # where _SHARE_COLUMNS begin, by service kind


@makes(ReportKind.MONTHLY, ReportKind.QUARTERLY)
def make_periodic(order: Order, note: NoteProgress) -> bytes:
    """A month's or a quarter's report: a summary, by community, by service kind; a quarter also
    by month."""
    note(0, _STEPS)
    first = date.fromisoformat(order.parameters["from"])
    last = date.fromisoformat(order.parameters["to"])
    with transaction() as session:
        found = activities_of(session, order.reader, first, last)
        figures = figures_of(session, found, order.region_code)
        names = region_names(session, figures.regions)
    note(1, _STEPS)
    sheets = [
        _summary(order, figures, first, last),
        _by_community(figures, names),
        _by_kind(figures),
    ]
    if first.month != last.month:
        sheets.append(_by_month(figures))
    content = write_workbook(sheets)
    note(_STEPS, _STEPS)
    return content


# ---------------------------------------------------------------------------- rows


def _counts(figures: Figures) -> tuple[Any, ...]:
    return figures.activities, figures.visits, figures.people, figures.served


def _shares(figures: Figures) -> tuple[Any, ...]:
    share: dict[str, Any] = figures.share or dict.fromkeys(("value", "low", "high"))
    return (
        figures.rated, share["value"], share["low"], share["high"],
        words.few(figures.rated) if figures.rated else None,
        figures.opened, figures.closed, figures.closed_in_time, figures.overdue,
    )  # fmt: skip


def _records(figures: Figures) -> tuple[Any, ...]:
    if not figures.recorded:
        return None, None, None, 0
    return (
        figures.volunteers, figures.volunteer_minutes / 60, float(figures.funds_yuan),
        figures.recorded,
    )  # fmt: skip


# ---------------------------------------------------------------------------- sheets


def _summary(order: Order, figures: PeriodFigures, first: date, last: date) -> Sheet:
    whole, share = figures.whole, figures.whole.share
    interval = (
        f"95% 区间 {words.percent(share['low'])}–{words.percent(share['high'])}" if share else None
    )
    few = words.few(whole.rated) if share else None
    written, missing = whole.recorded, whole.activities - whole.recorded
    hours = round(whole.volunteer_minutes / 60, 1)
    unwritten = f"{missing} 场还没有填写" if missing else None
    rows: list[tuple[str, Any, str, str | None]] = [
        ("举办活动", whole.activities, "场", None),
        ("覆盖社区", figures.communities_reached, "个", f"本地区共 {figures.communities} 个社区"),
        ("服务人次", whole.visits, "人次", "签到到场，同一人同一天到同一场算一次"),
        ("服务人数", whole.people, "人", "同一人不论来几次只算一次，不等于各社区之和"),
        ("服务次数", whole.served, "次", f"受益 {whole.served_people:,} 人"),
        ("评价", whole.rated, "份", few),
        ("满意率", round(100 * share["value"], 1) if share else None, "%", interval),
        ("差评整改", whole.opened, "条", f"按期办结 {whole.closed_in_time:,} 条，"
         f"逾期办结 {whole.closed - whole.closed_in_time:,} 条，超期未办 {whole.overdue:,} 条"),
        ("志愿者", whole.volunteers if written else None, "人次", unwritten),
        ("志愿时长", hours if written else None, "小时", unwritten),
        ("经费", float(whole.funds_yuan) if written else None, "元", unwritten),
    ]  # fmt: skip
    over = "" if last < clock.local_day(order.at) else "，本期还没有结束"
    return Sheet(
        "汇总",
        (Column("指标", 16), Column("数量", 16, "plain"), Column("单位", 8), Column("说明", 56)),
        rows,
        heading=order.title,
        note=f"{dated(first)} 至 {dated(last)} 开始的活动；"
        f"统计于 {dated(order.at)}{over}。{words.WRITTEN_DOWN}",
    )


def _by_community(figures: PeriodFigures, names: dict[str, str]) -> Sheet:
    rows = _rows(figures.regions, sorted(figures.regions), lambda code: names.get(code, code))
    return Sheet(
        "按社区",
        (Column("社区", 18), *_COUNT_COLUMNS, *_SHARE_COLUMNS, *_RECORD_COLUMNS),
        rows,
        heading="按社区",
        note=f"{words.WHAT_IS_COUNTED}{words.WHAT_IS_SATISFIED}合计的服务人数不是各行之和。",
        totals=_row("合计", figures.whole),
        charts=[Chart("各社区服务人次", 0, 2, "服务人次")] if rows else [],
    )


def _by_month(figures: PeriodFigures) -> Sheet:
    rows = _rows(figures.months, sorted(figures.months), str)
    return Sheet(
        "按月",
        (Column("月份", 18), *_COUNT_COLUMNS, *_SHARE_COLUMNS, *_RECORD_COLUMNS),
        rows,
        heading="按月",
        note="合计的服务人数不是各行之和。",
        totals=_row("合计", figures.whole),
        charts=[Chart("各月服务人次", 0, 2, "服务人次")] if rows else [],
    )


def _rows(groups: Any, order: Sequence[str], title: Callable[[str], str]) -> list[tuple[Any, ...]]:
    """One row for each group, in a fixed order: one by the shares would be a ranking."""
    return [_row(title(key), groups[key]) for key in order]


def _row(title: str, figures: Figures) -> tuple[Any, ...]:
    return title, *_counts(figures), *_shares(figures), *_records(figures)


def _by_kind(figures: PeriodFigures) -> Sheet:
    kinds = {key: title for key, title in titles("service_kinds").items() if key in figures.kinds}
    groups = [figures.kinds[key] for key in kinds]
    rows = [
        (title, group.activities, group.served, group.served_people, *_shares(group))
        for title, group in zip(kinds.values(), groups, strict=True)
    ]
    few = [index for index, group in enumerate(groups) if group.rated < RATING.publish_from]
    return Sheet(
        "按服务类别",
        _KIND_COLUMNS,
        rows,
        heading="按服务类别",
        note="一场活动有几类服务，就在各类里各算一场，所以活动数不能相加。对整场活动的评价不属于"
        f"某一类服务，只计入「按社区」和「汇总」。{words.WHAT_IS_SATISFIED}",
        charts=[
            Chart("各类服务次数", 0, 2, "服务次数"),
            Chart(
                f"各类服务满意率（线是 95% 区间；空心点：少于 {RATING.publish_from} 份评价）",
                0,
                _FIRST_SHARE + 1, "满意率", _FIRST_SHARE + 2, _FIRST_SHARE + 3, few,
            ),
        ] if rows else [],
    )  # fmt: skip
