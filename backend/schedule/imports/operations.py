"""Use cases of organisers: a schedule from an Excel file, looked at first, then made whole.

The file itself is kept between the two steps, under an id that only its sender can open. Kept in
the page instead it would be as large as a form may be, and would have to be signed; here it is
read again when it is confirmed, against what the schedule has become meanwhile.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session, defer

from backend.activities import copies
from backend.activities.checks.readiness import is_settled
from backend.activities.days import doubt_of
from backend.activities.models import (
    Activity,
    ActivityState,
    ImportedRow,
    Offering,
    ScheduleImport,
    Slot,
)
from backend.activities.operations import Origin, create_activity
from backend.activities.requests import NewActivity
from backend.activities.words import NOT_SETTLED, PRIVATE_NUMBER, PROGRAMMES, quoted
from backend.core import audit, clock
from backend.core.config import IMPORTS
from backend.core.db import transaction
from backend.core.errors import AppError, NotFound, ValidationFailed
from backend.core.given import given
from backend.core.ids import new_id
from backend.core.jobs import job
from backend.core.permissions import Actor, Permission
from backend.core.text import has_mobile_number
from backend.regions.models import Region
from backend.regions.queries import within
from backend.schedule.imports.plans import Model, Plan, PlannedRow, place_of
from backend.schedule.imports.regions import Place, find_places
from backend.schedule.imports.slots import ask_slots, note_slots
from backend.schedule.imports.twins import find_twins
from backend.schedule.reading import columns
from backend.schedule.reading.rows import Note, ReadSchedule
from backend.schedule.reading.schedule import read_schedule

KEEP = timedelta(days=IMPORTS.keep_days)
_LATEST = 10


class NothingToImport(AppError):
    status = 409
    code = "nothing_to_import"
    title = "没有可以导入的行，没有新建活动"


class ImportDone(NothingToImport):
    code = "import_done"
    title = "已经导入过了，没有再建一遍"


class ImportChanged(AppError):
    """What would be made is no longer what was looked at: typed in another tab, or planned by a
    colleague meanwhile."""

    status = 409
    code = "import_changed"
    title = "刚刚有变化，一行都没有导入，请再看一遍"


# ---------------------------------------------------------------------------- kept


def keep(
    session: Session, actor: Actor, file_name: str, content: bytes, model: Activity | None
) -> ScheduleImport:
    """Keep a file until it is confirmed.

    Args:
        model: whose stalls and services are copied to rows that name none.

    Raises NotASpreadsheet, SpreadsheetTooLarge, ValidationFailed (422).
    """
    if not read_schedule(content).rows:
        raise ValidationFailed("表格里没有活动，请从表头下面一行起填写")
    kept = ScheduleImport(
        id=new_id(),
        user_id=actor.user_id,
        file_name=file_name,
        content=content,
        model_id=model.id if model else None,
    )
    session.add(kept)
    session.flush()
    return kept


def access_import(
    session: Session, actor: Actor, import_id: UUID, *, lock: bool = False
) -> ScheduleImport:
    """The caller's own file.

    Raises NotFound (404) for another's.
    """
    kept = session.get(
        ScheduleImport, import_id, with_for_update=lock or None, populate_existing=lock
    )
    if kept is None or kept.user_id != actor.user_id:
        raise NotFound
    return kept


def latest_of(session: Session, actor: Actor) -> Sequence[ScheduleImport]:
    """The caller's last files, without what is in them."""
    statement = (
        select(ScheduleImport)
        .options(defer(ScheduleImport.content))
        .where(ScheduleImport.user_id == actor.user_id)
        .order_by(ScheduleImport.created_at.desc(), ScheduleImport.id)
        .limit(_LATEST)
    )
    return session.execute(statement).scalars().all()


@job("activities.purge_imports", cron="29 * * * *")
def purge() -> None:
    """Delete old files: nobody will confirm them any more, nor undo what they made."""
    with transaction() as session:
        session.execute(
            delete(ScheduleImport).where(ScheduleImport.created_at < clock.now() - KEEP)
        )


# ---------------------------------------------------------------------------- looked at


def plan_of(session: Session, actor: Actor, kept: ScheduleImport) -> Plan:
    """What a file would make now, and what is wrong with it, in five statements."""
    return _plan(session, actor, kept, read_again(kept))


def read_again(kept: ScheduleImport) -> ReadSchedule:
    """What a file says, with what was typed instead."""
    typed = {
        (row, column): words
        for row, cells in kept.typed.items()
        for column, words in cells.items()
    }  # fmt: skip
    return read_schedule(kept.content, typed, file_name=kept.file_name)


