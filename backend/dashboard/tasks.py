"""The job that keeps the dashboard's totals (rollups.py)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from backend.core.db import transaction
from backend.core.jobs import job
from backend.dashboard import rollups

# So many activities, or counts of people, in one transaction: a run that is cut off has kept what
# it counted.
_AT_ONCE = 200
_CELLS_AT_ONCE = 20
T = TypeVar("T")


@job("reports.refresh_totals", cron="* * * * *")
def refresh_totals() -> None:
    """Bring all totals up to date; each step is a transaction of its own, and may be repeated."""
    refresh()


def refresh(long_count_every: timedelta = rollups.LONG_COUNT_EVERY) -> None:
    """Bring all totals up to date.

    Args:
        long_count_every: how old a count of a year's people must be to be made anew.
    """
    with transaction() as session:
        due = rollups.due_activities(session)
    for chunk in _chunks(due, _AT_ONCE):
        with transaction() as session:
            rollups.begin(session)
            rollups.recount(session, chunk)
    with transaction() as session:
        cells = rollups.due_cells(session, long_count_every)
    for some in _chunks(cells, _CELLS_AT_ONCE):
        with transaction() as session:
            rollups.begin(session)
            for cell in some:
                rollups.recount_people(session, cell)
    with transaction() as session:
        rollups.note_run(session)


def _chunks(things: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(things)
    while chunk := list(islice(rest, size)):
        yield chunk
