"""Every figure of a report can be counted again in the database: here by SQL of the test's own."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from sqlalchemy import text

from backend.activities.models import ActivityRecord
from backend.core import clock
from backend.core.db import transaction
from backend.core.permissions import Role
from backend.feedback.evaluation.intervals import wilson
from tests.support.desk import Desk
from tests.support.fair import Fair
from tests.support.reports import made, table, workbook
from tests.support.world import COMMUNITY, DISTRICT, OTHER_COMMUNITY, OTHER_SUBDISTRICT, World, ok


def rows(statement: str, **values: Any) -> list[Any]:
    with transaction() as session:
        return list(session.execute(text(statement), values).all())


def execute(statement: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(text(statement), values)


class District:
    """Two markets in two communities; somebody came to both."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.here = Fair.live(world)
        self.there = Fair.live(
            world, world.organiser(OTHER_SUBDISTRICT), activity={"region": OTHER_COMMUNITY}
        )
        legal = self.here.offering("法律咨询", "legal")
        self.here.answers([5, 5, 4, 4, 3, 3, 5, 5, 5, 2, 5], unrated=3)
        self.here.answers([5, 1], legal)
        self.here.answers([4, 4], visits=True)
        self.there.answers([5, 3])
        both = world.person("两边都来")
        self.here.visit(both.resident_id)
        self.there.visit(both.resident_id)
        self.here.undo_visit(self.here.visit(world.person().resident_id))
        self._complaints()
        self._records()
        # What must not count: a draft, and a market of another month.
        world.draft(self.here.organiser, title="还是草稿")
        self.earlier = Fair.live(world)
        self.earlier.answers([1, 1, 1])
        execute(
            "UPDATE activity SET starts_at = starts_at - interval '62 days',"
            " ends_at = ends_at - interval '62 days' WHERE id = :id",
            id=self.earlier.id,
        )

    def _complaints(self) -> None:
        _, in_time = self.here.complaint()
        _, late = self.here.complaint()
        _, overdue = self.here.complaint()
        for found in (in_time, late):
            for step, body in (
                ("reply", {"reply": "已整改"}),
                ("call-back", {"note": "认可", "satisfied": True}),
                ("close", {}),
            ):
                ok(self.here.organiser.post(f"/rectifications/{found}/{step}", body))
        for found in (late, overdue):
            execute(
                "UPDATE rectification SET due_at = opened_at - interval '1 day' WHERE id = :id",
                id=found,
            )

    def _records(self) -> None:
        with transaction() as session:
            session.add(
                ActivityRecord(
                    activity_id=self.here.id, volunteers=12, volunteer_minutes=1830,
                    funds_yuan=Decimal("1234.50"), problems="=SUM(A1)电源不够", version=1,
                )
            )  # fmt: skip

    def desk(self) -> Desk:
        return Desk(self.world, self.world.staff(Role.ADMIN, DISTRICT))

    def made(self, kind: str, **fields: Any) -> bytes:
        fields.setdefault("region_id", self.world.region_id(DISTRICT))
        return made(self.desk(), self.world.app, kind, **fields)


@pytest.fixture(scope="module")
def district(world: World) -> District:
    with world.app.app_context():
        return District(world)


_MONTH = "date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"
_CHOSEN = f"""
    SELECT a.id, r.name AS community FROM activity a JOIN region r ON r.id = a.region_id
     WHERE a.state IN ('live', 'closed') AND a.starts_at >= {_MONTH}
"""


def test_a_months_communities_are_those_of_the_database(district: District) -> None:
    book = workbook(district.made("monthly"))
    counted = {row["社区"]: row for row in table(book, "按社区")}
    visits = rows(
        f"SELECT c.community, count(*) AS visits, count(DISTINCT t.resident_id) AS people"
        f" FROM ({_CHOSEN}) c JOIN attendance t ON t.activity_id = c.id"
        " WHERE t.reverted_at IS NULL GROUP BY 1"
    )
    assert {row.community for row in visits} == {"花园社区", "丫河社区"}
    for row in visits:
        found = counted[row.community]
        assert (found["服务人次"], found["服务人数"]) == (row.visits, row.people)
        assert found["活动（场）"] == 1
    served = rows(
        f"SELECT c.community, count(*) AS n FROM ({_CHOSEN}) c"
        " JOIN booking b ON b.activity_id = c.id WHERE b.state = 'served' GROUP BY 1"
    )
    assert {row.community: row.n for row in served} == {
        name: counted[name]["服务次数"] for name in ("花园社区", "丫河社区")
    }
    ratings = rows(
        f"SELECT c.community, count(*) AS n, count(*) FILTER (WHERE g.score >= 3) AS good"
        f" FROM ({_CHOSEN}) c JOIN rating g ON g.activity_id = c.id GROUP BY 1"
    )
    for row in ratings:
        found, expected = counted[row.community], wilson(row.good, row.n)
        assert found["评价份数"] == row.n
        shown = (found["满意率"], found["区间下限"], found["区间上限"])
        assert shown == pytest.approx((expected.value, expected.low, expected.high))
    assert (counted["花园社区"]["说明"], counted["丫河社区"]["说明"]) == (None, "评价太少")


