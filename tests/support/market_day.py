"""A market's day as check-in, sign-up and desks see it, over HTTP.

The acts of the day, each with the fewest words; what a test looks at is in its own lines.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import time_machine
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.config import QUEUE
from backend.core.db import transaction
from tests.support.world import Market, Person, World, ok

GUEST = {"name": "李奶奶", "phone": "13800001111"}


@dataclass(frozen=True)
class MarketDay:
    """One live market with a volunteer at its entrance, and the acts of its day."""

    world: World
    market: Market
    volunteer: Person

    @classmethod
    def begin(cls, world: World, **market: Any) -> "MarketDay":
        """As World.live_market, with a volunteer of its subdistrict."""
        made = world.live_market(**market)
        return cls(world, made, world.volunteer())

    @property
    def id(self) -> str:
        return self.market.id

    @property
    def app(self) -> Flask:
        return self.world.app

    @property
    def organiser(self) -> Person:
        return self.market.organiser

    @property
    def offering_id(self) -> str:
        return self.market.offering_id

    @property
    def slot_id(self) -> str:
        assert self.market.slot_id is not None
        return self.market.slot_id

    # ------------------------------------------------------------------ the place

    def stall(self, **more: Any) -> str:
        """One more stall; answers its id."""
        return str(self.world.stall(self.organiser, self.id, **more)["id"])

    def offering(self, stall_id: str | None = None, **more: Any) -> str:
        """One more service, a queue unless told otherwise; answers its id."""
        made = self.world.offering(self.organiser, stall_id or self.market.stall_id, **more)
        return str(made["id"])

    def slot(self, starts_at: datetime, capacity: int = 20, offering_id: str | None = None) -> str:
        """One more appointment time; answers its id."""
        offering_id = offering_id or self.offering_id
        made = self.world.slot(self.organiser, offering_id, starts_at.isoformat(),
                               capacity=capacity)  # fmt: skip
        return str(made["id"])

    def close(self) -> None:
        ok(self.organiser.post(f"/activities/{self.id}/close"))

    def cancel(self) -> None:
        ok(self.organiser.post(f"/activities/{self.id}/cancel", {"reason": "大雨"}))

    # ------------------------------------------------------------------ the entrance

    def code(self) -> str:
        """The market's own code, as the entrance shows it now."""
        return str(ok(self.organiser.get(f"/activities/{self.id}/code"))["code"])

    def scan(self, by: Person, **body: Any) -> TestResponse:
        """A scan with a new id unless the body brings one."""
        return by.post(f"/activities/{self.id}/scans", {"id": str(uuid4()), **body})

    def self_scan(self, person: Person, **body: Any) -> TestResponse:
        """The person scans the market's code."""
        return self.scan(person, **{"source": "self", "code": self.code(), **body})

    def come(self, person: Person, **body: Any) -> dict[str, Any]:
        """The person checks in with the market's code; fails unless that makes a visit."""
        return dict(ok(self.self_scan(person, **body), 201))

    def admit(self, resident_id: UUID | str, **body: Any) -> dict[str, Any]:
        """The volunteer checks somebody in whom they have found."""
        scan = self.scan(self.volunteer, source="search", resident_id=str(resident_id), **body)
        return dict(ok(scan, 201))

    def write_in(self, **guest: Any) -> dict[str, Any]:
        """The volunteer writes somebody in who has no phone of their own."""
        return dict(ok(self.scan(self.volunteer, source="proxy", guest=guest or GUEST), 201))

    def revert(self, scan_id: str, by: Person | None = None, reason: str = "扫错了人") -> Any:
        return (by or self.volunteer).post(f"/scans/{scan_id}/revert", {"reason": reason})

    def summary(self) -> dict[str, Any]:
        return dict(ok(self.organiser.get(f"/activities/{self.id}/summary")))

    # ------------------------------------------------------------------ sign-up and numbers

    def sign_up(self, person: Person, offering_id: str | None = None, **body: Any) -> TestResponse:
        """Ask for a place; of the market's slot, if it has one, unless the body names another."""
        if self.market.slot_id and offering_id is None:
            body = {"slot_id": self.market.slot_id} | body
        return person.post(f"/offerings/{offering_id or self.offering_id}/bookings", body)

    def booked(self, person: Person, offering_id: str | None = None, **body: Any) -> Any:
        """Sign up; fails unless there is a booking."""
        return ok(self.sign_up(person, offering_id, **body), 201)

    def ticket(self, by: Person, offering_id: str | None = None, **body: Any) -> TestResponse:
        """Ask for a walk-in number."""
        return by.post(f"/offerings/{offering_id or self.offering_id}/tickets", body)

    def number(self, offering_id: str | None = None, **body: Any) -> Any:
        """A number from the volunteer, for a new resident unless the body names somebody."""
        if not {"resident_id", "guest"} & set(body):
            body["resident_id"] = str(self.world.person().resident_id)
        return ok(self.ticket(self.volunteer, offering_id, **body), 201)

    def booking(self, booking: dict[str, Any]) -> Any:
        """The booking as it is now."""
        return ok(self.organiser.get(f"/bookings/{booking['id']}"))

    # ------------------------------------------------------------------ the desk

    def press(
        self, stall_id: str | None = None, by: Person | None = None, **body: Any
    ) -> TestResponse:
        """Press "next" at a stall."""
        stall_id = stall_id or self.market.stall_id
        body = {"press_id": str(uuid4())} | body
        return (by or self.volunteer).post(f"/stalls/{stall_id}/call-next", body)

    def called(self, stall_id: str | None = None, by: Person | None = None) -> Any:
        """Press "next"; fails unless somebody is called."""
        return ok(self.press(stall_id, by))

    def act(self, booking: dict[str, Any], action: str, by: Person | None = None) -> TestResponse:
        return (by or self.volunteer).post(f"/bookings/{booking['id']}/{action}")

    def acted(self, booking: dict[str, Any], *actions: str) -> Any:
        """Do these one after the other; fails unless each is allowed. Who is called again has had
        time to come since the last call."""
        answer: Any = booking
        for action in actions:
            if action == "recall":
                self.let_pass(booking, "called_at", QUEUE.call_counts_after_seconds)
            answer = ok(self.act(booking, action))
        return answer

    def let_pass(self, booking: dict[str, Any], since: str, seconds: int) -> None:
        """Put an instant of a booking back, as if time had passed since."""
        self.rows(
            f"UPDATE booking SET {since} = {since} - make_interval(secs => :seconds)"
            " WHERE id = :id RETURNING id",
            id=booking["id"],
            seconds=seconds,
        )

    def serve_all(self, stall_id: str | None = None) -> list[str]:
        """Call and serve until nobody waits; the tickets in the order of their calls."""
        tickets = []
        while (response := self.press(stall_id)).status_code == 200:
            tickets.append(response.json["ticket"])  # type: ignore[index]
            self.acted(response.json, "start", "finish")  # type: ignore[arg-type]
        assert response.status_code == 204, response.get_data(as_text=True)
        return tickets

    # ------------------------------------------------------------------ the database

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """What a statement answers."""
        with self.app.app_context(), transaction() as session:
            return list(session.execute(text(statement), values).all())

    def moves(self, booking: dict[str, Any]) -> list[tuple[str, str | None, str]]:
        """(action, from, to) of the booking's audit entries, oldest first."""
        entries = self.rows(
            "SELECT action, from_state, to_state FROM audit_entry"
            " WHERE object_type = 'booking' AND object_id = :id ORDER BY id",
            id=booking["id"],
        )
        return [tuple(entry) for entry in entries]

    def taken(self) -> tuple[int, int]:
        """Places taken: of the market's slot, and of its service's day."""
        ((slot,),) = self.rows("SELECT taken FROM slot WHERE id = :id", id=self.slot_id)
        ((day,),) = self.rows(
            "SELECT taken FROM service_day WHERE offering_id = :id", id=self.offering_id
        )
        return slot, day


def another_phone(person: Person) -> Person:
    """The same person's second phone: a client of its own, for a thread of its own."""
    return replace(person, http=person.http.application.test_client())


@contextmanager
def at(instant: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at an instant; move it with `shift`."""
    with time_machine.travel(instant, tick=False) as frozen:
        yield frozen


def shanghai(text_: str) -> datetime:
    """An instant written as in Shanghai: "2026-05-01 09:00"."""
    return datetime.fromisoformat(text_).replace(tzinfo=clock.SHANGHAI)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
