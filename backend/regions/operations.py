"""Importing the tree of regions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import cache
from itertools import chain, islice

from sqlalchemy import CursorResult, select, text
from sqlalchemy.orm import Session

from backend.core import audit
from backend.core.db import driver_connection
from backend.core.errors import NotFound
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.text import compared
from backend.regions.csv_files import (
    MOST_FAULTS,
    Fault,
    Place,
    Progress,
    RegionFilesInvalid,
    RegionRow,
)
from backend.regions.models import CODE_LENGTHS, Region, RegionLevel, parent_code

REPORT_EVERY = 1000
_DATABASE = Place("数据库", 0)

# A country's towns take longer than a request may.
_PATIENCE = text(
    "SELECT set_config('statement_timeout', '120s', true), set_config('lock_timeout', '60s', true)"
)
# One import at a time; reading, and writing rows that refer to regions, go on.
_LOCK = text("LOCK TABLE region IN SHARE ROW EXCLUSIVE MODE")
_STAGE = text(
    """
    CREATE TEMPORARY TABLE region_import (
        id uuid, code text COLLATE "C", name text, level text, parent text COLLATE "C", pinyin text
    ) ON COMMIT DROP
    """
)
_COPY = "COPY region_import (id, code, name, level, parent, pinyin) FROM STDIN"
_ANALYZE = text("ANALYZE region_import")
_UNSTAGE = text("DROP TABLE region_import")
_UPSERT = text(
    """
    INSERT INTO region AS known (id, code, name, level, parent_id, pinyin)
    SELECT i.id, i.code, i.name, i.level, p.id, i.pinyin
      FROM region_import i LEFT JOIN region p ON p.code = i.parent
     WHERE i.level = :level
    ON CONFLICT (code) DO UPDATE
       SET name = excluded.name, pinyin = excluded.pinyin, parent_id = excluded.parent_id
     WHERE (known.name, known.pinyin, known.parent_id)
           IS DISTINCT FROM (excluded.name, excluded.pinyin, excluded.parent_id)
    """
)
_ADOPT = text(
    "UPDATE region SET parent_id = (SELECT id FROM region WHERE code = :parent) WHERE code = :code"
)


class RegionUnknown(NotFound):
    code = "region_unknown"
    title = "没有这个地区"


@dataclass(frozen=True, slots=True)
class SortedRegion:
    """A region with the key that sorts its name."""

    row: RegionRow
    pinyin: str


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import has done."""

    added: int
    changed: int
    unchanged: int


def with_pinyin(rows: Iterable[RegionRow], progress: Progress) -> list[SortedRegion]:
    """The rows with their sort keys; separate, because it takes the longest and needs no
    transaction."""
    rows = list(rows)
    keyed = []
    for done, row in enumerate(rows, start=1):
        keyed.append(SortedRegion(row, pinyin_key(row.name)))
        if done % REPORT_EVERY == 0 or done == len(rows):
            progress("拼音排序", done, len(rows))
    return keyed


@cache  # every county has its 城关镇
def pinyin_key(name: str) -> str:
    """The key that sorts a name as dictionaries do: syllable by syllable, then by tone."""
    # Imported here: its dictionaries take megabytes and a third of a second, and the web
    # processes never import regions.
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(name, style=Style.TONE3, neutral_tone_with_five=True)
    return " ".join(syllables).lower()


def import_regions(
    session: Session, actor: Actor | None, regions: Sequence[SortedRegion], progress: Progress
) -> ImportCounts:
    """Add the regions, or change the names of those that are known; all of them or none.

    Nothing is ever deleted. An import of what is known already changes nothing. Audited as one
    entry with its counts.

    Raises RegionFilesInvalid (422) for regions whose parent is neither known nor imported, the
    topmost level apart: a deployment may begin at its district; and for two communities of one name
    in one town.
    """
    session.execute(_PATIENCE)
    session.execute(_LOCK)
    names = known_names(session)
    known = set(names)
    rows = [region.row for region in regions]
    faults = [*orphans(known, rows), *twins(names, rows)]
    if faults:
        raise RegionFilesInvalid(faults)
    progress("写入数据库", 0, len(regions))
    _stage(session, regions)
    written = _write(session, progress, len(regions))
    adopted = _adopt(session, known, {region.row.code for region in regions})
    added = sum(region.row.code not in known for region in regions)
    counts = ImportCounts(added, written - added + adopted, len(regions) - written)
    if written:
        _record(session, actor, regions, counts)
    return counts