def _confirmed(kept: ScheduleImport, row: str) -> frozenset[str]:
    """What of a row's doubts the clerk has been asked and has confirmed."""
    said = kept.wanted.get(row)
    return frozenset(said) if isinstance(said, list) else frozenset()


def _plan(session: Session, actor: Actor, kept: ScheduleImport, read: ReadSchedule) -> Plan:
    statement = select(ImportedRow.row, ImportedRow.activity_id).where(
        ImportedRow.import_id == kept.id
    )
    made = {row.row: row.activity_id for row in session.execute(statement)}
    rows = [
        PlannedRow(
            row,
            made.get(row.key),
            left=not kept.wanted.get(row.key, not row.aside),
            confirmed=_confirmed(kept, row.key),
        )
        for row in read.rows
    ]
    taken = [planned for planned in rows if not (planned.made_id or planned.left)]
    _find_regions(session, actor, taken)
    _find_models(session, actor, taken, kept.model_id)
    for planned in taken:
        _set_times(planned)
    find_twins(session, taken, made.values())
    # Of what is not made nothing is asked.
    questions = ask_slots(kept, [one for one in taken if not (one.exists or one.same_as)])
    note_slots(session, taken)
    for planned in taken:
        _doubt(planned)
    for planned in rows:
        if not planned.left:
            _note(planned)
    return Plan(read, rows, questions)


def _find_regions(session: Session, actor: Actor, rows: Sequence[PlannedRow]) -> None:
    places = {
        planned.row.key: Place(community, planned.row.values.get(columns.TOWN))
        for planned in rows
        if (community := planned.row.values.get(columns.COMMUNITY))
    }
    found = find_places(session, actor, set(places.values()))
    for planned in rows:
        if place := places.get(planned.row.key):
            planned.region = found[place].region
            if planned.region is None:
                planned.blame(columns.COMMUNITY, found[place].fault, found[place].choices)


def _find_models(
    session: Session, actor: Actor, rows: Sequence[PlannedRow], default_id: UUID | None
) -> None:
    rows = [one for one in rows if one.row.values.get(columns.MODEL) != columns.NO_MODEL]
    named = {planned.row.values.get(columns.MODEL) for planned in rows} - {None}
    wanted: list[ColumnElement[bool]] = [Activity.title.in_(named)]
    if default_id is not None:
        wanted.append(Activity.id == default_id)
    models = _models(session, actor, or_(*wanted))
    default = next((model for model in models if model.id == default_id), None)
    # The latest of a name: the list is sorted by beginning.
    by_title = {model.title: model for model in models}
    for planned in rows:
        title = planned.row.values.get(columns.MODEL)
        planned.model = by_title.get(title) if title else default
        if title and planned.model is None:
            planned.blame(columns.MODEL, "在您负责的地区内没有这个名称的活动")
        elif default_id and planned.model is None:
            planned.blame(columns.MODEL, "上面选的那一场已取消或不归您管，请另选")
        _check_model(planned)


def _models(session: Session, actor: Actor, wanted: ColumnElement[bool]) -> list[Model]:
    last_slot = (
        select(func.max(Slot.ends_at))
        .join(Offering, Offering.id == Slot.offering_id)
        .where(Offering.activity_id == Activity.id, Offering.dropped_at.is_(None))
        .correlate(Activity)
        .scalar_subquery()
    )
    statement = (
        select(
            Activity.id,
            Activity.title,
            Activity.programme,
            Activity.starts_at,
            last_slot,
            Activity.contact_phone,
        )
        .join(Region, Region.id == Activity.region_id)
        .where(
            wanted,
            within(actor.region_codes(Permission.ACTIVITY_EDIT)),
            Activity.state != ActivityState.CANCELLED,
        )
        .order_by(Activity.starts_at, Activity.id)
    )
    return [
        Model(
            model_id, title, programme, starts_at, ends_at - starts_at if ends_at else None, phone
        )
        for model_id, title, programme, starts_at, ends_at, phone in session.execute(statement)
    ]


def _check_model(planned: PlannedRow) -> None:
    """Blame a row for an activity to copy that is of another programme: mostly the one that was
    chosen for all rows, which is none for this one."""
    programme = planned.row.values.get(columns.PROGRAMME)
    if planned.model is None or programme in (None, planned.model.programme):
        return
    theirs, own = PROGRAMMES[planned.model.programme], PROGRAMMES[programme]
    words = f"{own}不能照搬{theirs}{quoted(planned.model.title)}的摊位和服务"
    planned.misfit = planned.row.cells[columns.MODEL].fault is None
    planned.blame(columns.MODEL, words)


