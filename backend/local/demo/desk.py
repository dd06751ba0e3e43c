"""A stall at work: calls the next number, waits for the person, serves them."""

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from queue import SimpleQueue
from threading import Lock
from typing import Any
from uuid import uuid4

from backend.local.demo.client import Phone
from backend.local.demo.market import Market, Staff
from backend.local.demo.people import Acts, Resident
from backend.local.demo.plan import Person
from backend.local.demo.tally import Tally

CALLS_BEFORE_MISSED = 3
"""As config/rules.toml has it: a number is passed over when it was called so often."""

_BETWEEN_CALLS_S = 0.25
"""The rule's 20 seconds, a hundred times as fast (demo_day.py), and a little."""

_REPEATS_EVERY, _LEAVES_EVERY = 20, 25


class Desk:
    """One stall's desk: `ring` from any thread, the rest from the desk's own."""

    def __init__(
        self,
        stall_id: str,
        token: str,
        residents: Mapping[str, Resident],
        acts: Acts,
        tally: Tally,
        tick: Callable[[], None],
    ) -> None:
        """Open a desk.

        Args:
            token: of the volunteer who sits there.
            residents: people by their id, filled as they arrive.
            tick: called for each ring that has been seen to.
        """
        self._path = f"/stalls/{stall_id}/call-next"
        self._token = token
        self._residents, self._acts, self._tally, self._tick = residents, acts, tally, tick
        self._rings: SimpleQueue[bool] = SimpleQueue()
        self._heard = 0
        self._come_back = 0
        self._at_desk: str | None = None

    def ring(self) -> None:
        """Somebody more is waiting."""
        self._rings.put(True)

    def no_more(self) -> None:
        """Nobody will come any more: `work` ends with those who are waiting."""
        self._rings.put(False)

    def work(self, phone: Phone) -> None:
        """Serve one after the other. A few are left waiting when the market closes, and the last
        one who was called is then still being served."""
        while self._rings.get():
            self._heard += 1
            if self._heard % _LEAVES_EVERY != _LEAVES_EVERY // 2:
                self._next(phone)
            self._tick()
        for _ in range(self._come_back):
            self._next(phone)
        self._at_desk = self._begin(phone)

    def finish_last(self, phone: Phone) -> None:
        """Serve to the end who was being served when the market closed."""
        if self._at_desk is not None:
            self._move(phone, self._at_desk, "finish", "结束服务")

    def _next(self, phone: Phone) -> None:
        booking_id = self._begin(phone)
        if booking_id is not None:
            self._move(phone, booking_id, "finish", "结束服务")

    def _begin(self, phone: Phone) -> str | None:
        """Call the next one and begin; the booking's id, or None where nobody has come."""
        called = self._call(phone)
        if called is None:
            return None
        resident = self._residents.get(called["resident"]["id"])
        if resident is not None and _is_away(resident) and not called["rejoined"]:
            self._pass_over(phone, called["id"], resident)
            return None
        # Who has given up meanwhile can't be served.
        begun = self._move(phone, called["id"], "start", "开始服务", "illegal_transition")
        return called["id"] if begun else None

    def _call(self, phone: Phone) -> dict[str, Any] | None:
        body = {"press_id": str(uuid4())}
        if self._heard % _REPEATS_EVERY == 0:
            answer = self._tally.twice("叫号", lambda: phone.post(self._path, self._token, body))
        else:
            answer = phone.post(self._path, self._token, body)
        if not self._tally.accept("叫号", answer) or answer.status == 204:
            return None
        called: dict[str, Any] = answer.json
        self._tally.moved(called, "call")
        return called

    def _pass_over(self, phone: Phone, booking_id: str, resident: Resident) -> None:
        for _ in range(CALLS_BEFORE_MISSED - 1):
            time.sleep(_BETWEEN_CALLS_S)
            self._move(phone, booking_id, "recall", "再叫", "illegal_transition")
        missed = self._move(phone, booking_id, "miss", "过号", "illegal_transition")
        if missed and resident.person.rejoins and self._acts.rejoin(phone, resident, booking_id):
            self._come_back += 1

    def _move(self, phone: Phone, booking_id: str, verb: str, act: str, *refusals: str) -> bool:
        path = f"/bookings/{booking_id}/{verb}"
        answer = phone.post(path, self._token, key=uuid4().hex)
        if not self._tally.accept(act, answer, *refusals):
            return False
        self._tally.moved(answer.json, verb)
        return True


class Desks:
    """The desks of all stalls that have a line."""

    def __init__(
        self,
        market: Market,
        staff: Staff,
        residents: Mapping[str, Resident],
        acts: Acts,
        tally: Tally,
        tick: Callable[[], None],
    ) -> None:
        """Open them; see Desk."""
        self._desks = {
            stall.id: Desk(stall.id, staff.volunteer(number), residents, acts, tally, tick)
            for number, stall in enumerate(market.stalls)
            if stall.service.has_line
        }
        self._lock = Lock()
        self._next_of: dict[str, Iterator[Desk]] = {}
        for stall in market.stalls:
            if stall.id in self._desks:
                second = stall.service.second_desk
                also = [] if second is None else [self._desks[market.stalls[second].id]]
                self._next_of[stall.offering_id] = cycle([self._desks[stall.id], *also])

    def __iter__(self) -> Iterator[Desk]:
        """Each desk once."""
        return iter(self._desks.values())

    def ring(self, offering_id: str) -> None:
        """One more waits for this offering; where several desks share its line, they are told in
        turn."""
        with self._lock:
            desk = next(self._next_of[offering_id])
        desk.ring()

    def no_more(self) -> None:
        """Nobody will come any more, to any desk."""
        for desk in self:
            desk.no_more()


def _is_away(resident: Resident) -> bool:
    return isinstance(resident.plan, Person) and resident.plan.away_when_called
