"""Our own record of the day: made of what was sent and what was answered, and of nothing else.

Where the system draws a conclusion (a check-in makes one's appointment wait, closing ends what
waits), the record draws it too, by the rules in docs/states.md: that is what recount compares.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from backend.local.demo.client import Answer
from backend.local.demo.plan import Opinion

SHANGHAI = ZoneInfo("Asia/Shanghai")
_FINAL = frozenset({"served", "no_show", "cancelled", "expired"})
_AT_CLOSE = {
    "confirmed": "no_show",
    "arrived": "expired",
    "called": "expired",
    "missed": "expired",
    "parked": "expired",
}
_OK = frozenset({200, 201, 204})


def today() -> date:
    """The day in Shanghai."""
    return datetime.now(UTC).astimezone(SHANGHAI).date()


@dataclass(slots=True)
class Visit:
    """A person who has come; `inside` until they scan at the exit."""

    resident_id: str
    inside: bool = True


@dataclass(slots=True)
class Booked:
    """A booking as the answers have told it."""

    offering_id: str
    slot_id: str | None
    resident_id: str
    service_on: str
    ticket: str
    state: str


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating; without a booking it is of the visit."""

    booking_id: str | None
    offering_id: str | None
    score: int
    items: dict[str, int]
    comment: str | None


@dataclass
class Tally:
    """What has happened, by the answers. For any number of threads.

    Attributes:
        logins: login names that were given a token.
        scan_ids: scans by their verdict.
        moves: changes of bookings, by the verb of the audit log.
        refused: rules' refusals, by act and code.
        unexpected: answers that no rule explains, a line each.
        repeated: requests sent twice on purpose; all must get the first answer.
        guests: residents written in.
    """

    logins: set[str] = field(default_factory=set)
    visits: dict[str, Visit] = field(default_factory=dict)
    guests: set[str] = field(default_factory=set)
    bookings: dict[str, Booked] = field(default_factory=dict)
    ratings: dict[str, Rated] = field(default_factory=dict)
    scan_ids: dict[str, str] = field(default_factory=dict)
    moves: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    repeated: int = 0
    closed: bool = False
    _of_resident: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _lock: Lock = field(default_factory=Lock)

    # -- answers ---------------------------------------------------------------------------

    def accept(self, act: str, answer: Answer, *refusals: str) -> bool:
        """Whether a request has succeeded. A refusal with one of these codes is counted;
        anything else is noted as unexpected.

        Args:
            act: what was tried, in Chinese.
        """
        if answer.status in _OK:
            return True
        with self._lock:
            if answer.status < 500 and answer.code in refusals:
                self.refused[act, answer.code] += 1
            else:
                self.unexpected.append(f"{act}:{answer.status} {answer.json}")
        return False

    def twice(self, act: str, send: Callable[[], Answer]) -> Answer:
        """Send a request a second time, as a phone does that missed the answer; return the first
        answer, which the second must equal."""
        first, second = send(), send()
        with self._lock:
            self.repeated += 1
            if not first.same_as(second):
                self.unexpected.append(
                    f"{act}：重复发送的回答不同，先 {first.status} {first.json},"
                    f"后 {second.status} {second.json}"
                )
        return first

    # -- people ----------------------------------------------------------------------------

    def logged_in(self, login: str) -> None:
        """Somebody has a token."""
        with self._lock:
            self.logins.add(login)

    def scanned(self, answer: dict[str, Any], *, direction: str = "entry") -> None:
        """A scan was answered: `admitted` makes a visit, or ends it at the exit."""
        with self._lock:
            self.scan_ids[answer["id"]] = answer["verdict"]
            if answer["verdict"] == "refused":
                self.unexpected.append(f"扫码被拒绝：{answer['reason']}")
                return
            visit_id, resident_id = answer["attendance"]["id"], answer["resident"]["id"]
            if direction == "exit":
                self.visits[visit_id].inside = False
            elif answer["verdict"] == "admitted":
                self._arrive(visit_id, resident_id)
            elif visit_id not in self.visits:
                self.unexpected.append(f"说已签到，但没有第一次签到：{visit_id}")

    def wrote_in(self, resident_id: str) -> None:
        """A guest was written in."""
        with self._lock:
            self.guests.add(resident_id)

    def _arrive(self, visit_id: str, resident_id: str) -> None:
        """What somebody had signed up for today waits from now on."""
        if visit_id in self.visits:
            self.unexpected.append(f"同一次签到出现两次：{visit_id}")
        self.visits[visit_id] = Visit(resident_id)
        for booking_id in self._of_resident[resident_id]:
            booked = self.bookings[booking_id]
            if booked.state == "confirmed" and booked.service_on == today().isoformat():
                booked.state = "arrived"
                self.moves["arrive"] += 1

    # -- bookings --------------------------------------------------------------------------

    def booked(self, answer: dict[str, Any], action: str) -> None:
        """A sign-up or a number was answered."""
        with self._lock:
            self.moves[action] += 1
            self._known(answer)

    def moved(self, answer: dict[str, Any], action: str) -> None:
        """A booking was called, started, finished, missed, cancelled."""
        with self._lock:
            self.moves[action] += 1
            booked = self._known(answer)
            # Another thread may tell of a call after its number was cancelled, or before it was
            # given: what is final stays.
            if booked.state not in _FINAL:
                booked.state = answer["state"]

    def _known(self, answer: dict[str, Any]) -> Booked:
        booked = self.bookings.get(answer["id"])
        if booked is None:
            booked = Booked(
                offering_id=answer["offering_id"],
                slot_id=answer["slot_id"],
                resident_id=answer["resident"]["id"],
                service_on=answer["service_on"],
                ticket=answer["ticket"],
                state=answer["state"],
            )
            self.bookings[answer["id"]] = booked
            self._of_resident[booked.resident_id].append(answer["id"])
        return booked

    def waiting(self) -> Counter[str]:
        """How many wait, by offering."""
        with self._lock:
            return Counter(
                booked.offering_id for booked in self.bookings.values() if booked.state == "arrived"
            )

    def served_of(self, resident_id: str) -> list[str]:
        """The services that somebody has received, as booking ids."""
        with self._lock:
            return [
                booking_id
                for booking_id in self._of_resident[resident_id]
                if self.bookings[booking_id].state == "served"
            ]

    def end(self) -> None:
        """The market has closed: who waits has not been served, who is at a desk will be."""
        with self._lock:
            self.closed = True
            for booked in self.bookings.values():
                if booked.state in _AT_CLOSE:
                    booked.state = _AT_CLOSE[booked.state]
                    self.moves["activity_closed"] += 1

    # -- ratings ---------------------------------------------------------------------------

    def rated(self, answer: dict[str, Any], opinion: Opinion) -> None:
        """A rating was answered."""
        with self._lock:
            self.ratings[answer["id"]] = Rated(
                booking_id=answer["booking_id"],
                offering_id=answer["offering_id"],
                score=opinion.score,
                items=opinion.items,
                comment=opinion.comment,
            )