def test_people_who_came_to_two_communities_count_once_in_the_total(district: District) -> None:
    book = workbook(district.made("monthly"))
    *communities, total = table(book, "按社区")
    assert total["社区"] == "合计"
    assert total["服务人次"] == sum(row["服务人次"] for row in communities)
    assert total["服务人数"] == sum(row["服务人数"] for row in communities) - 1
    whole = {row["指标"]: row for row in table(book, "汇总")}
    assert whole["服务人次"]["数量"] == total["服务人次"]
    assert whole["服务人数"]["数量"] == total["服务人数"]
    assert (whole["覆盖社区"]["数量"], whole["覆盖社区"]["说明"]) == (2, "本地区共 2 个社区")


def test_the_evaluation_page_and_the_report_agree(district: District) -> None:
    book = workbook(district.made("monthly"))
    total = table(book, "按社区")[-1]
    first = clock.today().replace(day=1)
    admin = district.world.staff(Role.ADMIN, DISTRICT)
    totals = ok(admin.get("/evaluations", **{"from": first.isoformat()}))["totals"]
    assert (total["活动（场）"], total["服务次数"], total["评价份数"]) == (
        totals["activities"], totals["served"], totals["rated"],
    )  # fmt: skip
    assert total["满意率"] == pytest.approx(totals["satisfied_share"]["value"])
    assert total["区间下限"] == pytest.approx(totals["satisfied_share"]["low"])


def test_service_kinds_and_rectifications(district: District) -> None:
    kinds = {
        row["服务类别"]: row for row in table(workbook(district.made("monthly")), "按服务类别")
    }
    counted = rows(
        f"SELECT o.service_kind, count(*) AS n, count(DISTINCT b.resident_id) AS people"
        f" FROM ({_CHOSEN}) c JOIN booking b ON b.activity_id = c.id"
        " JOIN offering o ON o.id = b.offering_id WHERE b.state = 'served' GROUP BY 1"
    )
    titles = {"haircut": "义剪", "legal": "法规解读"}
    assert {titles[row.service_kind]: (row.n, row.people) for row in counted} == {
        title: (row["服务次数"], row["受益人数"]) for title, row in kinds.items()
    }
    # Written into the table, the answers by the dozen open none: three complaints did.
    haircut = kinds["义剪"]
    assert (haircut["差评整改"], haircut["已办结"], haircut["按期办结"], haircut["超期未办"]) == (
        3, 2, 1, 1,
    )  # fmt: skip


def test_what_organisers_wrote_down_is_told_from_what_they_did_not(district: District) -> None:
    book = workbook(district.made("monthly"))
    counted = {row["社区"]: row for row in table(book, "按社区")}
    here, there = counted["花园社区"], counted["丫河社区"]
    assert (here["志愿者"], here["志愿时长（小时）"], here["经费（元）"]) == (12, 30.5, 1234.5)
    assert (there["志愿者"], there["志愿时长（小时）"], there["经费（元）"]) == (None, None, None)
    whole = {row["指标"]: row for row in table(book, "汇总")}
    assert whole["志愿者"]["说明"] == "1 场还没有填写"


def test_a_quarter_tells_its_months_apart(district: District) -> None:
    today = clock.today()
    quarter = f"{today.year}-Q{(today.month + 2) // 3}"
    book = workbook(district.made("quarterly", quarter=quarter))
    months = [row["月份"] for row in table(book, "按月")]
    assert months[-2:] == [f"{today:%Y-%m}", "合计"]
    assert len(book["按社区"]._charts) == 1  # type: ignore[attr-defined]


def test_a_ledger_has_the_bureaus_columns_and_totals(district: District) -> None:
    today = clock.today()
    book = workbook(
        district.made("ledger", **{"from": today.replace(day=1).isoformat(),
                                   "to": today.isoformat()})
    )  # fmt: skip
    *markets, total = table(book, "台账")
    assert list(markets[0]) == [
        "序号", "日期", "地点", "主办", "参与单位", "摊位数", "志愿者数", "总时长（小时）",
        "服务人次", "满意率", "问题", "整改", "照片",
    ]  # fmt: skip
    assert len(markets) == 2
    here = next(row for row in markets if "花园社区" in row["地点"])
    assert (here["志愿者数"], here["总时长（小时）"], here["照片"]) == (12, 30.5, None)
    assert here["整改"] == "差评 3 条，已办结 2 条，超期 1 条"
    visits, good, rated = rows(
        "SELECT (SELECT count(*) FROM attendance WHERE activity_id = :id AND reverted_at IS NULL),"
        " (SELECT count(*) FROM rating WHERE activity_id = :id AND score >= 3),"
        " (SELECT count(*) FROM rating WHERE activity_id = :id)",
        id=district.here.id,
    )[0]
    assert here["服务人次"] == visits
    assert here["满意率"] == f"{100 * good / rated:.1f}%（{rated} 份）"
    there = next(row for row in markets if row is not here)
    assert there["满意率"] == "100.0%（2 份，评价太少）"
    assert total["地点"] == "合计 2 场"
    assert total["服务人次"] == sum(row["服务人次"] for row in markets)
    check = next(row for row in table(book, "核对") if row["地区"] == "花园社区")
    assert (check["服务人次"], check["评价份数"], check["差评"]) == (visits, rated, 3)


