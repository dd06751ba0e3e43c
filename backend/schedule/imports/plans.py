"""What a file would make: its rows, what becomes of each, and what is to be looked at."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.activities import copies
from backend.activities.requests import ActivityEdit, NewVenue
from backend.activities.words import SlotChoice
from backend.core import dates
from backend.regions.models import Region
from backend.schedule.reading import columns
from backend.schedule.reading.rows import Note, ReadRow, ReadSchedule

_COLUMNS = {
    columns.PROGRAMME: "programme", columns.TITLE: "title", columns.ORGANISER: "organiser_name",
    columns.CONTACT: "contact_phone", columns.FIELD: "field", columns.KIND: "kind",
    columns.ABOUT: "description",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """An activity whose stalls and services are copied.

    Attributes:
        last_slot_end: how long after its beginning its last slot ends.
        contact_phone: what rows get that name none.
    """

    id: UUID
    title: str
    programme: Any
    starts_at: datetime
    last_slot_end: timedelta | None
    contact_phone: str | None


class Fate(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    FAULTY = "faulty"
    EXISTS = "exists"  # the same activity is there already
    TWIN = "twin"  # an earlier row says the same
    DOUBTFUL = "doubtful"  # it waits for the clerk's word: its year is odd, or it is there already
    LEFT = "left"  # the clerk doesn't want it, or it is hidden or struck through
    MADE = "made"  # from this very file


_NEVER_MADE = (Fate.EXISTS, Fate.TWIN, Fate.LEFT)


@dataclass(slots=True)
class PlannedRow:
    """A row, and what becomes of it.

    Attributes:
        row: as it was read; its faults are in there, and what a look-up found wrong.
        made_id: the activity that it has become.
        left: whether it is not taken.
        confirmed: what was doubtful of it (`asked`) when the clerk said that it is to be taken.
        exists: whether the same activity is there already: nothing is made then.
        same_as: the number of an earlier row that says the same: nothing is made then either.
        misfit: whether what it copies is of another programme: it may do without.
        slots: what becomes of the slots of the activity that is copied.
        slots_asked: whether those don't fit, and the row itself does not say what becomes of them.
        doubts: why it may not be meant: it is not taken until the clerk says so.
        notes: what to look at, though it hinders nothing.
    """

    row: ReadRow
    made_id: UUID | None = None
    left: bool = False
    confirmed: frozenset[str] = frozenset()
    region: Region | None = None
    model: Model | None = None
    misfit: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    exists: bool = False
    same_as: int | None = None
    slots: SlotChoice = SlotChoice.MOVE
    slots_asked: bool = False
    doubts: list[Note] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def title(self) -> str:
        return str(self.row.values.get(columns.TITLE, ""))

    @property
    def fate(self) -> Fate:
        if self.made_id:
            return Fate.MADE
        if self.left:
            return Fate.LEFT
        if self.exists:
            return Fate.EXISTS
        if self.same_as:
            return Fate.TWIN
        if self.row.faults:
            return Fate.FAULTY
        return Fate.NEW if self.confirmed.issuperset(self.asked) else Fate.DOUBTFUL

    @property
    def asked(self) -> list[str]:
        """What the clerk is asked: each doubt with what stands in its cell, as another date is
        another doubt."""
        return [f"{one.column} {self.row.cells[one.column].raw} {one.words}" for one in self.doubts]

    @property
    def ends_in_words(self) -> str:
        """When it ends, with its day where that is not the one on which it begins."""
        values = self.row.values
        at = f"{values[columns.ENDS]:%H:%M}"
        first, last = values.get(columns.DAY), values.get(columns.LAST_DAY)
        if first is None or last is None:
            return at
        return f"次日 {at}" if last - first == timedelta(days=1) else f"{dates.day(last)} {at}"

    def said_of(self, column: str) -> list[Note]:
        """What is to be looked at in a cell."""
        return [one for one in (*self.doubts, *self.notes, *self.row.notes) if one.column == column]

    def blame(self, column: str, words: str, choices: Sequence[str] = ()) -> None:
        """Note what is wrong with a cell, and what may be meant."""
        self.row = self.row.blamed(column, words, choices)


@dataclass(frozen=True, slots=True)
class SlotQuestion:
    """What becomes of the slots of an activity that is copied, in rows for which they are too
    long: asked once for all of them that don't say so themselves.

    Attributes:
        chosen: the answer; to move them all is none.
        rows: which it is of; one at least.
    """

    model: Model
    chosen: SlotChoice
    rows: Sequence[PlannedRow]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would make.

    Attributes:
        read: all that it says.
        rows: all its rows, whatever becomes of them.
        slot_questions: what is asked of all rows that copy an activity.
    """

    read: ReadSchedule
    rows: Sequence[PlannedRow]
    slot_questions: Sequence[SlotQuestion] = ()

    def of(self, fate: Fate) -> list[PlannedRow]:
        """The rows of which this becomes."""
        return [row for row in self.rows if row.fate == fate]

    @property
    def without_programme(self) -> list[PlannedRow]:
        """The rows that wait for a programme and say none: often a whole file."""
        return [
            planned
            for planned in self.of(Fate.FAULTY)
            if (cell := planned.row.cells[columns.PROGRAMME]).fault and not cell.raw
        ]

    @property
    def misfits(self) -> list[PlannedRow]:
        """The rows that wait because what they copy is of another programme: often many."""
        return [planned for planned in self.of(Fate.FAULTY) if planned.misfit]

    @property
    def noted(self) -> dict[Note, list[PlannedRow]]:
        """What is to be looked at though it hinders nothing, and in which rows: of those that are
        made or may yet be."""
        rows: dict[Note, list[PlannedRow]] = defaultdict(list)
        for planned in (one for one in self.rows if one.fate not in _NEVER_MADE):
            for note in planned.notes:
                rows[note].append(planned)
        return dict(rows)

    @property
    def new(self) -> list[PlannedRow]:
        return self.of(Fate.NEW)

    @property
    def waiting(self) -> int:
        """How many rows are to be put right or wait for a word."""
        return len(self.of(Fate.FAULTY)) + len(self.of(Fate.DOUBTFUL))

    @property
    def seen(self) -> str:
        """What would be made, in brief: it comes back with the confirmation."""
        said = [
            (planned.row.key, planned.region and planned.region.code, planned.model,
             planned.slots, sorted(planned.row.values.items()))
            for planned in self.new
        ]  # fmt: skip
        return hashlib.sha256(repr(said).encode()).hexdigest()


def place_of(planned: PlannedRow) -> copies.Place:
    """What a row says of its activity, as a copy takes it."""
    assert planned.region is not None
    assert planned.starts_at is not None
    values = planned.row.values
    facts = {_COLUMNS[name]: value for name, value in values.items() if name in _COLUMNS}
    facts |= {
        "ends_at": planned.ends_at,
        "venue": NewVenue(name=values[columns.VENUE], address=values.get(columns.ADDRESS)),
    }
    edit = ActivityEdit(**facts)
    return copies.Place(planned.starts_at, planned.region.id, edit, planned.slots)
