"""Bookings as their person, or the staff, see them."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.days import ratable_until
from backend.activities.models import ActivityState
from backend.bookings.answers.rows import read_booking
from backend.bookings.days import state_of, valid_until
from backend.bookings.line.order import estimated, places_of, read_pace
from backend.bookings.models import BookingOrigin, BookingState
from backend.core import clock
from backend.core.permissions import Actor
from backend.identity.names import masked_name, own_name
from backend.identity.people.special_needs import TAGS, opened

# Who is at a desk.
AT_DESK = (BookingState.CALLED, BookingState.SERVING)
# What is answered as it is read.
_PLAIN = (
    "id", "activity_id", "activity_title", "offering_id", "offering_title", "slot_id",
    "slot_starts_at", "slot_ends_at", "service_on", "due_at", "ticket", "urgent", "calls",
    "rejoined", "moved_from", "kept_at", "created_at", "arrived_at", "called_at", "started_at",
    "finished_at",
)  # fmt: skip
_plain = attrgetter(*_PLAIN)


def booking_detail(session: Session, actor: Actor, booking_id: UUID) -> dict[str, Any]:
    """One booking as its person, or the staff, see it."""
    return booking_answer(session, actor, read_booking(session, booking_id))


def booking_answer(session: Session, actor: Actor, row: Any) -> dict[str, Any]:
    """A row of `select_bookings` as its person, or the staff, see it."""
    (answer,) = booking_answers(session, actor, [row])
    return answer


def booking_answers(session: Session, actor: Actor, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of `select_bookings` as their person, or the staff, see them."""
    ends = {row.id: valid_until(row) for row in rows}
    states = {row.id: state_of(row, ends[row.id]) for row in rows}
    waiting = [row for row in rows if states[row.id] is BookingState.ARRIVED]
    places = places_of(session, waiting)
    offering_ids = {row.offering_id for row in waiting}
    paces = {offering_id: read_pace(session, offering_id) for offering_id in offering_ids}
    answers = []
    for row in rows:
        own = actor.user_id in (row.user_id, row.guardian_user_id)
        place = places.get(row.id)
        shown = own_name(row.resident_name) if own else masked_name(row.resident_name)
        answers.append(
            dict(zip(_PLAIN, _plain(row), strict=True))
            | {
                "state": states[row.id],
                "valid_until": ends[row.id],
                "ratable_until": ratable_until(row.activity_ends_at, row.activity_closed_at),
                "venue": {"name": row.venue_name, "address": row.venue_address},
                "activity_state": ActivityState(row.activity_state),
                "activity_open": _is_open(row),
                "origin": BookingOrigin(row.origin),
                "resident": {"id": row.resident_id, "display_name": shown},
                "stall": {"number": row.stall_number, "name": row.stall_name},
                "ahead": place and place.ahead,
                "estimate_minutes": place
                and estimated(
                    place.ahead, paces[row.offering_id], row.minutes_per_person, row.due_at
                ),
                "left": bool(place and place.gone),
            }
        )
    return answers


def desk_answers(session: Session, actor: Actor, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """As `booking_answers`, for the desk: what they need is told of whom it has called or serves,
    and of nobody else."""
    answers = booking_answers(session, actor, rows)
    return [
        answer | {"special_needs": _needs(row) if answer["state"] in AT_DESK else None}
        for answer, row in zip(answers, rows, strict=True)
    ]


def _needs(row: Any) -> dict[str, Any] | None:
    needs = opened(row.special_needs_encrypted)
    if needs is None:
        return None
    return {
        "tags": needs.tags,
        "titles": [TAGS[tag] for tag in needs.tags],
        "words": needs.words,
    }


def _is_open(row: Any) -> bool:
    """Whether the activity is on, so that somebody can take a new number there."""
    live = ActivityState(row.activity_state) is ActivityState.LIVE
    return live and not clock.days_over(clock.now(), row.activity_starts_at, row.activity_ends_at)
