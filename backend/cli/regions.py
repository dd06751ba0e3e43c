"""`flask regions`: where it all takes place, from CSV files."""

import sys
from pathlib import Path

import click

from backend.cli.command_line import ChineseGroup
from backend.core.db import transaction
from backend.regions import operations as regions
from backend.regions.csv_files import Fault, RegionFiles, read_region_files


@click.group("regions", cls=ChineseGroup)
def regions_group() -> None:
    """地区：区、镇（街道）、社区"""


@regions_group.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_regions(files: tuple[Path, ...]) -> None:
    """从 CSV 文件导入地区

    \b
    文件要有表头，用 code（代码）和 name（名称）两列，其他列不导入。
    代码 2、4、6、9、12 位依次是省、市、区县、镇（街道）、社区，
    上级由代码推出：上级要已经导入，或在同一次导入的文件里；
    最高一级除外，例如可以从本区开始。

    \b
    可以一次给几个文件，也可以反复导入：名称改了就更新，没变的不动，
    不会删除任何地区。有一处错误就什么都不导入，并指出文件、行和列。

    \b
    例：flask --app backend.wsgi regions import 武进区.csv
    """
    progress = TerminalProgress()
    with transaction() as session:
        known = regions.known_names(session)

    def misplaced(found: RegionFiles) -> list[Fault]:
        rows = list(found.rows.values())
        return [*regions.orphans(set(known), rows, found.codes), *regions.twins(known, rows)]

    found = read_region_files(files, progress, misplaced)
    sorted_regions = regions.with_pinyin(found.rows.values(), progress)
    with transaction() as session:
        counts = regions.import_regions(session, None, sorted_regions, progress)
    progress.end()
    for notice in found.notices:
        click.echo(f"提示：{notice}")
    click.echo(f"已导入：新增 {counts.added}，更新 {counts.changed}，没有变化 {counts.unchanged}")


class TerminalProgress:
    """One line on stderr that moves; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        if not self._shown:
            return
        if self._step and step != self._step:
            click.echo(err=True)
        self._step = step
        click.echo(f"\r{step} {done:,} / {total:,}", nl=False, err=True)

    def end(self) -> None:
        """Leave the line."""
        if self._step:
            click.echo(err=True)
