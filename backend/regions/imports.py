"""Importing regions from a file that an admin uploads: looked through, shown, confirmed, and then
done by the worker, all of it or nothing.

A country's towns take ten seconds, most of them for the keys that sort their names: too long for
a request, so the worker does it and says how far it is.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.core import clock, jobs
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.errors import AppError, NotFound
from backend.core.permissions import Actor, Permission
from backend.core.states import lock, transition
from backend.regions.csv_files import (
    MOST_FAULTS,
    Fault,
    RegionFiles,
    RegionFilesInvalid,
    RegionRow,
    read_region_content,
)
from backend.regions.models import (
    REGION_IMPORT_TRANSITIONS,
    RegionImport,
    RegionImportState,
)
from backend.regions.operations import import_regions, known_names, orphans, twins, with_pinyin

EXAMPLES = 20
# A worker that was cut off leaves its import running; the file can then be uploaded anew.
STUCK_AFTER = timedelta(minutes=10)
_KEEP = timedelta(days=1)


class ConfirmedAlready(AppError):
    status = 409
    code = "region_import_confirmed"
    title = "这个文件已经确认过了，可能是在另一个页面。它的进展见下面，不用再确认"


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do.

    Attributes:
        examples: the first regions that are new (`before` is None) or get another name.
        notices: what the reader should know, like columns that are passed over.
    """

    added: int
    changed: int
    unchanged: int
    examples: list[dict[str, str | None]]
    notices: list[str]


def look_through(session: Session, actor: Actor, file_name: str, content: bytes) -> RegionImport:
    """Keep a file that can be imported, with what would come of it.

    Raises RegionFilesInvalid (422) naming every fault: those of the file itself, regions outside
    the caller's, regions without a parent, and two communities of one name in one town.
    """
    names = known_names(session)

    def misplaced(found: RegionFiles) -> list[Fault]:
        foreign = _outside(actor, found.rows.values())
        outside = {fault.place for fault in foreign}
        own = [row for row in found.rows.values() if row.place not in outside]
        return [*foreign, *orphans(set(names), own, found.codes), *twins(names, own)]

    found = read_region_content(file_name, content, _quietly, misplaced)
    rows = list(found.rows.values())
    kept = RegionImport(
        user_id=actor.user_id,
        file_name=file_name,
        content=content,
        preview=asdict(_preview(names, rows, found.notices)),
        total=len(rows),
    )
    session.add(kept)
    session.flush()
    return kept


def _outside(actor: Actor, rows: Iterable[RegionRow]) -> list[Fault]:
    codes = actor.region_codes(Permission.REGION_IMPORT)
    foreign = (row for row in rows if not row.code.startswith(codes))
    return [
        Fault(row.place, "code", f"{row.code}「{row.name}」不在您管理的地区内")
        for row in islice(foreign, MOST_FAULTS + 1)
    ]


def _preview(names: dict[str, str], rows: list[RegionRow], notices: list[str]) -> Preview:
    news = [row for row in rows if names.get(row.code) != row.name]
    added = sum(row.code not in names for row in news)
    examples: list[dict[str, str | None]] = [
        {"code": row.code, "name": row.name, "before": names.get(row.code)}
        for row in news[:EXAMPLES]
    ]
    return Preview(added, len(news) - added, len(rows) - len(news), examples, notices)


def access_import(session: Session, actor: Actor, import_id: UUID) -> RegionImport:
    """An import of the caller's own; 404 for anybody else's."""
    found = session.get(RegionImport, import_id)
    if found is None or found.user_id != actor.user_id:
        raise NotFound
    return found


def confirm(session: Session, actor: Actor, found: RegionImport) -> None:
    """Let the worker import a file that was looked through.

    Raises ConfirmedAlready (409) the second time.
    """
    if lock(session, RegionImport, found.id).state is not RegionImportState.PREVIEWED:
        raise ConfirmedAlready
    _move(session, actor, found, RegionImportState.RUNNING, "confirm_region_import")
    found.started_at = clock.now()
    session.flush()
    jobs.defer(session, run_import, import_id=str(found.id))


def is_overtaken(session: Session, found: RegionImport) -> bool:
    """Whether regions were imported after a file was looked through, here or by command: what it
    would do is less now."""
    later = select(AuditEntry.id).where(
        AuditEntry.action == "import_regions", AuditEntry.at > found.created_at
    )
    return (
        found.state is RegionImportState.PREVIEWED
        and session.execute(later.limit(1)).first() is not None
    )


def is_stuck(found: RegionImport) -> bool:
    """Whether an import has been running for longer than any takes."""
    return (
        found.state is RegionImportState.RUNNING
        and found.started_at is not None
        and clock.now() - found.started_at > STUCK_AFTER
    )


def stands_still(session: Session, found: RegionImport) -> bool:
    """Whether an import waits for a worker, and none is at work."""
    return found.state is RegionImportState.RUNNING and jobs.stand_still(session)


@jobs.job("regions.import")
def run_import(import_id: str) -> None:
    """Import a confirmed file. A second run finds it done, or does it again from the start:
    importing what is known already changes nothing."""
    with transaction() as session:
        found = session.get(RegionImport, UUID(import_id))
        if found is None or found.state is not RegionImportState.RUNNING:
            return
        assert found.content is not None
        rows = read_region_content(found.file_name, found.content, _quietly).rows.values()

    def tell(_step: str, done: int, _total: int) -> None:
        with transaction() as session:
            session.execute(
                update(RegionImport).where(RegionImport.id == UUID(import_id)).values(done=done)
            )

    regions = with_pinyin(rows, tell)
    try:
        with transaction() as session:
            found = lock(session, RegionImport, UUID(import_id))
            if found.state is not RegionImportState.RUNNING:
                return
            # Who confirmed it, for the audit log; an import asks nothing else of them.
            actor = Actor(found.user_id, found.user_id)
            counts = import_regions(session, actor, regions, _quietly)
            _finish(session, found, RegionImportState.DONE, asdict(counts))
    except RegionFilesInvalid as refusal:
        with transaction() as session:
            found = session.get_one(RegionImport, UUID(import_id))
            _finish(session, found, RegionImportState.FAILED, {"problem": str(refusal)})


def _finish(
    session: Session, found: RegionImport, state: RegionImportState, result: dict[str, Any]
) -> None:
    _move(session, None, found, state, "finish_region_import")
    found.result, found.finished_at, found.content = result, clock.now(), None
    session.flush()


def _move(
    session: Session, actor: Actor | None, found: RegionImport, to: RegionImportState, action: str
) -> None:
    transition(session, actor, REGION_IMPORT_TRANSITIONS, found, to, action=action)


@jobs.job("regions.forget_imports", cron="27 * * * *")
def forget_imports() -> None:
    """Delete uploads a day after they came; a second run finds none."""
    with transaction() as session:
        session.execute(delete(RegionImport).where(RegionImport.created_at < clock.now() - _KEEP))


def _quietly(_step: str, _done: int, _total: int) -> None: ...
