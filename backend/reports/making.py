"""What all kinds of reports are made with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.core.errors import AppError
from backend.core.permissions import Actor
from backend.reports.figures import reader_of
from backend.reports.models import ReportKind

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
NoteProgress = Callable[[int, int], None]
"""Says how much is done, of how much; stops the making where nobody waits for it any more."""


class CannotMake(AppError):
    """A report that can't be made, however often one tries; `detail` says what to do."""

    status = 422
    code = "cannot_make_report"
    title = "这份报表做不出来"


@dataclass(frozen=True, slots=True)
class Order:
    """What the worker makes.

    Attributes:
        title: of the report, also its heading.
        at: when it is made.
    """

    parameters: dict[str, Any]
    title: str
    region_code: str
    requested_by: UUID
    requested_at: datetime
    at: datetime

    @property
    def reader(self) -> Actor:
        """Sees the report's region, and nothing beside it."""
        return reader_of(self.requested_by, self.region_code)


Maker = Callable[[Order, NoteProgress], bytes]
MAKERS: dict[ReportKind, Maker] = {}


def makes(*kinds: ReportKind) -> Callable[[Maker], Maker]:
    """Declare who makes reports of some kinds; features above do, too, and each kind has one."""

    def declare(maker: Maker) -> Maker:
        for kind in kinds:
            assert kind not in MAKERS, f"{kind} is made by two"
            MAKERS[kind] = maker
        return maker

    return declare


def maker_of(kind: ReportKind) -> Maker:
    """Who makes reports of a kind."""
    return MAKERS[kind]
