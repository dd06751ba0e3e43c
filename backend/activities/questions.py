"""What is asked about activities that only features above know (core/providers.py)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.core.db import AnySelect
from backend.core.providers import Question, Survey


@dataclass(frozen=True, slots=True)
class SignUps:
    """Bookings that still stand.

    Attributes:
        people: how many people hold them.
        arrived: how many of these people have come.
        moved: how many bookings were made for another time, which was moved since.
        by_place: bookings by service and slot; the slot is None for numbers without one.
    """

    bookings: int = 0
    people: int = 0
    arrived: int = 0
    moved: int = 0
    by_place: Mapping[tuple[UUID, UUID | None], int] = field(default_factory=dict)


# (session, activity_id, offering_id, slot_id): who has signed up for an activity, or for one
# service or slot of it?
sign_ups: Question[[Session, UUID, UUID | None, UUID | None], SignUps] = Question("sign_ups")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How many numbers of an activity that is on are in which state, of all its days to come: what
    becomes of them if it is closed now differs."""

    booked: int
    waiting: int
    calling: int
    parked: int
    missed: int
    serving: int


# (session, activity_id): which of its numbers has nobody finished?
unfinished: Question[[Session, UUID], Unfinished] = Question("unfinished")

# (session, activity_id): how many numbers have been given or called on the spot?
numbers_begun: Question[[Session, UUID], int] = Question("numbers_begun")

# (session, offering_ids): for which of these services has anybody ever had a number?
numbered: Question[[Session, Collection[UUID]], set[UUID]] = Question("numbered")

# (session, activity): how long are the lines of an activity that is on, just now? By offering:
# {"waiting", "estimate_minutes"}.
lines: Question[[Session, Activity], dict[UUID, dict[str, Any]]] = Question("lines")


@dataclass(frozen=True, slots=True)
class Reach:
    """A change of what was announced, and whom of those it concerns it has reached.

    Attributes:
        announced: whether an organiser wrote it: people read it or don't, and nobody is called.
        words: from what to what.
        people: how many have to know, without those who have cancelled since.
        reached: how many of them do.
        to_tell: how many still have to be told; none where it is too late to.
    """

    change_id: UUID
    title: str
    announced: bool
    words: str
    at: datetime
    people: int
    reached: int
    to_tell: int


# (session, activity): whom have its changes reached? The newest first.
reaches: Question[[Session, Activity], list[Reach]] = Question("reaches")

# (activity_id): which rows of a feature does an activity's history tell of beside its own? By the
# name of their table, a SELECT of their ids.
told_in_history: Survey[[UUID], AnySelect] = Survey("told_in_history")

# (session, activity_id, offering_ids): how many needs are planned for an activity (None), or for
# these services of it? When that falls through, they wait for another.
needs_on: Question[[Session, UUID, Collection[UUID] | None], int] = Question("needs_on")

# (session, activity): which credentials do the organisations at its stalls lack for what they are
# to do there on its day? In words, for the organiser.
uncredited: Question[[Session, Activity], list[str]] = Question("uncredited")

# (session, activity_ids): which of these drafts does a feature plan for?
planned_for: Survey[[Session, Collection[UUID]], set[UUID]] = Survey("planned_for")
