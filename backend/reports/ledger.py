"""集市台账: one row for each market, in the columns that the bureau keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityRecord, Attendance, Programme, Stall, Venue
from backend.core import clock
from backend.core.dates import dated
from backend.core.db import transaction
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook
from backend.feedback.evaluation.checklist import need_counts, rectification_counts, satisfied_share
from backend.feedback.evaluation.counting import tallies
from backend.feedback.evaluation.queries import contents_of, evaluated
from backend.partners.models import Organisation
from backend.reports import words
from backend.reports.figures import activities_of
from backend.reports.making import CannotMake, NoteProgress, Order, makes
from backend.reports.models import ReportKind

CHUNK = 100
COLUMNS = (
    Column("序号", 6, "number"),
    Column("日期", 12, "day"),
    Column("地点", 22),
    Column("主办", 15),
    Column("参与单位", 28),
    Column("摊位数", 8, "number"),
    Column("志愿者数", 9, "number"),
    Column("总时长（小时）", 10, "money"),
    Column("服务人次", 9, "number"),
    Column("满意率", 18),
    Column("问题", 24),
    Column("整改", 16),
    Column("照片", 14),
)
CHECK_COLUMNS = (
    Column("序号", 6, "number"),
    Column("活动", 28),
    Column("地区", 14),
    Column("服务人次", 9, "number"),
    Column("服务人数", 9, "number"),
    Column("服务次数", 9, "number"),
    Column("评价份数", 9, "number"),
    Column("满意率", 9, "share"),
    Column("区间下限", 9, "share"),
    Column("区间上限", 9, "share"),
    Column("说明", 12),
    Column("差评", 7, "number"),
    Column("整改已办结", 9, "number"),
    Column("整改超期", 9, "number"),
    Column("对应需求", 9, "number"),
    Column("已服务的需求", 9, "number"),
    Column("问到的人", 9, "number"),
    Column("回答的人", 9, "number"),
    Column("说解决了", 9, "number"),
    Column("说解决了一部分", 9, "number"),
    Column("说没解决", 9, "number"),
)


@dataclass(frozen=True, slots=True)
class Market:
    """One market of the ledger, with all that its row says."""

    title: str
    region_name: str
    on_day: date
    venue: str
    organiser: str | None
    organisations: Sequence[str]
    stalls: int
    volunteers: int | None
    volunteer_minutes: int | None
    problems: str | None
    visits: int
    people: int
    content: dict[str, Any]

    @property
    def rectified(self) -> str:
        """What has become of bad ratings, in words."""
        counts = self.content["rectifications"]
        if not counts["total"]:
            return "无差评"
        late = f"，超期 {counts['overdue']} 条" if counts["overdue"] else ""
        return f"差评 {counts['total']} 条，已办结 {counts['closed']} 条{late}"

    @property
    def judged(self) -> tuple[int, ...]:
        """How many needs it was to serve and has, and what those who asked say of it."""
        counts = self.content["needs"]
        served = sum(counts[state] for state in ("served", "evaluated", "reopened"))
        answers = ("asked", "answered", "solved", "partly", "not")
        return counts["total"], served, *(counts["outcome"][name] for name in answers)


@makes(ReportKind.LEDGER)
def make_ledger(order: Order, note: NoteProgress) -> bytes:
    """A ledger of the markets of some days, or of one activity; in chunks, so that a year of them
    holds no long transaction.

    Raises CannotMake where there is none.
    """
    with transaction() as session:
        ids = list(session.execute(_found(session, order).with_only_columns(Activity.id)).scalars())
    if not ids:
        raise CannotMake("这段时间、这个地区还没有举办过集市。请换个时间或地区")
    markets: list[Market] = []
    for first in range(0, len(ids), CHUNK):
        note(first, len(ids))
        with transaction() as session:
            markets += markets_of(session, order, ids[first : first + CHUNK])
    note(len(markets), len(ids))
    return write_workbook([_ledger(order, markets), _check(markets)])


def _found(session: Session, order: Order) -> Select[Any]:
    asked = order.parameters
    if "activity_id" in asked:
        found = evaluated(session, order.reader)
        found = found.where(Activity.id == UUID(asked["activity_id"]))
    else:
        first, last = date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])
        found = activities_of(session, order.reader, first, last, programme=Programme.MARKET)
    return found.order_by(Activity.starts_at, Activity.id)


def markets_of(session: Session, order: Order, ids: Sequence[UUID]) -> list[Market]:
    """Some activities with their figures, in the order of time, in five statements."""
    columns = (
        Activity.organiser_name,
        Venue.name.label("venue_name"),
        Venue.address,
        ActivityRecord.volunteers,
        ActivityRecord.volunteer_minutes,
        ActivityRecord.problems,
    )
    found = evaluated(session, order.reader).add_columns(*columns)
    rows = session.execute(
        found.join(Venue, Venue.id == Activity.venue_id)
        .outerjoin(ActivityRecord, ActivityRecord.activity_id == Activity.id)
        .where(Activity.id.in_(ids))
        .order_by(Activity.starts_at, Activity.id)
    ).all()
    contents = contents_of(session, rows)
    # Rectifications, and what needs come to, go on after a checklist is frozen: counted as they
    # stand now.
    now = tallies(session, ids)
    stalls, presence = _stalls(session, ids), _presence(session, ids)
    nothing: tuple[int, list[str]] = (0, [])
    return [
        Market(
            title=row.title,
            region_name=row.region_name,
            on_day=clock.local_day(row.starts_at),
            venue=" ".join(filter(None, (row.region_name, row.venue_name, row.address))),
            organiser=row.organiser_name,
            organisations=stalls.get(row.activity_id, nothing)[1],
            stalls=stalls.get(row.activity_id, nothing)[0],
            volunteers=row.volunteers,
            volunteer_minutes=row.volunteer_minutes,
            problems=row.problems,
            visits=presence.get(row.activity_id, (0, 0))[0],
            people=presence.get(row.activity_id, (0, 0))[1],
            content=content
            | {
                "rectifications": rectification_counts(now[row.activity_id].rectifications),
                "needs": need_counts(now[row.activity_id]),
            },
        )
        for row, content in zip(rows, contents, strict=True)
    ]


def _stalls(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[int, list[str]]]:
    """How many stalls each activity has, and whose they are."""
    names = func.array_agg(Organisation.name.distinct()).filter(Organisation.name.is_not(None))
    rows = session.execute(
        select(Stall.activity_id, func.count().label("stalls"), names.label("names"))
        .outerjoin(Organisation, Organisation.id == Stall.organisation_id)
        .where(Stall.activity_id.in_(ids))
        .group_by(Stall.activity_id)
    )
    return {row.activity_id: (row.stalls, list(row.names or ())) for row in rows}


def _presence(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Visits (人次) and people (人数) of each activity."""
    rows = session.execute(
        select(
            Attendance.activity_id,
            func.count().label("visits"),
            func.count(Attendance.resident_id.distinct()).label("people"),
        )
        .where(Attendance.activity_id.in_(ids), Attendance.reverted_at.is_(None))
        .group_by(Attendance.activity_id)
    )
    return {row.activity_id: (row.visits, row.people) for row in rows}