def known_names(session: Session) -> dict[str, str]:
    """The names of all regions, by code."""
    return {row.code: row.name for row in session.execute(select(Region.code, Region.name))}


def twins(known: Mapping[str, str], rows: Sequence[RegionRow]) -> list[Fault]:
    """Communities that would have the name of another in their town: nobody could tell them apart.
    Those that are there already, from before, stay.

    Args:
        known: names by code.
    """
    rows = [row for row in rows if row.level is RegionLevel.COMMUNITY]
    towns = {parent_code(row.code) for row in rows}
    after = {code: name for code, name in known.items() if parent_code(code) in towns}
    after |= {row.code: row.name for row in rows}
    named: dict[tuple[str | None, str], list[str]] = defaultdict(list)
    for code, name in after.items():
        named[parent_code(code), compared(name)].append(code)
    faults = []
    for row in rows:
        others = [code for code in named[parent_code(row.code), compared(row.name)]
                  if code != row.code]  # fmt: skip
        if others and known.get(row.code) != row.name:
            twin = f"{others[0]}「{after[others[0]]}」"
            words = f"{row.code}「{row.name}」和同一个镇、街道的 {twin}重名，请在名称里写明区别"
            faults.append(Fault(row.place, "name", words))
    return faults[: MOST_FAULTS + 1]


def orphans(
    known: set[str], rows: Sequence[RegionRow], beside: Set[str] = frozenset()
) -> list[Fault]:
    """Regions below the topmost level whose parent is nowhere, neither known nor in the rows.

    Args:
        beside: codes that will be there too, but can't be judged yet.
    """
    imported = {row.code for row in rows}
    codes = known | imported
    top = min(map(len, codes | beside), default=0)
    there = codes | beside
    missing = {
        code: parent
        for code in codes
        if len(code) > top and (parent := parent_code(code)) not in there
    }
    lonely = (
        Fault(row.place, "code", f"{row.code}「{row.name}」的上级 {missing[row.code]} 不存在")
        for row in rows
        if row.code in missing
    )
    # At the top until now: this import puts another level above it, but not its parent.
    left_behind = (
        Fault(_DATABASE, None, f"已有的 {code} 需要上级 {missing[code]}，请一起导入")
        for code in sorted(missing.keys() - imported)
    )
    return list(islice(chain(lonely, left_behind), MOST_FAULTS + 1))


def _stage(session: Session, regions: Sequence[SortedRegion]) -> None:
    session.execute(_STAGE)
    with driver_connection(session).cursor() as cursor, cursor.copy(_COPY) as copy:
        for region in regions:
            row = region.row
            copy.write_row(
                (new_id(), row.code, row.name, row.level, parent_code(row.code), region.pinyin)
            )
    session.execute(_ANALYZE)


def _write(session: Session, progress: Progress, total: int) -> int:
    """Bring the staged rows into the tree, parents first; the number of rows that changed."""
    written = 0
    for level in CODE_LENGTHS.values():
        result = session.execute(_UPSERT, {"level": level.value})
        assert isinstance(result, CursorResult)
        written += result.rowcount
        progress("写入数据库", written, total)
    session.execute(_UNSTAGE)
    progress("写入数据库", total, total)
    return written


def _adopt(session: Session, known: set[str], imported: set[str]) -> int:
    """Put regions that were the top under the parents that have come; how many there were.

    A deployment may begin at its district and import the levels above it later.
    """
    new = imported - known
    adopted = [
        {"code": code, "parent": parent}
        for code in known - imported
        if (parent := parent_code(code)) in new
    ]
    if adopted:
        session.execute(_ADOPT, adopted)
    return len(adopted)


def _record(
    session: Session, actor: Actor | None, regions: Sequence[SortedRegion], counts: ImportCounts
) -> None:
    """One entry, on the topmost region; whose auditors see it, where there is only one."""
    codes = [region.row.code for region in regions]
    shortest = min(map(len, codes))
    tops = sorted(code for code in codes if len(code) == shortest)
    top_id = session.execute(select(Region.id).where(Region.code == tops[0])).scalar_one()
    audit.record(
        session,
        actor,
        "import_regions",
        Region.__tablename__,
        top_id,
        region_code=tops[0] if len(tops) == 1 else None,
        details=asdict(counts),
    )


def region_by_code(session: Session, code: str) -> Region:
    """The region with this code.

    Raises RegionUnknown (404) naming the code.
    """
    region = session.execute(select(Region).where(Region.code == code)).scalar_one_or_none()
    if region is None:
        raise RegionUnknown(f"没有代码为 {code} 的地区，请先导入地区")
    return region
