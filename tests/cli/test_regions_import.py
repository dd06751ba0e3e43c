"""`flask regions import`: any depth of the tree, repeatable, all or nothing, faults named."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, func, select

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.demo.people import REGIONS_FILE
from backend.regions import csv_files
from backend.regions.models import CODE_LENGTHS, Region, parent_code
from tests.support.commands import Run, done, failed
from tests.support.national import TOTAL, national_files

WUJIN = "code,name\n320412,武进区\n320412100,湖塘镇\n320412100001,花园社区\n"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Makes a file of a text or bytes."""

    def make(content: str | bytes, name: str = "regions.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


@pytest.fixture
def tree(app: Flask) -> Callable[[], dict[str, tuple[Any, ...]]]:
    """The regions in the database: code → (id, name, level, parent's code, pinyin)."""

    def read() -> dict[str, tuple[Any, ...]]:
        with app.app_context(), transaction() as session:
            rows = session.execute(select(Region)).scalars().all()
        codes = {row.id: row.code for row in rows}
        return {
            row.code: (
                row.id,
                row.name,
                row.level,
                codes[row.parent_id] if row.parent_id else None,
                row.pinyin,
            )
            for row in rows
        }

    return read


Tree = Callable[[], dict[str, tuple[Any, ...]]]


def audited(app: Flask) -> list[AuditEntry]:
    """The audit entries of imports."""
    with app.app_context(), transaction() as session:
        statement = select(AuditEntry).where(AuditEntry.action == "import_regions")
        return list(session.execute(statement.order_by(AuditEntry.id)).scalars())


# ---------------------------------------------------------------------------- what is imported


def test_level_and_parent_follow_from_the_code(run: Run, write: Write, tree: Tree) -> None:
    """A deployment may begin at its district: the topmost level needs no parent."""
    assert "新增 3，更新 0，没有变化 0" in done(run("regions", "import", write(WUJIN)))
    found = {code: row[1:] for code, row in tree().items()}
    assert found == {
        "320412": ("武进区", "district", None, "wu3 jin4 qu1"),
        "320412100": ("湖塘镇", "subdistrict", "320412", "hu2 tang2 zhen4"),
        "320412100001": ("花园社区", "community", "320412100", "hua1 yuan2 she4 qu1"),
    }


def test_the_demo_s_own_district_imports(run: Run, tree: Tree) -> None:
    """武进区, its 18 towns and subdistricts, and 99 communities, each below its own."""
    done(run("regions", "import", REGIONS_FILE))
    by_level: dict[str, int] = {}
    for code, (_, _, level, parent, _) in tree().items():
        by_level[level] = by_level.get(level, 0) + 1
        assert parent == (None if code == "320412" else parent_code(code))
    assert by_level == {"district": 1, "subdistrict": 18, "community": 99}


def test_the_country_imports_in_a_few_statements(
    app: Flask, outer: Connection, run: Run, tmp_path: Path
) -> None:
    """All towns of the country, in however many statements a single region takes."""
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(outer, "before_cursor_execute", count)
    output = done(run("regions", "import", *national_files(tmp_path)))
    event.remove(outer, "before_cursor_execute", count)
    assert f"新增 {TOTAL}，" in output
    assert len(statements) <= 25, statements
    with app.app_context(), transaction() as session:
        levels = select(Region.level, func.count()).group_by(Region.level)
        assert {level.value: number for level, number in session.execute(levels)} == {
            "province": 31,
            "city": 342,
            "district": 2978,
            "subdistrict": 41352,
        }
        orphans = select(func.count()).where(Region.parent_id.is_(None), Region.level != "province")
        assert session.execute(orphans).scalar_one() == 0
    again = done(run("regions", "import", *national_files(tmp_path)))
    assert f"新增 0，更新 0，没有变化 {TOTAL}" in again
    assert [entry.details for entry in audited(app)] == [
        {"added": TOTAL, "changed": 0, "unchanged": 0}
    ]


def test_a_parent_may_stand_in_another_file_or_after_its_child(
    run: Run, write: Write, tree: Tree
) -> None:
    towns = write("code,name\n320412100001,花园社区\n320412100,湖塘镇\n", "towns.csv")
    district = write("code,name\n320412,武进区\n", "district.csv")
    done(run("regions", "import", towns, district))
    assert tree()["320412100001"][3] == "320412100"
    assert tree()["320412100"][3] == "320412"


def test_a_parent_may_be_in_the_database_already(run: Run, write: Write, tree: Tree) -> None:
    done(run("regions", "import", write("code,name\n320412,武进区\n")))
    done(run("regions", "import", write("code,name\n320412100,湖塘镇\n")))
    assert tree()["320412100"][3] == "320412"


def test_a_second_district_is_another_top(run: Run, write: Write, tree: Tree) -> None:
    done(run("regions", "import", write(WUJIN)))
    done(run("regions", "import", write("code,name\n320404,钟楼区\n")))
    assert tree()["320404"][3] is None


def test_levels_above_may_come_later(run: Run, write: Write, tree: Tree) -> None:
    """A deployment that began at its district gets its city and province: nothing is new below."""
    done(run("regions", "import", write(WUJIN)))
    ids = {code: row[0] for code, row in tree().items()}
    above = write("code,name\n32,江苏省\n3204,常州市\n")
    assert "新增 2，更新 1，没有变化 0" in done(run("regions", "import", above))
    assert tree()["320412"][3] == "3204"
    assert {code: tree()[code][0] for code in ids} == ids


def test_columns_in_any_order_and_others_passed_over_with_a_notice(
    run: Run, write: Write, tree: Tree
) -> None:
    path = write(' Name ,areaCode,CODE\n"武进区",3204,320412\n')
    output = done(run("regions", "import", path))
    assert "提示：regions.csv：其他列未导入：「areaCode」" in output
    assert tree()["320412"][1] == "武进区"


def test_spreadsheets_files_are_read(run: Run, write: Write, tree: Tree) -> None:
    """With a byte order mark, CRLF, blank lines, spaces around cells, a name with a comma."""
    content = '\ufeffcode,name\r\n\r\n 320412 , 武进区 \r\n,\r\n320412100,"湖塘,镇"\r\n'
    done(run("regions", "import", write(content)))
    assert {code: row[1] for code, row in tree().items()} == {
        "320412": "武进区",
        "320412100": "湖塘,镇",
    }


# ---------------------------------------------------------------------------- again


def test_a_second_import_changes_nothing(app: Flask, run: Run, write: Write, tree: Tree) -> None:
    """Not even the audit log: nothing happened."""
    path = write(WUJIN)
    done(run("regions", "import", path))
    before = tree()
    assert "新增 0，更新 0，没有变化 3" in done(run("regions", "import", path))
    assert tree() == before
    assert len(audited(app)) == 1


def test_a_changed_name_is_updated_with_its_sort_key(run: Run, write: Write, tree: Tree) -> None:
    """The region stays the same row: roles and markets refer to it."""
    done(run("regions", "import", write(WUJIN)))
    before = tree()["320412100"]
    renamed = write("code,name\n320412100,阿湖镇\n320412,武进区\n")
    assert "新增 0，更新 1，没有变化 1" in done(run("regions", "import", renamed))
    assert tree()["320412100"] == (before[0], "阿湖镇", "subdistrict", "320412", "a1 hu2 zhen4")


def test_regions_that_a_file_leaves_out_stay(run: Run, write: Write, tree: Tree) -> None:
    done(run("regions", "import", write(WUJIN)))
    done(run("regions", "import", write("code,name\n320412,武进区\n")))
    assert len(tree()) == 3


def test_the_same_row_twice_is_one_region(run: Run, write: Write, tree: Tree) -> None:
    """Files overlap; only a contradiction is a fault."""
    done(run("regions", "import", write(WUJIN), write(WUJIN, "copy.csv")))
    assert len(tree()) == 3


def test_an_import_is_one_audit_entry_with_counts(app: Flask, run: Run, write: Write) -> None:
    """On the topmost region, whose auditors see it."""
    done(run("regions", "import", write(WUJIN)))
    (entry,) = audited(app)
    assert entry.details == {"added": 3, "changed": 0, "unchanged": 0}
    assert (entry.object_type, entry.region_code) == ("region", "320412")
    assert entry.actor_user_id is None


def test_an_import_of_several_tops_belongs_to_no_one_region(
    app: Flask, run: Run, write: Write
) -> None:
    done(run("regions", "import", write("code,name\n320404,钟楼区\n320412,武进区\n")))
    (entry,) = audited(app)
    assert entry.region_code is None


# ---------------------------------------------------------------------------- faults

FAULTS = {
    "letters": ("32041x,武进区", "第 2 行 code：「32041x」应全是数字"),
    "a spreadsheet's exponent": ("3.20412E+11,花园社区", "第 2 行 code：「3.20412E+11」应全是数字"),
    "unknown length": ("3204121,武进区", "第 2 行 code：「3204121」有 7 位"),
    "no code": (",武进区", "第 2 行 code：不能为空"),
    "no name": ("320412,", "第 2 行 name：不能为空"),
    "name of spaces": ("320412,\u3000 ", "第 2 行 name：不能为空"),
    "name missing": ("320412", "第 2 行 name：不能为空"),
    "name too long": (f"320412,{'武' * 51}", "第 2 行 name：有 51 个字，最多 50 个字"),
    "nothing but what shows nothing": ("320412,\u200b\ufeff", "第 2 行 name：不能为空"),
    "too many cells": ("320412,武进,区", "第 2 行：单元格比表头多"),
    "quote not closed": ('320412,"武进区', "第 2 行：引号不配对"),
    "another name": (
        "320412,武进区\n320412,武进市",
        "第 3 行 code：代码 320412 在 regions.csv 第 2 行 已是「武进区」，这里是「武进市」",
    ),
    "orphan": (
        "320412,武进区\n320404001,南大街街道",
        "第 3 行 code：320404001「南大街街道」的上级 320404 不存在",
    ),
    "orphan two levels down": (
        "320412,武进区\n320412100001,花园社区",
        "第 3 行 code：320412100001「花园社区」的上级 320412100 不存在",
    ),
}


@pytest.mark.parametrize(("rows", "complaint"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_named_by_file_row_and_field(
    run: Run, write: Write, tree: Tree, rows: str, complaint: str
) -> None:
    """In one line, with exit code 1; nothing is imported."""
    error = failed(run("regions", "import", write(f"code,name\n{rows}\n")))
    assert error.startswith(f"regions.csv {complaint}"), error
    assert "\n" not in error
    assert tree() == {}


SHOWS_NOTHING = {
    "a zero-width space": "320412,武\u200b进区",
    "marks within": "320412\ufeff,\ufeff武进区",
    "a control character": "320412,武\x07进区",
    "null": "320412,武\x00进区",
    "text that runs backwards": "\u202e320412,武\u202e进区",
    "spaces that don't break": "\xa0320412\xa0,\xa0武进区\u2003",
}


@pytest.mark.parametrize("row", SHOWS_NOTHING.values(), ids=SHOWS_NOTHING.keys())
def test_what_shows_nothing_is_left_out_as_everywhere(
    run: Run, write: Write, tree: Tree, row: str
) -> None:
    done(run("regions", "import", write(f"\ufeff\ufeffcode\u200b,\xa0name\n{row}\n\u200b,\xa0\n")))
    assert [found[1] for found in tree().values()] == ["武进区"]


def test_a_name_of_two_lines_is_one_line(run: Run, write: Write, tree: Tree) -> None:
    done(run("regions", "import", write('code,name\n320412,"武进\n 新区"\n')))
    assert tree()["320412"][1] == "武进 新区"


HEADERS = {
    "no header": ("320412,武进区\n", "第 1 行 code：缺少这一列"),
    "no name column": ("code,title\n320412,武进区\n", "第 1 行 name：缺少这一列"),
    "a column twice": ("code,name,Name\n320412,武进区,x\n", "第 1 行 name：有重复的列"),
    "semicolons": ("code;name\n320412;武进区\n", "第 1 行 code：缺少这一列"),
}


@pytest.mark.parametrize(("content", "complaint"), HEADERS.values(), ids=HEADERS.keys())
def test_a_header_that_cannot_be_used_is_named(
    run: Run, write: Write, content: str, complaint: str
) -> None:
    assert f"regions.csv {complaint}" in failed(run("regions", "import", write(content)))


@pytest.mark.parametrize("content", ["", "code,name\n", "code,name\n\n,\n"])
def test_a_file_without_regions_is_a_fault(run: Run, write: Write, content: str) -> None:
    assert failed(run("regions", "import", write(content))).startswith("regions.csv：没有数据")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_another_encoding_is_named_with_its_row(run: Run, write: Write, encoding: str) -> None:
    """What Excel writes by default; the clerk is told what to choose."""
    path = write("code,name\n320412,武进区\n".encode(encoding))
    row = 2 if encoding == "gb18030" else 1
    error = failed(run("regions", "import", path))
    assert error == f"regions.csv 第 {row} 行：不是 UTF-8 编码，请另存为「CSV UTF-8」"


def test_files_that_cannot_be_read_are_named(run: Run, tmp_path: Path) -> None:
    missing, unreadable = tmp_path / "没有.csv", tmp_path / ("x" * 300)
    error = failed(run("regions", "import", missing, tmp_path, unreadable))
    assert f"{missing}：找不到这个文件" in error
    assert f"{unreadable}：无法读取这个文件" in error
    assert f"{tmp_path}：这是文件夹" in error


def test_every_fault_of_every_file_is_named_at_once(run: Run, write: Write) -> None:
    first = write("code,name\nx,武进区\n320412,\n", "first.csv")
    second = write("code,name\n12345,湖塘镇\n", "second.csv")
    lines = failed(run("regions", "import", first, second)).splitlines()
    assert lines == [
        "地区文件有误，没有导入任何内容（共 3 处）：",
        "first.csv 第 2 行 code：「x」应全是数字（表格软件请把这一列设为文本）",
        "first.csv 第 3 行 name：不能为空",
        "second.csv 第 2 行 code：「12345」有 5 位，应为 2、4、6、9 或 12 位",
    ]


def test_a_parent_that_is_missing_is_named_with_the_rest(run: Run, write: Write) -> None:
    rows = write("code,name\n320412,武进区\n320404001,南大街街道\nx,湖塘镇\n")
    lines = failed(run("regions", "import", rows)).splitlines()
    assert ["第 3 行" in lines[1], "第 4 行" in lines[2], len(lines)] == [True, True, 3]


def test_a_file_of_faults_does_not_flood_the_screen(run: Run, write: Write) -> None:
    rows = "".join(f"bad{number},x\n" for number in range(500))
    lines = failed(run("regions", "import", write(f"code,name\n{rows}"))).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "……还有 480 处，改好后再导入会继续列出"


def test_faults_beyond_a_thousand_are_not_counted(run: Run, write: Write) -> None:
    """Neither within a file nor over several: what comes after is not read."""
    rows = "bad,x\n" * (csv_files.MOST_FAULTS + 1)
    full = write(f"code,name\n{rows}", "full.csv")
    with pytest.raises(csv_files.RegionFilesInvalid) as refusal:
        csv_files.read_region_files([full, full], lambda *_: None)
    assert len(refusal.value.faults) == csv_files.MOST_FAULTS
    lines = failed(run("regions", "import", full, full)).splitlines()
    assert lines[0] == "地区文件有误，没有导入任何内容（共 1,000 处以上）："
    assert lines[-1] == "……还有 980 处以上，改好后再导入会继续列出"


def test_a_header_of_more_columns_than_any_has_is_refused(run: Run, write: Write) -> None:
    error = failed(run("regions", "import", write(f"code,name{',x' * 99}\n320412,武进区\n")))
    assert error == "regions.csv 第 1 行：有 101 列，最多 100 列"


def test_files_without_an_end_or_too_large_are_named_and_not_read(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    assert f"{pipe}：不是普通文件" in failed(run("regions", "import", pipe, "/dev/zero"))
    monkeypatch.setattr(csv_files, "MOST_FILE_BYTES", 1_000_000)
    large = write(b"")
    os.truncate(large, 10**12)
    assert f"{large}：超过 1 MB" in failed(run("regions", "import", large))


def test_what_is_bad_in_one_file_keeps_the_others_out(run: Run, write: Write, tree: Tree) -> None:
    """All or nothing."""
    good, bad = write(WUJIN, "good.csv"), write("code,name\n32041,x\n", "bad.csv")
    failed(run("regions", "import", good, bad))
    assert tree() == {}


def test_a_level_put_above_needs_the_steps_between(run: Run, write: Write, tree: Tree) -> None:
    """A province over a district whose city is nowhere would leave two trees."""
    done(run("regions", "import", write(WUJIN)))
    before = tree()
    error = failed(run("regions", "import", write("code,name\n32,江苏省\n")))
    assert error == "数据库：已有的 320412 需要上级 3204，请一起导入"
    assert tree() == before


def test_what_a_terminal_would_obey_is_not_repeated_to_it(run: Run, write: Write) -> None:
    error = failed(run("regions", "import", write("code,name\n\x1b[2J,武进区\n")))
    assert "\x1b" not in error
    assert "第 2 行 code：「[2J」应全是数字" in error


def test_every_length_of_code_has_its_level() -> None:
    """Statistical codes have 2, 4, 6, 9 and 12 digits, and each begins with its parent's."""
    assert list(CODE_LENGTHS) == [2, 4, 6, 9, 12]
    chain = ["320412100001", "320412100", "320412", "3204", "32", None]
    assert [parent_code(code) for code in chain if code] == chain[1:]