# ---------------------------------------------------------------------------- sheets


def _hours(minutes: int | None) -> float | None:
    return None if minutes is None else minutes / 60


def _ledger(order: Order, markets: Sequence[Market]) -> Sheet:
    rows = [
        (
            number, market.on_day, market.venue, market.organiser,
            "、".join(market.organisations), market.stalls, market.volunteers,
            _hours(market.volunteer_minutes), market.visits,
            words.share_in_words(market.content["satisfied_share"], market.content["rated"]),
            market.problems, market.rectified, None,
        )
        for number, market in enumerate(markets, start=1)
    ]  # fmt: skip
    return Sheet(
        "台账",
        COLUMNS,
        rows,
        heading=order.title,
        note=f"{words.WHAT_IS_COUNTED}{words.WHAT_IS_SATISFIED}{words.WRITTEN_DOWN}"
        f"空着的是还没有填写；照片请自行贴入。制表：{dated(order.at)}",
        totals=_totals(markets),
    )


def _totals(markets: Sequence[Market]) -> Sequence[Any]:
    scores = _scores(markets)
    rated = sum(scores.values())
    minutes = sum(market.volunteer_minutes or 0 for market in markets)
    return (
        None, None, f"合计 {len(markets)} 场", None, None,
        sum(market.stalls for market in markets),
        sum(market.volunteers or 0 for market in markets), minutes / 60,
        sum(market.visits for market in markets),
        words.share_in_words(satisfied_share(scores), rated), None, None, None,
    )  # fmt: skip


def _scores(markets: Sequence[Market]) -> dict[int, int]:
    scores: dict[int, int] = {}
    for market in markets:
        for level, n in market.content["distribution"].items():
            scores[int(level)] = scores.get(int(level), 0) + n
    return scores


def _check(markets: Sequence[Market]) -> Sheet:
    """The same as numbers, so that each can be counted again."""
    rows = []
    for number, market in enumerate(markets, start=1):
        content, counts = market.content, market.content["rectifications"]
        share = content["satisfied_share"] or {"value": None, "low": None, "high": None}
        rows.append(
            (
                number, market.title, market.region_name, market.visits, market.people,
                content["served"], content["rated"], share["value"], share["low"], share["high"],
                words.few(content["rated"]), counts["total"], counts["closed"], counts["overdue"],
                *market.judged,
            )
        )  # fmt: skip
    return Sheet("核对", CHECK_COLUMNS, rows, heading="各场数字", note=words.WHAT_IS_COUNTED)
