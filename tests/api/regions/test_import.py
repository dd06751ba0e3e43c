"""Regions imported from an uploaded file: looked through first, confirmed, all of it or nothing."""

import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import JOBS
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.jobs import JobsStandStill
from backend.core.permissions import Role
from backend.regions import csv_files, imports
from backend.regions.csv_files import Place, RegionRow
from backend.regions.models import CODE_LENGTHS, Region, RegionImport
from backend.regions.operations import import_regions, with_pinyin
from tests.support.desk import Desk
from tests.support.fair import waiting_jobs
from tests.support.queue import worker_was_heard
from tests.support.world import COMMUNITY, DISTRICT, REGION_NAMES, SUBDISTRICT, World

UPLOAD = "/console/settings/regions/import"
GOOD = f"code,name\n{SUBDISTRICT},湖塘街道\n{COMMUNITY},花园社区\n320412100009,新城社区\n"


@pytest.fixture
def desk(world: World) -> Desk:
    """An admin's, in a district whose regions came from a file before."""
    with transaction() as session:
        rows = [RegionRow(code, name, Place("t.csv", 2)) for code, name in REGION_NAMES.items()]
        import_regions(session, None, with_pinyin(rows, quietly), quietly)
    return Desk(world, world.staff(Role.ADMIN, DISTRICT))


def quietly(step: str, done: int, total: int) -> None: ...


def upload(desk: Desk, text: str | bytes, name: str = "武进区.csv") -> TestResponse:
    content = text if isinstance(text, bytes) else text.encode()
    return desk.send(UPLOAD, file=(io.BytesIO(content), name))


def uploaded(desk: Desk, text: str = GOOD, name: str = "武进区.csv") -> str:
    """The id of a file that was looked through and found good."""
    answer = upload(desk, text, name)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"].rsplit("/", 1)[-1]


def page_of(import_id: str) -> str:
    return f"/console/settings/imports/{import_id}"


def names() -> dict[str, str]:
    with transaction() as session:
        session.expire_all()
        return {row.code: row.name for row in session.execute(select(Region.code, Region.name))}


def kept(import_id: str) -> RegionImport:
    with transaction() as session:
        session.expire_all()
        return session.get_one(RegionImport, UUID(import_id))


def change(import_id: str, **values: Any) -> None:
    with transaction() as session:
        statement = update(RegionImport).where(RegionImport.id == UUID(import_id))
        session.execute(statement.values(**values))


def work(world: World) -> None:
    """Do what the queue holds, as the worker would."""
    for arguments in waiting_jobs(world.app, "regions.import"):
        imports.run_import(**arguments)


def test_a_file_is_shown_confirmed_and_then_imported(world: World, desk: Desk) -> None:
    before = names()
    found = uploaded(desk)
    page = desk.read(page_of(found))
    assert "新增 1 个地区，改名 1 个" in page, "the question says what will happen"
    assert "新城社区" in page
    assert "<td>湖塘镇</td>" in page, "what it was called"
    assert names() == before, "nothing yet"
    assert desk.waiting() == {"上传了还没有导入的地区文件": 1}
    assert f'href="{page_of(found)}">武进区.csv</a>' in desk.read("/console/")
    assert Desk(world, world.staff(Role.ADMIN, DISTRICT)).waiting() == {}, "who has uploaded it"
    assert desk.send(f"{page_of(found)}/confirm").status_code == 303
    assert desk.waiting() == {}
    for seconds, words in (
        (JOBS.silent_seconds + 1, JobsStandStill.title), (0, "可以离开这一页，导入会继续"),
    ):  # fmt: skip
        worker_was_heard(seconds)
        assert words in desk.read(page_of(found))
        progress = desk.read(f"{page_of(found)}/progress")
        assert words in progress
        assert 'hx-trigger="every 1s"' in progress
    work(world)
    assert names() == before | {SUBDISTRICT: "湖塘街道", "320412100009": "新城社区"}
    done = desk.read(f"{page_of(found)}/progress")
    assert "新增 1 个，更新 1 个，没有变化 1 个" in done
    assert "hx-trigger" not in done, "there is nothing more to wait for"
    assert kept(found).content is None
    with transaction() as session:
        entries = select(AuditEntry).where(AuditEntry.action.contains("import"))
        entries = entries.order_by(AuditEntry.id)
        told = [(e.action, e.to_state) for e in session.execute(entries).scalars()]
    assert told == [
        ("import_regions", None),
        ("confirm_region_import", "running"),
        ("import_regions", None),
        ("finish_region_import", "done"),
    ]


def test_a_job_that_runs_again_does_no_harm(world: World, desk: Desk) -> None:
    found = uploaded(desk)
    desk.send(f"{page_of(found)}/confirm")
    for _ in range(2):
        work(world)
    assert kept(found).result == {"added": 1, "changed": 1, "unchanged": 1}
    imports.run_import(str(new_id()))


def test_confirmed_twice_is_done_once(world: World, desk: Desk) -> None:
    found = uploaded(desk)
    assert desk.send(f"{page_of(found)}/confirm").status_code == 303
    again = desk.send(f"{page_of(found)}/confirm")
    assert again.status_code == 409
    page = again.get_data(as_text=True)
    assert page.count("已经确认过了") == 1
    assert "等待导入" in page, "in the other tab too"
    assert len(waiting_jobs(world.app, "regions.import")) == 1


