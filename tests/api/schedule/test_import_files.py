"""The files that a schedule comes in: which are taken, for how long, and whose they are."""

import pytest
from sqlalchemy import func, select

from backend.activities import copies
from backend.activities.models import Activity, ScheduleImport
from backend.activities.requests import ActivityEdit
from backend.core import clock
from backend.core.db import transaction
from backend.core.errors import ValidationFailed
from backend.core.spreadsheets import reading
from backend.core.web import sent
from backend.schedule.imports import operations as imports
from backend.schedule.reading import columns
from backend.schedule.reading.schedule import MOST_ROWS
from backend.schedule.web import imports as import_pages
from tests.api.schedule.importing import (
    DAY,
    activities,
    at,
    confirm,
    file_of,
    line,
    market,
    send_bytes,
    upload,
)
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.workbooks import XLS, far_xls, read_here
from tests.support.world import (
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
)


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    read_here(monkeypatch)


def test_what_is_no_filled_in_template_is_said_beside_the_field(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    example = line(**{columns.TITLE: "示例：花园社区公益集市"})
    for content, words in (
        (b"name,day\n", "没有找到排期的表头"),
        (far_xls(), "这个文件太复杂"),
        (file_of(), "表格里没有活动"),
        (file_of(example), "表格里没有活动"),
        (file_of(*[line()] * (MOST_ROWS + 1)), "一次最多 200 场"),
    ):
        answer = upload(desk, content)
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert words in page[page.index('id="file-error"') :]
    assert "您自己的排期表就能用" in desk.read("/console/schedule/import")
    assert "请选择填好的 Excel 文件" in desk.send("/console/schedule/import").get_data(as_text=True)


def test_an_old_xls_is_previewed_as_an_xlsx_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # by a process of its own, as everybody's is
    answer = upload(desk, XLS)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = desk.read(answer.location)
    assert "花园社区公益\u5e02\u96c6" in page  # as its office wrote it
    assert "第 4 行 社区（C4）：没有这个社区" in page


def test_a_file_that_finds_no_turn_is_told_to_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(reading, "_WAIT_SECONDS", 0.01)
    with reading._turns, reading._turns:
        answer = upload(desk, XLS)
    assert answer.status_code == 503
    assert "正在读别人的表格" in answer.get_data(as_text=True)


def test_a_file_that_is_too_large_is_answered_with_a_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = import_pages.FILE.most_bytes
    for size in (most + 1, most + 200_000):
        answer = send_bytes(desk, b"x" * size)
        assert answer.status_code == 413
        page = answer.get_data(as_text=True)
        assert "文件太大了，没有上传" in page
        assert "最大 1 MB" in page
    monkeypatch.setattr(sent, "_MOST_DRAINED", 1000)
    assert send_bytes(desk, b"x" * (most + 200_000)).status_code == 413


def test_a_file_is_its_senders_alone(world: World, desk: Desk) -> None:
    path = upload(desk, file_of(line())).location
    colleague = Desk(world, world.organiser())
    colleague.read(path, 404)
    for step in ("confirm", "cells", "undo"):
        assert colleague.send(f"{path}/{step}", seen="x").status_code == 404
        assert desk.send(f"{path}/{step}", seen="x", csrf_token="forged").status_code == 403
    colleague.read(f"{path}/rest", 404)
    assert activities() == []


def test_another_regions_activity_is_no_model(world: World, desk: Desk) -> None:
    foreign = world.draft(world.organiser(OTHER_SUBDISTRICT), region=OTHER_COMMUNITY)
    assert upload(desk, file_of(line()), model_id=foreign["id"]).status_code == 404


def test_an_end_before_the_model_s_last_slot_is_no_copy(world: World, organiser: Person) -> None:
    """The second guard, below the preview's: slots never lie outside of their activity."""
    model = market(world, organiser)
    with transaction() as session:
        source = copies.read_source(session, session.get_one(Activity, model["id"]))
        place = copies.Place(
            at(DAY, 9), source.activity.region_id, ActivityEdit(ends_at=at(DAY, 10))
        )
        with pytest.raises(ValidationFailed, match="有误"):
            copies.copy_to(session, None, source, place)  # type: ignore[arg-type]


def test_a_towns_own_activity_names_the_town(world: World, desk: Desk) -> None:
    confirm(desk, file_of(line(**{columns.COMMUNITY: "湖塘镇"})))
    (made,) = activities()
    assert made.region_code == SUBDISTRICT


def test_a_preview_asks_a_fixed_number_of_questions(
    world: World, organiser: Person, desk: Desk
) -> None:
    model = market(world, organiser)
    lines = [line(**{columns.TITLE: f"第{number}场"}) for number in range(20)]
    path = upload(desk, file_of(*lines), model_id=model["id"]).location
    with Statements(world.app) as statements:
        desk.read(path)
    assert len(statements) <= 9, statements.sent


def test_old_files_are_deleted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(desk, file_of(line()))
    imports.purge()
    with transaction() as session:
        assert session.execute(select(func.count(ScheduleImport.id))).scalar_one() == 1
    later = clock.now() + imports.KEEP
    monkeypatch.setattr(clock, "now", lambda: later)
    imports.purge()
    with transaction() as session:
        assert session.execute(select(func.count(ScheduleImport.id))).scalar_one() == 0