def _set_times(planned: PlannedRow) -> None:
    values = planned.row.values
    if not values.keys() >= {columns.DAY, columns.STARTS, columns.ENDS}:
        return
    planned.starts_at = _instant(values[columns.DAY], values[columns.STARTS])
    last = values.get(columns.LAST_DAY, values[columns.DAY])
    planned.ends_at = _instant(last, values[columns.ENDS])


def _instant(day: date, at: time) -> datetime:
    """A day and a time on a clock in Shanghai as an instant."""
    return datetime.combine(day, at, tzinfo=clock.SHANGHAI)


def _doubt(planned: PlannedRow) -> None:
    """Doubt a row whose days may mean something else, or whose year may be wrong."""
    planned.doubts.extend(planned.row.doubts)
    if planned.starts_at and (words := doubt_of(planned.starts_at, clock.now())):
        planned.doubts.append(Note(columns.DAY, words))


def _note(planned: PlannedRow) -> None:
    """Note a number that may be somebody's own, one that comes from the activity that is copied,
    and a place that is not settled."""
    values = planned.row.values
    if has_mobile_number(values.get(columns.CONTACT, "")):
        planned.notes.append(Note(columns.CONTACT, PRIVATE_NUMBER))
    if planned.model and planned.model.contact_phone and columns.CONTACT not in values:
        theirs = planned.model.contact_phone
        private = f"，{PRIVATE_NUMBER}" if has_mobile_number(theirs) else ""
        planned.notes.append(Note(columns.CONTACT, f"空着：照搬参照活动的 {theirs}{private}"))
    if columns.VENUE in values and not is_settled(values[columns.VENUE]):
        planned.notes.append(Note(columns.VENUE, NOT_SETTLED))


# ---------------------------------------------------------------------------- made


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made of a file, and how many of its rows wait: to be put right, or for a word."""

    made: Sequence[Activity]
    waiting: int


def carry_out(session: Session, actor: Actor, kept: ScheduleImport, seen: str) -> Outcome:
    """Make what is good of a locked file: all of that or nothing. What is there already is not made
    again; what is wrong waits until it is put right, and what is doubtful until the clerk is sure.

    Args:
        seen: the plan that was looked at (`Plan.seen`).

    Raises NothingToImport, ImportDone, ImportChanged (409).
    """
    read = read_again(kept)
    _lock_regions(session, _plan(session, actor, kept, read).new)
    # Again, now that nobody else can import to the same regions.
    plan = _plan(session, actor, kept, read)
    if not plan.new:
        raise ImportDone if kept.made else NothingToImport
    if plan.seen != seen:
        raise ImportChanged
    sources = _sources(session, {row.model.id for row in plan.new if row.model})
    made = [_make(session, actor, kept, planned, sources) for planned in plan.new]
    for planned, activity in zip(plan.new, made, strict=True):
        session.add(ImportedRow(import_id=kept.id, row=planned.row.key, activity_id=activity.id))
    kept.done_at, kept.made = clock.now(), (kept.made or 0) + len(made)
    kept.rows_left = plan.waiting
    session.flush()
    audit.record(
        session, actor, "import", ScheduleImport.__tablename__, kept.id,
        details={"made": len(made), "rows": len(plan.rows)},
    )  # fmt: skip
    return Outcome(made, plan.waiting)


def _lock_regions(session: Session, rows: Sequence[PlannedRow]) -> None:
    """Let two imports into the same regions go one after the other, so that the second finds what
    the first has made. Whoever drafts a single activity does not wait."""
    ids = {planned.region.id for planned in rows if planned.region}
    session.execute(
        select(Region.id)
        .where(Region.id.in_(ids))
        .order_by(Region.id)
        .with_for_update(key_share=True)
    )


def _sources(session: Session, ids: Collection[UUID]) -> dict[UUID, copies.Source]:
    return {one: copies.read_source(session, session.get_one(Activity, one)) for one in ids}


def _make(
    session: Session,
    actor: Actor,
    kept: ScheduleImport,
    planned: PlannedRow,
    sources: dict[UUID, copies.Source],
) -> Activity:
    place = place_of(planned)
    origin = Origin(kept.id, planned.row.number)
    if planned.model is not None:
        return copies.copy_to(session, actor, sources[planned.model.id], place, origin)
    new = NewActivity(region_id=place.region_id, starts_at=place.starts_at, **given(place.changes))
    return create_activity(session, actor, new, origin)
