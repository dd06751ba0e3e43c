"""Where people stand at an activity on its day, and what else tells two of one name apart: so that
nobody is written in, or served, twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.identity.models import Resident
from backend.identity.names import masked_name
from backend.identity.phones import masked_phone
from backend.identity.questions import standing

# Somebody as a volunteer is told of them.
Described: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """An activity on one of its days."""

    activity_id: UUID
    day: date


def who_is_here(session: Session, occasion: Occasion, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Of these people those who have come, or hold a number of the day: `checked_in_at`, `left_at`,
    `tickets`, as far as there are any."""
    here: dict[UUID, dict[str, Any]] = {}
    if ids:
        told = standing(session, occasion.activity_id, occasion.day, list(ids))
        for by_person in told.values():
            for resident_id, known in by_person.items():
                here[resident_id] = here.get(resident_id, {}) | known
    return here


def described(session: Session, people: Sequence[Resident], occasion: Occasion) -> list[Described]:
    """People for a volunteer who stands before one of them: masked, with whose family they are and
    what they have done here today."""
    here = who_is_here(session, occasion, [person.id for person in people])
    guardians = _guardians(session, people)
    return [
        {
            "id": person.id,
            "display_name": masked_name(person.name),
            "phone": masked_phone(person),
            "relation": _relation(person, guardians),
            "checked_in_at": None,
            "left_at": None,
            "tickets": [],
        }
        | here.get(person.id, {})
        for person in people
    ]


def _guardians(session: Session, people: Sequence[Resident]) -> dict[UUID, str]:
    """The masked names of those whose accounts act for them, by account."""
    ids = {person.guardian_user_id for person in people if person.guardian_user_id}
    if not ids:
        return {}
    statement = select(Resident.user_id, Resident.name).where(Resident.user_id.in_(ids))
    return {row.user_id: masked_name(row.name) for row in session.execute(statement)}


def _relation(person: Resident, guardians: dict[UUID, str]) -> str | None:
    if person.guardian_user_id is None:
        return None
    guardian = guardians.get(person.guardian_user_id, masked_name(None))
    return f"{guardian}的{person.relation or '家人'}"
