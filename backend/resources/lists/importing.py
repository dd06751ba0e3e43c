"""Resources that come in a file: all of its rows are drafted, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.errors import AppError, ValidationFailed
from backend.core.permissions import Actor
from backend.core.text import compared
from backend.partners.models import Organisation
from backend.resources import operations
from backend.resources.models import Resource, ResourceState
from backend.resources.requests import NewResource


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row.

    Attributes:
        row: its number in the sheet, as people see it.
    """

    row: int
    words: str


class RowsInvalid(ValidationFailed):
    """Nothing was imported: these rows are to be put right first."""

    code = "rows_invalid"
    title = "表格里有要改的地方，没有导入任何内容"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(errors={"file": [f"有 {len(faults)} 处要改"]})
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    Attributes:
        made: how many drafts.
        known: how many rows were passed over, because what they say is there already.
    """

    made: int
    known: int


def draft_all(session: Session, actor: Actor, rows: Mapping[int, NewResource]) -> Imported:
    """Draft what rows say, by their number. One whose organisation offers the same already is
    passed over, so that a file may come again; of two files at once one waits.

    Raises RowsInvalid (422).
    """
    holders = {new.organisation_id for new in rows.values()}
    session.execute(
        select(Organisation.id)
        .where(Organisation.id.in_(holders))
        .order_by(Organisation.id)
        .with_for_update(key_share=True)
    )
    known = _offered(session, holders)
    faults, made = [], 0
    for number, new in rows.items():
        what = (new.organisation_id, new.service_kind, compared(new.title))
        if what in known:
            continue
        known.add(what)
        try:
            operations.draft(session, actor, new)
        except AppError as refusal:
            faults.append(Fault(number, refusal.detail or refusal.title))
        made += 1
    if faults:
        raise RowsInvalid(faults)
    return Imported(made, len(rows) - made)


def _offered(session: Session, holders: set[UUID]) -> set[tuple[UUID, str, str]]:
    statement = select(Resource.organisation_id, Resource.service_kind, Resource.title).where(
        Resource.organisation_id.in_(holders), Resource.state != ResourceState.RETIRED
    )
    return {
        (row.organisation_id, row.service_kind, compared(row.title))
        for row in session.execute(statement)
    }
