"""Markets with people who were served, came and rated.

All of it is made through the API, but what a test needs by the dozen, at another time, or in a
state that takes a whole day to reach: that is written straight into the tables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import event, select, text

from backend.activities.models import Attendance
from backend.bookings.models import Booking, BookingOrigin, BookingState
from backend.core import clock
from backend.core.db import db, transaction
from backend.core.ids import new_id
from backend.feedback.models import Rating, Rectification
from backend.identity.models import Resident
from tests.support.world import Market, Person, World, ok

GOOD = {"score": 5}
BAD = {"score": 1}


@dataclass(frozen=True)
class Fair:
    """One live market, its organiser, and the app it lives in."""

    world: World
    market: Market

    @classmethod
    def live(cls, world: World, organiser: Person | None = None, **market: Any) -> "Fair":
        return cls(world, world.live_market(organiser, **market))

    @property
    def id(self) -> str:
        return self.market.id

    @property
    def organiser(self) -> Person:
        return self.market.organiser

    @property
    def app(self) -> Flask:
        return self.world.app

    def offering(self, title: str = "义诊", service_kind: str = "clinic") -> str:
        """One more service at the market's stall."""
        made = self.world.offering(
            self.organiser, self.market.stall_id, title=title, service_kind=service_kind
        )
        return str(made["id"])

    def close(self) -> None:
        ok(self.organiser.post(f"/activities/{self.id}/close"))

    # ------------------------------------------------------------------ what ratings rest on

    def booking(self, resident_id: UUID | str, offering_id: str | None = None) -> str:
        """A booking that has been served, from the number to the end; answers its id."""
        offering_id = offering_id or self.market.offering_id
        body = {"resident_id": str(resident_id)}
        booking = ok(self.organiser.post(f"/offerings/{offering_id}/tickets", body), 201)
        press = {"press_id": str(new_id()), "booking_id": booking["id"], "reason": "测试"}
        ok(self.organiser.post(f"/stalls/{self.market.stall_id}/call-next", press))
        for action in ("start", "finish"):
            ok(self.organiser.post(f"/bookings/{booking['id']}/{action}"))
        return str(booking["id"])

    def booking_in(self, resident_id: UUID, state: BookingState, **columns: Any) -> str:
        """A booking in any state, written into the table; answers its id."""
        booking = _booking(self, resident_id, state=state, **columns)
        with self.app.app_context(), transaction() as session:
            session.add(booking)
        return str(booking.id)

    def visit(self, resident_id: UUID | str) -> str:
        """A visit to the market; answers the id of its scan."""
        scan = {"id": str(new_id()), "source": "search", "resident_id": str(resident_id)}
        answer = ok(self.organiser.post(f"/activities/{self.id}/scans", scan), 201)
        assert answer["verdict"] == "admitted", answer
        return str(scan["id"])

    def visit_at(self, resident_id: UUID | str, at: datetime) -> str:
        """A visit at another time, written into the table; answers its id."""
        visit = _visit(self, resident_id, at)
        with self.app.app_context(), transaction() as session:
            session.add(visit)
        return str(visit.id)

    def undo_visit(self, scan_id: str) -> None:
        ok(self.organiser.post(f"/scans/{scan_id}/revert", {"reason": "扫错了人"}), 201)

    # ------------------------------------------------------------------ ratings

    def served(self, offering_id: str | None = None, **profile: Any) -> tuple[Person, str]:
        """Somebody who has just been served, and their booking."""
        person = self.world.person(**profile)
        return person, self.booking(person.resident_id, offering_id)

    def rated(self, **rating: Any) -> tuple[Person, dict[str, Any]]:
        """Somebody who was served and has rated it through the API."""
        person, booking_id = self.served()
        return person, ok(person.post("/ratings", {"booking_id": booking_id} | GOOD | rating), 201)

    def complaint(self, **rating: Any) -> tuple[Person, str]:
        """Somebody who rated badly, and the rectification that this opened."""
        person, rated = self.rated(**(BAD | rating))
        return person, self.rectification_of(rated["id"])

    def answers(
        self,
        scores: Iterable[int],
        offering_id: str | None = None,
        *,
        items: Mapping[str, int] | None = None,
        visits: bool = False,
        unrated: int = 0,
    ) -> None:
        """Served people (or visitors), one for each score, and some who said nothing."""
        offering = UUID(offering_id or self.market.offering_id)
        with self.app.app_context(), transaction() as session:
            for score in [*scores, *([None] * unrated)]:
                resident = Resident(id=new_id())
                session.add(resident)
                session.flush()
                subject = (
                    _visit(self, resident.id, clock.now())
                    if visits
                    else _booking(self, resident.id, offering_id)
                )
                session.add(subject)
                session.flush()
                if score is None:
                    continue
                rating = Rating(
                    activity_id=UUID(self.id),
                    offering_id=None if visits else offering,
                    booking_id=None if visits else subject.id,
                    attendance_id=subject.id if visits else None,
                    resident_id=resident.id,
                    rated_by=new_id(),
                    score=score,
                    items=dict(items or {}),
                    tags=[],
                )
                session.add(rating)

    def rectification_of(self, rating_id: str) -> str:
        with self.app.app_context(), transaction() as session:
            return str(
                session.execute(
                    select(Rectification.id).where(Rectification.rating_id == UUID(rating_id))
                ).scalar_one()
            )

    def evaluation(self, person: Person | None = None) -> dict[str, Any]:
        """The checklist as somebody sees it; the organiser, unless told otherwise."""
        evaluation: dict[str, Any] = ok(
            (person or self.organiser).get(f"/activities/{self.id}/evaluation")
        )
        return evaluation


