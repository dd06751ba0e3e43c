"""What all commands have in common: Chinese help, one line for an error, no traceback."""

import logging
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from backend import cli
from backend.app import create_app
from backend.cli.command_line import ChineseCommand, ChineseGroup, CommandError
from backend.core.db import db, transaction
from backend.core.errors import Conflict, ValidationFailed
from backend.demo import joining
from backend.demo.people import REGIONS_FILE
from backend.local.postgres.server import PrivatePostgres
from backend.local.system import ROOT
from tests.conftest import settings_for
from tests.support.commands import Run, done, failed, runner

GROUPS = ("regions", "organisations", "admin", "roles", "demo")
COMMANDS = (
    ("regions", "import"),
    ("organisations", "add"),
    ("accounts", "create"),
    ("accounts", "reset"),
    ("admin", "create"),
    ("roles", "grant"),
    ("roles", "revoke"),
    ("roles", "list"),
    ("demo", "load"),
)


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


@pytest.mark.parametrize("command", [(group,) for group in GROUPS] + list(COMMANDS), ids=" ".join)
def test_help_is_in_chinese(run: Run, command: tuple[str, ...]) -> None:
    """Every line of it that says anything; the words to type stay as they are."""
    output = done(run(*command, "--help"))
    assert output.startswith(f"用法：flask {' '.join(command)}")
    assert "Usage" not in output
    assert "required" not in output
    for line in output.splitlines():
        assert not line.strip() or is_chinese(line), line


def test_the_commands_are_these() -> None:
    """Another one needs its help, and its tests."""
    found = [
        (group.name, name)
        for group in (*vars(cli).values(), *vars(joining).values())
        if isinstance(group, ChineseGroup)
        for name in group.commands
    ]
    assert sorted(map(str, found)) == sorted(map(str, COMMANDS))


@pytest.mark.parametrize("group", GROUPS)
def test_an_unknown_command_is_named(run: Run, group: str) -> None:
    assert failed(run(group, "improt")) == (f"没有命令「improt」。用法见 flask {group} --help")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("regions", "import"), "缺少 FILES。"),
        (("regions", "import", "--force"), "没有选项 --force。"),
        (("roles", "grant", "x", "admin", "--region"), "选项 --region 的写法不对"),
        (("demo", "load", "now"), "参数太多"),
        (("demo", "--all"), "没有选项 --all。"),
    ],
)
def test_a_wrong_use_is_one_chinese_line(
    run: Run, arguments: tuple[str, ...], complaint: str
) -> None:
    error = failed(run(*arguments))
    assert error.startswith(complaint), error
    assert error.endswith("--help")
    assert "\n" not in error


def test_a_group_without_a_command_shows_its_help(run: Run) -> None:
    result = run("roles")
    assert "用法：flask roles" in result.output
    assert "Error" not in result.output


# ---------------------------------------------------------------------------- the database


@pytest.fixture
def empty_database(postgres: PrivatePostgres) -> Iterator[Flask]:
    """An app whose database nobody has migrated."""
    postgres.create_database("cli_empty")
    app = create_app(settings_for(postgres.url("cli_empty")))
    yield app
    with app.app_context():
        db.engine.dispose()
    postgres.drop_database("cli_empty")


def test_a_database_without_tables_is_one_line(empty_database: Flask) -> None:
    error = failed(runner(empty_database)("roles", "list"))
    assert error == "数据库里还没有表，请先运行 python -m backend.core.migrate upgrade"


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    app = create_app(settings_for(f"postgresql://nobody@/none?host={tmp_path}"))
    error = failed(runner(app)("roles", "list"))
    assert error.startswith("数据库连不上或正忙，请稍后再试")
    assert "\n" not in error


def command(act: Callable[[], object]) -> click.Command:
    """A command that does this."""
    return ChineseCommand("act", callback=lambda: act() and None)


def complaint_of(act: Callable[[], object]) -> str:
    """What a person is told when a command ends so."""
    with pytest.raises(CommandError) as caught:
        command(act).main(args=[], standalone_mode=False)
    return caught.value.message


def sql(statement: str) -> Callable[[], object]:
    """Runs a statement in a transaction."""

    def act() -> object:
        with transaction() as session:
            return session.execute(text(statement))

    return act


def test_what_the_database_refuses_is_one_line(app: Flask, outer: Connection) -> None:
    """A constraint that stops the loser of a race, a value that does not fit."""
    twice = "INSERT INTO region (id, code, name, level, pinyin) VALUES " + ", ".join(
        f"('00000000-0000-7000-8000-00000000000{n}', '32', '江苏省', 'province', '')"
        for n in (1, 2)
    )
    assert complaint_of(sql(twice)) == Conflict.title
    assert complaint_of(sql("SELECT 1 / 0")) == ValidationFailed.title


def test_refusals_by_field_name_the_fields() -> None:
    def refuse() -> None:
        raise ValidationFailed(errors={"ends_at": ["结束时间应晚于开始时间"], "field": ["x", "y"]})

    assert complaint_of(refuse) == "ends_at 结束时间应晚于开始时间；field x y"


@pytest.mark.parametrize("statement", ["SELECT nothing", "SELEC 1"])
def test_a_fault_of_ours_is_not_hidden(app: Flask, outer: Connection, statement: str) -> None:
    """Only what somebody can do something about is put into one line."""
    with pytest.raises(ProgrammingError):
        command(sql(statement)).main(args=[], standalone_mode=False)


def test_other_faults_of_the_driver_are_not_hidden_either() -> None:
    def fail() -> None:
        raise DBAPIError("SELECT 1", None, Exception("of a kind nobody has met"))

    with pytest.raises(DBAPIError):
        command(fail).main(args=[], standalone_mode=False)


def test_log_lines_stay_off_the_screen_while_a_command_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And come back after it, for those who run commands in a process that goes on."""
    caplog.set_level(logging.INFO)
    root = logging.getLogger()
    seen = []
    command(lambda: seen.append(root.getEffectiveLevel())).main(args=[], standalone_mode=False)
    assert seen == [logging.WARNING]
    assert root.level == logging.INFO


# ---------------------------------------------------------------------------- a terminal


def test_an_import_shows_its_progress_on_a_terminal(committed_app: Flask) -> None:
    """As typed: `flask --app backend.wsgi regions import …` with a terminal at its stderr."""
    settings = settings_for("")
    environment = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "test",
        "DATABASE_URL": committed_app.config["SQLALCHEMY_DATABASE_URI"],
        "PHONE_ENCRYPTION_KEY": settings.phone_encryption_keys[0],
        "PHONE_HASH_KEY": "MDEyMzQ1Njc4OTAxMjM0NQ==",
        "CODE_SIGNING_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    ours, terminal = pty.openpty()
    command = [sys.executable, "-m", "flask", "--app", "backend.wsgi", "regions", "import"]
    result = subprocess.run(
        [*command, REGIONS_FILE],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=False,
        timeout=60,
    )
    os.close(terminal)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert result.returncode == 0, shown
    assert "新增 118，更新 0，没有变化 0" in result.stdout.decode()
    for step in ("\r读取 regions.csv 119 / 119", "\r拼音排序 118 / 118", "\r写入数据库 118 / 118"):
        assert step in shown


def test_nothing_moves_where_stderr_is_no_terminal(run: Run) -> None:
    """A log file of carriage returns helps nobody."""
    assert run("regions", "import", REGIONS_FILE).stderr == ""