def test_what_somebody_typed_is_text_and_no_formula(district: District) -> None:
    book = workbook(district.made("ledger", activity_id=district.here.id))
    cells = [cell for row in book["台账"].iter_rows() for cell in row if cell.value]
    (typed,) = [cell for cell in cells if str(cell.value).startswith("=SUM")]
    assert typed.data_type == "s"


def test_a_brief_says_what_the_database_says_with_a_chart(district: District) -> None:
    content = district.made("brief", activity_id=district.here.id)
    document = Document(io.BytesIO(content))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    title = document.paragraphs[0].text
    assert title == "公益集市简报"
    assert "差评 3 条，已办结 2 条，超期 1 条" in words
    figures = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    counted = dict(zip(*figures, strict=True))
    visits, people, served, good, rated = rows(
        "SELECT count(*), count(DISTINCT resident_id),"
        " (SELECT count(*) FROM booking WHERE activity_id = :id AND state = 'served'),"
        " (SELECT count(*) FROM rating WHERE activity_id = :id AND score >= 3),"
        " (SELECT count(*) FROM rating WHERE activity_id = :id)"
        " FROM attendance WHERE activity_id = :id AND reverted_at IS NULL",
        id=district.here.id,
    )[0]
    assert (counted["服务人次"], counted["服务人数"]) == (str(visits), str(people))
    assert counted["服务次数"] == str(served)
    assert counted["志愿时长"] == "30.5 小时"
    share = wilson(good, rated)
    assert counted["满意率"] == (
        f"{100 * share.value:.1f}%\n95% 区间 {100 * share.low:.1f}%–{100 * share.high:.1f}%"
        f"\n{rated} 份评价"
    )
    with ZipFile(io.BytesIO(content)) as archive:
        charts = [name for name in archive.namelist() if name.startswith("word/charts/c")]
        assert len(charts) == 2
        assert "义剪" in archive.read(charts[0]).decode()


def test_a_brief_of_few_answers_says_so_and_names_the_tags(world: World) -> None:
    fair = Fair.live(world)
    fair.rated(tags=["warm"])
    fair.rated(tags=["warm", "useful"])
    content = made(Desk(world, fair.organiser), world.app, "brief", activity_id=fair.id)
    words = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)
    assert "热情耐心（2 次）、有帮助（1 次）。（评价不足 10 份，仅供参考）" in words


def test_no_report_names_a_resident(district: District) -> None:
    names = {row.name for row in rows("SELECT DISTINCT name FROM resident WHERE name IS NOT NULL")}
    assert "两边都来" in names
    for kind, more in (
        ("monthly", {}),
        ("ledger", {"activity_id": district.here.id}),
        ("brief", {"activity_id": district.here.id}),
    ):
        with ZipFile(io.BytesIO(district.made(kind, **more))) as archive:
            text_of = "".join(
                archive.read(name).decode() for name in archive.namelist() if name.endswith("xml")
            )
        assert not [name for name in names if name in text_of]


def test_the_month_is_shanghais(district: District) -> None:
    """A market that begins at half past midnight on the first belongs to that month."""
    first = clock.day_start(clock.today().replace(day=1))
    execute(
        "UPDATE activity SET starts_at = :start, ends_at = :end WHERE id = :id",
        id=district.there.id,
        start=first + timedelta(minutes=30),
        end=first + timedelta(hours=2),
    )
    counted = {row["社区"] for row in table(workbook(district.made("monthly")), "按社区")}
    assert "丫河社区" in counted
    execute(
        "UPDATE activity SET starts_at = :start WHERE id = :id",
        id=district.there.id,
        start=first - timedelta(minutes=1),
    )
    again = table(workbook(district.made("monthly", reason="再做一次")), "按社区")
    assert "丫河社区" not in {row["社区"] for row in again}


def test_a_community_sees_itself_alone(district: District) -> None:
    book = workbook(district.made("monthly", region_id=district.world.region_id(COMMUNITY)))
    assert [row["社区"] for row in table(book, "按社区")] == ["花园社区", "合计"]
