"""What a schedule says, cell by cell: as it was written, what it means, and what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class ReadCell:
    """What a row says in one column.

    Attributes:
        column: which of `columns.COLUMNS`.
        raw: what is written there, as people see it, or what was typed instead; "" where it is
            empty.
        address: as Excel names it: C5. None where the sheet has no such column.
        value: what it means: a day, a time, a programme, text; None where that is not clear.
        fault: why it can't be taken, and what to write instead.
        choices: what may be meant, where these are few: each, typed instead, is understood.
        typed: whether somebody has typed it in place of what the sheet says.
    """

    column: str
    raw: str = ""
    address: str | None = None
    value: Any = None
    fault: str | None = None
    choices: tuple[str, ...] = ()
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be looked at in a cell, though it can be taken.

    Attributes:
        column: of the cell.
    """

    column: str
    words: str


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A line of a sheet that is an activity, as far as its cells can be understood by themselves.

    Attributes:
        key: of the row in its file, whatever is typed into it.
        sheet: its sheet's name.
        number: in the sheet, from 1.
        cells: of all columns, in the sheet's order; those that it lacks where they belong.
        aside: why it is not taken unless somebody wants it: it is hidden, or struck through.
        notes: what was concluded and should be looked at: a year that nobody wrote.
        doubts: what may be meant otherwise: it is not taken until the clerk says so.
    """

    key: str
    sheet: str
    number: int
    cells: Mapping[str, ReadCell]
    aside: str | None = None
    notes: tuple[Note, ...] = ()
    doubts: tuple[Note, ...] = ()

    @property
    def faults(self) -> list[ReadCell]:
        """The cells that can't be taken, in the order of columns."""
        return [cell for cell in self.cells.values() if cell.fault]

    @property
    def values(self) -> dict[str, Any]:
        """What is understood, by column."""
        return {column: cell.value for column, cell in self.cells.items() if cell.value is not None}

    def blamed(self, column: str, words: str, choices: Sequence[str] = ()) -> "ReadRow":
        """This row with something wrong in a cell. What was wrong with it first stays said.

        Args:
            words: why it can't be taken.
            choices: what may be meant.
        """
        cell = self.cells[column]
        if cell.fault:
            return self
        cell = replace(cell, fault=words, choices=tuple(choices))
        return replace(self, cells={**self.cells, column: cell})


@dataclass(frozen=True, slots=True)
class PassedLine:
    """A line that is no activity: a sum, a signature, a remark.

    Attributes:
        words: what is written there.
        why: what it was taken for.
    """

    sheet: str
    number: int
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class ReadSchedule:
    """What a file says.

    Attributes:
        rows: one for each activity, in the file's order.
        passed_over: lines that are none.
        notices: what the clerk should know about how it was read.
    """

    rows: Sequence[ReadRow]
    passed_over: Sequence[PassedLine] = ()
    notices: Sequence[str] = ()
