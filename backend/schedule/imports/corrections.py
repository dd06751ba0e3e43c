"""Use cases of organisers: what is wrong in a file is put right in its preview, cell by cell.

What is typed is kept beside the file, which stays as it came: nothing is uploaded twice, and what
was put right outlives a reload, another tab and the end of a session.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.models import ScheduleImport
from backend.activities.permissions import access_activity
from backend.activities.words import EXCHANGE_KINDS, PROGRAMMES, SLOT_CHOICES
from backend.core.config import titles
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.writing import Column, Sheet, write_workbook
from backend.schedule.imports import operations as imports
from backend.schedule.imports.plans import Fate, Plan
from backend.schedule.reading import columns
from backend.schedule.reading.rows import ReadCell, ReadRow

# Of one cell; more than any may have, so that one that is too long can be cut by who typed it.
_LONGEST = 5000
# What may stand in a column that has but few values.
_FEW: Mapping[str, tuple[str, ...]] = {
    columns.PROGRAMME: tuple(PROGRAMMES.values()),
    columns.FIELD: tuple(titles("fields").values()),
    columns.KIND: tuple(EXCHANGE_KINDS.values()),
    columns.SLOTS: tuple(SLOT_CHOICES.values()),
}
TO_MEND = "要改的地方"


@dataclass(frozen=True, slots=True)
class Corrections:
    """What was typed and chosen in a preview, all of it or some.

    Attributes:
        cells: words by row and column; those that say what is there already change nothing.
        wanted: whether a row is to be imported, for those of which it was said.
        restored: rows that are to be again as they are in the file, and wait again for the clerk's
            word where that asks for one.
        slots: what becomes of the slots of an activity that rows copy where they don't fit, by its
            id: for all of these rows that don't say so themselves.
        programme: of all rows that say none.
        model_id: whose stalls and services rows get that name none; None is nobody's.
    """

    model_id: UUID | None
    cells: Mapping[tuple[str, str], str] = field(default_factory=dict)
    wanted: Mapping[str, bool] = field(default_factory=dict)
    restored: frozenset[str] = frozenset()
    slots: Mapping[str, str] = field(default_factory=dict)
    programme: str | None = None


def correct(session: Session, actor: Actor, kept: ScheduleImport, said: Corrections) -> None:
    """Keep what was typed in the preview of a locked file. Rows that have become activities, or
    that the file does not have, are passed over: they are changed where they stand now.

    Raises NotFound (404), Forbidden (403) for a model of somebody else's.
    """
    if said.model_id not in (None, kept.model_id):
        access_activity(session, actor, said.model_id, Permission.ACTIVITY_EDIT)
    plan = imports.plan_of(session, actor, kept)
    there = {planned.row.key: planned for planned in plan.rows if not planned.made_id}
    rows = {key: planned.row for key, planned in there.items()}
    typed = {key: dict(cells) for key, cells in kept.typed.items()}
    for (key, column), said_words in said.cells.items():
        if key in rows and column in rows[key].cells:
            words = said_words.replace("\r\n", "\n").replace("\0", "")[:_LONGEST]
            if words != words_of(rows[key], rows[key].cells[column]):
                typed.setdefault(key, {})[column] = words
    if said.programme in _FEW[columns.PROGRAMME]:
        for planned in plan.without_programme:
            cells = typed.setdefault(planned.row.key, {})
            # What was said of a row itself goes before what is said of all.
            cells[columns.PROGRAMME] = cells.get(columns.PROGRAMME) or said.programme
    for key in said.restored:
        typed.pop(key, None)
    asked = {str(question.model.id) for question in plan.slot_questions}
    for model, words in said.slots.items():
        if model in asked:
            typed[model] = {columns.SLOTS: words[:_LONGEST]}
    kept.typed = typed
    wanted = {
        # What is doubtful once it is edited was not confirmed.
        key: (there[key].asked or True) if one else False
        for key, one in said.wanted.items()
        if key in there
    }
    asked_again = said.restored & rows.keys()
    before = {key: one for key, one in kept.wanted.items() if key not in asked_again}
    kept.wanted = before | wanted
    kept.model_id = said.model_id
    if kept.done_at:
        now = imports.plan_of(session, actor, kept)
        kept.rows_left = now.waiting + len(now.new)
    session.flush()


def choices_of(cell: ReadCell) -> tuple[str, ...]:
    """What may be chosen for a cell; empty where anything may be typed."""
    return cell.choices or _FEW.get(cell.column, ())


def rest_file(plan: Plan) -> bytes:
    """The rows that can't be taken yet, to be put right elsewhere: with what is wrong in a column
    of its own, and otherwise as it can be imported again."""
    shown = [Column(column, 16) for column in columns.COLUMNS]
    rows = []
    for planned in plan.of(Fate.FAULTY):
        cells = planned.row.cells
        words = "；".join(f"{cell.column}：{cell.fault}" for cell in planned.row.faults)
        said = (words_of(planned.row, cells[column]) or None for column in columns.COLUMNS)
        rows.append([*said, words])
    return write_workbook([Sheet("要改的", [*shown, Column(TO_MEND, 60)], rows)])


def _ends_next_day(row: ReadRow) -> bool:
    """Whether a row ends on the day after it begins without a cell of its own that says so."""
    first, last = row.values.get(columns.DAY), row.values.get(columns.LAST_DAY)
    unsaid = not row.cells[columns.LAST_DAY].raw
    return bool(unsaid and first and last and last - first == timedelta(days=1))


def words_of(row: ReadRow, cell: ReadCell) -> str:
    """What stands in a row's cell that is open: days and times as we understand them, else its own
    words. Typed there again it means the same: an end whose day no cell says has its 次日."""
    if isinstance(cell.value, time):
        next_day = cell.column == columns.ENDS and _ends_next_day(row)
        return f"次日 {cell.value:%H:%M}" if next_day else f"{cell.value:%H:%M}"
    return cell.value.isoformat() if isinstance(cell.value, date) else cell.raw