_numbers = iter(range(100_000, 10**9))


def _booking(
    fair: Fair,
    resident_id: UUID | str,
    offering_id: str | None = None,
    state: BookingState = BookingState.SERVED,
    **columns: Any,
) -> Booking:
    number, now = next(_numbers), clock.now()
    if state is BookingState.SERVED:
        columns |= {"arrived_at": now, "queued_at": now, "started_at": now, "finished_at": now}
    return Booking(
        id=new_id(),
        activity_id=UUID(fair.id),
        offering_id=UUID(offering_id or fair.market.offering_id),
        resident_id=UUID(str(resident_id)),
        booked_by=new_id(),
        origin=BookingOrigin.WALK_IN,
        service_on=clock.today(),
        number=number,
        ticket=f"A{number}",
        state=state,
        **columns,
    )


def _visit(fair: Fair, resident_id: UUID | str, at: datetime) -> Attendance:
    return Attendance(
        id=new_id(),
        activity_id=UUID(fair.id),
        resident_id=UUID(str(resident_id)),
        on_day=clock.local_day(at),
        attended_at=at,
    )


# ---------------------------------------------------------------------------- looking inside


def audit_of(app: Flask, object_type: str, object_id: str) -> list[Any]:
    """An object's audit entries, oldest first."""
    statement = text(
        "SELECT audit_entry.*, audit_note.text AS reason FROM audit_entry"
        " LEFT JOIN audit_note ON entry_id = audit_entry.id"
        " WHERE object_type = :type AND object_id = :id ORDER BY id"
    )
    with app.app_context(), transaction() as session:
        return list(session.execute(statement, {"type": object_type, "id": object_id}))


def waiting_jobs(app: Flask, name: str) -> list[dict[str, Any]]:
    """The arguments of the jobs with this name that wait in the queue."""
    statement = text(
        "SELECT args FROM procrastinate_jobs WHERE task_name = :name AND status = 'todo'"
        " ORDER BY id"
    )
    with app.app_context(), transaction() as session:
        return list(session.execute(statement, {"name": name}).scalars())


class Statements:
    """Counts the SELECTs and writes that the app sends while it is entered; savepoints, which
    only the tests' outer transaction makes, are left out."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.sent: list[str] = []

    def __enter__(self) -> "Statements":
        self.sent.clear()
        with self._app.app_context():
            self._engine: Any = db.engine
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "SAVEPOINT" not in statement:
            self.sent.append(statement)

    def __len__(self) -> int:
        return len(self.sent)


def ends_of_today(days: int) -> datetime:
    """Midnight in Shanghai at the end of the day that is so many days from today."""
    return clock.day_end(clock.today() + timedelta(days=days))
