"""Commands for clerks: help and errors in Chinese, one line, exit code 1, never a traceback."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from click import exceptions
from flask.cli import AppGroup
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from backend.core.errors import AppError
from backend.core.web import fields
from backend.core.web.problems import refusal_for

_UNDEFINED_TABLE = "42P01"


class CommandError(click.ClickException):
    """What went wrong, in a sentence for the person at the keyboard."""

    def show(self, file: Any = None) -> None:
        """Write it to stderr."""
        click.echo(f"错误：{self.message}", file=file, err=True)


class ChineseCommand(click.Command):
    """A command whose help and errors are Chinese."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        super().__init__(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """click's, with its complaints put into Chinese."""
        with _usage_in_chinese(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; what an operation refuses, and a database that is away, is one line."""
        with _no_log_lines(), _refusals_in_one_line():
            return super().invoke(ctx)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """--help, explained."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "显示这段说明"
        return option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first line of the help."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix="用法：")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of options."""
        options = [item for item in self.get_params(ctx) if isinstance(item, click.Option)]
        records = [row for option in options if (row := option.get_help_record(ctx))]
        rows = [(name, text.replace("[required]", "（必填）")) for name, text in records]
        with formatter.section("选项"):
            formatter.write_dl(rows)


class ChineseGroup(ChineseCommand, AppGroup):
    """A group of such commands."""

    command_class = ChineseCommand

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("subcommand_metavar", "命令 [参数]…")
        super().__init__(*args, **kwargs)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """click's, with its complaint put into Chinese."""
        with _usage_in_chinese(ctx):
            return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The lists of options and commands."""
        super().format_options(ctx, formatter)
        names = self.list_commands(ctx)
        with formatter.section("命令"):
            formatter.write_dl([(name, _first_line(self.commands[name])) for name in names])


def _first_line(command: click.Command) -> str:
    return (command.help or "").strip().split("\n", 1)[0]


@contextmanager
def _usage_in_chinese(ctx: click.Context) -> Iterator[None]:
    try:
        yield
    except exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        raise CommandError(f"{_usage_fault(error)}。用法见 {ctx.command_path} --help") from None


def _usage_fault(error: click.UsageError) -> str:
    match error:
        case exceptions.MissingParameter(param=click.Parameter() as parameter):
            return f"缺少 {_shown(parameter)}"
        case exceptions.NoSuchCommand():
            return f"没有命令「{error.command_name}」"
        case exceptions.NoSuchOption():
            return f"没有选项 {error.option_name}"
        case exceptions.BadOptionUsage():
            return f"选项 {error.option_name} 的写法不对（后面要跟一个值）"
        case _:
            return "参数太多，或写法不对（含空格的名称请加引号）"


def _shown(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option):
        return parameter.opts[0]
    return str(parameter.human_readable_name)


@contextmanager
def _no_log_lines() -> Iterator[None]:
    """Logs are for the log; on a clerk's screen only what asks for attention."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        root.setLevel(level)


@contextmanager
def _refusals_in_one_line() -> Iterator[None]:
    try:
        yield
    except AppError as refusal:
        raise CommandError(_sentence(refusal)) from None
    except OperationalError as error:
        reason = str(error.orig).strip().split("\n", 1)[0]
        raise CommandError(f"数据库连不上或正忙，请稍后再试（{reason}）") from None
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != _UNDEFINED_TABLE:
            raise
        advice = "请先运行 python -m backend.core.migrate upgrade"
        raise CommandError(f"数据库里还没有表，{advice}") from None
    except DBAPIError as error:
        refused = refusal_for(error)
        if refused is None:
            raise
        raise CommandError(_sentence(refused)) from None


def _sentence(refusal: AppError) -> str:
    if refusal.errors:
        return "；".join(f"{name} {' '.join(why)}" for name, why in refusal.errors.items())
    return refusal.detail or refusal.title


def checked_text(name: str, value: str, max_length: int) -> str:
    """An argument's text, trimmed.

    Raises CommandError naming the argument when it is empty, too long or unprintable.
    """
    try:
        text: str = fields.Text(max_length).deserialize(value)
    except ValidationError as error:
        raise CommandError(f"{name}：{error.messages[0]}") from None
    return text