def test_the_name_of_a_file_is_one_line_and_bounded(desk: Desk) -> None:
    """It is shown and kept; what it was called on the sender's disk may be anything."""
    import_id = uploaded(desk, GOOD, "武进区\u202e" + "长" * 5000 + ".csv")
    name = kept(import_id).file_name
    assert (len(name), name[:4], name[-4:]) == (100, "武进区长", ".csv")


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        (f"code,name\n{COMMUNITY},\n", "第 2 行", "不能为空"),
        ("code,name\n32041,武进\n", "第 2 行", "应为 2、4、6、9 或 12 位"),
        ("代码\n320412\n", "第 1 行", "缺少这一列"),
        ("code,name\n320404,钟楼区\n", "第 2 行", "不在您管理的地区内"),
        ("code,name\n320412,武进区\n32,江苏省\n", "第 3 行", "不在您管理的地区内"),
        ("code,name\n320412999001,无主社区\n", "第 2 行", "的上级 320412999 不存在"),
        (b"code,name\n320412,\xce\xe4\n", "第 2 行", "不是 UTF-8 编码"),
        ("", "武进区.csv", "没有数据"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_nothing_is_kept(
    desk: Desk, text: str | bytes, row: str, message: str
) -> None:
    before = names()
    answer = upload(desk, text)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert row in page
    assert message in page
    assert names() == before
    with transaction() as session:
        assert session.execute(select(RegionImport.id)).first() is None


def test_all_that_is_wrong_is_named_in_one_round(desk: Desk) -> None:
    """Encoding, a title above, cells, places and parents; each row's faults in its cells' order.
    A region with a fault of its own is its communities' parent all the same."""
    lines = ["武进区地区表,,", "name,note,code", ",x,32041x", ",,320412300", "甲,,320412300001",
             "钟楼区,,320404", "无主社区,,320412999001", "湖塘镇,,３２０４１２１００"]  # fmt: skip
    page = upload(desk, "\n".join(lines).encode("gb18030")).get_data(as_text=True)
    told = [re.sub(r"\s*<[^>]*>\s*", "|", row) for row in page.split("<tr>")[2:]]
    assert [re.sub(r"\|+", "|", row).split("|")[1:4] for row in told] == [
        ["第 1 行", "–", "不是 UTF-8 编码，请另存为「CSV UTF-8」"],
        ["第 1 行", "–", "第一行应是表头，这里表头在第 2 行。"
         "请删去上面的标题行（有合并的单元格先取消合并）"],
        ["第 3 行", "名称（name）", "不能为空"],
        ["第 3 行", "代码（code）", "「32041x」应全是数字（表格软件请把这一列设为文本）"],
        ["第 4 行", "名称（name）", "不能为空"],
        ["第 6 行", "代码（code）", "320404「钟楼区」不在您管理的地区内"],
        ["第 7 行", "代码（code）", "320412999001「无主社区」的上级 320412999 不存在"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("武进区地区表,\n320412,武进区\n", ["第一行只有「武进区地区表」，像是合并的单元格"]),
        ("code,,\n32041x,武进区,\n",
         ["缺少这一列（第一行应是表头）；表头里有空的单元格，像是合并过", "应全是数字"]),
        (b"PK\x03\x04rest", ["这是 Excel 工作簿，请另存为「CSV UTF-8」"]),
    ],
)  # fmt: skip
def test_merged_cells_and_workbooks_are_called_what_they_are(
    desk: Desk, text: str | bytes, messages: list[str]
) -> None:
    page = upload(desk, text).get_data(as_text=True)
    assert page.count("<tr>") == len(messages) + 1
    for message in messages:
        assert message in page


def test_full_width_digits_are_digits(world: World, desk: Desk) -> None:
    found = uploaded(desk, "code,name\n３２０４１２１００００９,新城社区\n")
    desk.send(f"{page_of(found)}/confirm")
    work(world)
    assert names()["320412100009"] == "新城社区"


def test_a_preview_that_another_import_has_overtaken_says_so(world: World, desk: Desk) -> None:
    first, second = uploaded(desk), uploaded(desk)
    assert "又有一次地区导入" not in desk.read(page_of(second))
    desk.send(f"{page_of(first)}/confirm")
    work(world)
    assert "又有一次地区导入完成了" in desk.read(page_of(second))
    assert "又有一次地区导入" not in desk.read(page_of(first)), "it is the other one"
    desk.send(f"{page_of(second)}/confirm")
    work(world)
    assert kept(second).result == {"added": 0, "changed": 0, "unchanged": 3}


def test_the_first_hundred_faults_are_listed(desk: Desk) -> None:
    rows = "".join(f"32040{number:04d},甲\n" for number in range(1, 121))
    page = upload(desk, "code,name\n" + rows).get_data(as_text=True)
    assert "文件有 120 处要改" in page
    assert "这里只列出前 100 处" in page
    assert page.count("<tr>") == 101


@pytest.mark.parametrize("row", ["x{},甲", "320404{:06d},甲", "3204129{:05d},甲"])
def test_of_a_file_full_of_faults_no_more_are_kept_than_anybody_corrects(
    desk: Desk, row: str
) -> None:
    """A file of the largest size has millions: each costs more than the row that it names."""
    rows = "\n".join(row.format(number) for number in range(csv_files.MOST_FAULTS + 200))
    page = upload(desk, f"code,name\n{rows}\n").get_data(as_text=True)
    assert "文件有 1,000 处以上要改" in page
    assert page.count("<tr>") == 101


def test_a_file_that_changes_nothing_has_nothing_to_confirm(desk: Desk) -> None:
    page = desk.read(page_of(uploaded(desk, f"code,name,note\n{COMMUNITY},花园社区,x\n")))
    assert "不用导入" in page
    assert "其他列未导入" in page
    assert "确认导入" not in page


def test_without_a_file_or_with_one_too_large_the_page_says_so(desk: Desk) -> None:
    nothing = desk.send(UPLOAD)
    assert nothing.status_code == 422
    assert "请选择文件" in nothing.get_data(as_text=True)
    for size in (4_000_001, 4_200_000):  # the file alone, and all that was sent
        large = send_large(desk, size)
        assert large.status_code == 413
        page = large.get_data(as_text=True)
        assert "文件太大了" in page
        assert 'id="file-error">最大 4 MB' in page
        assert "选择文件" in page, "on its page, to try another"


def send_large(desk: Desk, size: int) -> TestResponse:
    """By hand: Werkzeug's client would leave the temporary file of so large a form open."""
    token = f'name="csrf_token"\r\n\r\n{desk.token()}'
    file = f'name="file"; filename="large.csv"\r\n\r\n{"x" * size}'
    parts = [f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in (token, file)]
    return desk.http.post(
        UPLOAD,
        data=("".join(parts) + "--b--\r\n").encode(),
        content_type="multipart/form-data; boundary=b",
    )


def test_what_has_changed_since_the_preview_stops_the_import(world: World, desk: Desk) -> None:
    found = uploaded(desk, "code,name\n320412100009,新城社区\n")
    desk.send(f"{page_of(found)}/confirm")
    with transaction() as session:
        # The town has gone meanwhile; regions are never deleted, but recoded by hand.
        session.execute(update(Region).where(Region.code == SUBDISTRICT).values(code="320412199"))
    work(world)
    page = desk.read(page_of(found))
    assert "没有导入任何内容" in page
    assert "的上级 320412100 不存在" in page
    assert "320412100009" not in names()


def test_one_that_was_cut_off_can_be_uploaded_anew(world: World, desk: Desk) -> None:
    worker_was_heard(0)
    found = uploaded(desk)
    desk.send(f"{page_of(found)}/confirm")
    change(found, started_at=clock.now() - timedelta(minutes=11))
    page = desk.read(page_of(found))
    assert "可能被中断了" in page
    assert "hx-trigger" not in page


def test_an_import_is_seen_by_who_uploaded_it_alone(world: World, desk: Desk) -> None:
    found = uploaded(desk)
    other = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    other.read(page_of(found), 404)
    assert other.send(f"{page_of(found)}/confirm").status_code == 404
    for reader in (world.organiser(), world.staff(Role.AUDITOR, DISTRICT)):
        own = Desk(world, reader)
        assert upload(own, GOOD).status_code == 403
        assert own.http.get(UPLOAD).status_code == 403
        assert "导入地区" not in own.read("/console/settings/")


def test_uploads_are_forgotten_after_a_day(world: World, desk: Desk) -> None:
    old, new = uploaded(desk), uploaded(desk)
    change(old, created_at=clock.now() - timedelta(hours=25))
    for _ in range(2):
        imports.forget_imports()
    desk.read(page_of(old), 404)
    desk.read(page_of(new))


def test_two_communities_of_one_name_in_one_town_are_refused_and_named(desk: Desk) -> None:
    """In the file, and with what is there; those from before don't stop an import."""
    new = "320412100009,{}\n320412100010,{}\n320412102009,花园社区\n"
    answer = upload(desk, "code,name\n" + new.format("新城社区", "新城 社区"))
    assert answer.status_code == 422
    assert "320412100010「新城 社区」和同一个镇、街道的 320412100009「新城社区」重名" in (
        answer.get_data(as_text=True)
    )
    answer = upload(desk, "code,name\n" + new.format("花园社区", "新城社区"))
    assert f"320412100009「花园社区」和同一个镇、街道的 {COMMUNITY}「花园社区」重名" in (
        answer.get_data(as_text=True)
    )
    with transaction() as session:
        session.execute(update(Region).where(Region.code == COMMUNITY).values(name="新城社区"))
        session.add(
            Region(code="320412100009", name="新城社区", level=CODE_LENGTHS[12], pinyin="x",
                   parent_id=select(Region.parent_id).where(Region.code == COMMUNITY)
                   .scalar_subquery())
        )  # fmt: skip
    uploaded(desk, "code,name\n" + new.format("新城社区", "别的社区"))
