"""What a resident does on the day, one request after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from backend.local.demo.client import Answer, Phone
from backend.local.demo.market import Market, Staff
from backend.local.demo.plan import Arrival, Guest, Opinion, Person
from backend.local.demo.tally import Tally


@dataclass(slots=True)
class Resident:
    """Somebody at the market; without a token (a guest) volunteers act for them."""

    plan: Person | Guest
    number: int
    token: str = ""
    id: str = ""

    @property
    def person(self) -> Person:
        """The plan of somebody with a phone."""
        assert isinstance(self.plan, Person)
        return self.plan


class Acts:
    """The acts of residents, and of volunteers for them. For any number of threads."""

    def __init__(self, market: Market, staff: Staff, tally: Tally) -> None:
        """Everything that residents do is done at `market` and kept in `tally`."""
        self._market, self._staff, self._tally = market, staff, tally
        self._path = f"/activities/{market.id}"

    # -- before the day --------------------------------------------------------------------

    def log_in(self, phone: Phone, resident: Resident) -> None:
        """Log in through WeChat for the first time."""
        login = resident.person.login
        answer = phone.post("/auth/wechat", body={"code": f"ok:{login}"})
        if self._tally.accept("登录", answer):
            resident.token, resident.id = answer.json["token"], answer.json["user"]["resident_id"]
            self._tally.logged_in(login)

    def sign_up(self, phone: Phone, resident: Resident) -> None:
        """Sign up for what is wanted; some change their mind about the first of it."""
        for number, wish in enumerate(resident.person.sign_ups):
            stall = self._market.stalls[wish.service]
            body = {"slot_id": stall.slots[wish.slot]} if stall.slots else {}
            path = f"/offerings/{stall.offering_id}/bookings"
            answer = self._write(phone, resident, "报名", path, body)
            if self._tally.accept("报名", answer, "slot_full"):
                self._tally.booked(answer.json, "sign_up")
                if resident.person.cancels and number == 0:
                    self._cancel(phone, resident, answer.json["id"])

    # -- at the entrance -------------------------------------------------------------------

    def arrive(self, phone: Phone, resident: Resident) -> None:
        """Come in, the way that is planned."""
        if isinstance(resident.plan, Guest):
            self._write_in(phone, resident, resident.plan)
            return
        if resident.plan.arrival is Arrival.SELF:
            self._scan(phone, resident, resident.token, source="self", code=self._market.code)
        else:
            shown = phone.get("/me/code", resident.token)
            if self._tally.accept("出示个人码", shown):
                volunteer = self._staff.volunteer(resident.number)
                code = shown.json["code"]
                self._scan(phone, resident, volunteer, source="scan", resident_code=code)
        if resident.plan.scanned_again:
            volunteer = self._staff.volunteer(resident.number + 1)
            self._scan(phone, resident, volunteer, source="search", resident_id=resident.id)

    def _write_in(self, phone: Phone, resident: Resident, guest: Guest) -> None:
        """Write somebody in; asked whether they are the one of that name, they are another."""
        volunteer = self._staff.volunteer(resident.number)
        written: dict[str, Any] = {"name": guest.name, "birth_year": guest.birth_year}
        answer = self._scan(phone, resident, volunteer, "name_known", source="proxy", guest=written)
        if answer is None:
            written["another"] = True
            answer = self._scan(phone, resident, volunteer, source="proxy", guest=written)
        if answer is not None:
            resident.id = answer["resident"]["id"]
            self._tally.wrote_in(resident.id)

    def leave(self, phone: Phone, resident: Resident) -> None:
        """Scan the market's code at the exit."""
        self._scan(
            phone,
            resident,
            resident.token,
            source="self",
            code=self._market.code,
            direction="exit",
        )

    def _scan(
        self, phone: Phone, resident: Resident, token: str, *refusals: str, **scan: Any
    ) -> dict[str, Any] | None:
        """One scan, with an id of its own; the answer, or None where it was refused.

        Args:
            refusals: codes that may be.
        """
        body = {
            "id": str(uuid4()),
            "scanned_at": datetime.now(UTC).isoformat(),
            "device_id": f"phone-{resident.number}",
            **scan,
        }
        act = "签退" if "direction" in scan else "签到"
        answer = self._send(resident, act, lambda: phone.post(f"{self._path}/scans", token, body))
        if not self._tally.accept(act, answer, *refusals):
            return None
        found: dict[str, Any] = answer.json
        self._tally.scanned(found, direction=scan.get("direction", "entry"))
        return found

    # -- numbers ---------------------------------------------------------------------------

    def take_number(self, phone: Phone, resident: Resident, service: int) -> bool:
        """Take a number on the spot; some give up waiting. Whether it was given."""
        stall = self._market.stalls[service]
        path = f"/offerings/{stall.offering_id}/tickets"
        if isinstance(resident.plan, Guest):
            volunteer = self._staff.volunteer(resident.number)
            body = {"resident_id": resident.id}
            answer = phone.post(path, volunteer, body, key=uuid4().hex)
        else:
            answer = self._write(phone, resident, "取号", path, {})
        if not self._tally.accept("取号", answer, "already_booked", "slot_full"):
            return False
        self._tally.booked(answer.json, "take_number")
        if isinstance(resident.plan, Person) and resident.plan.gives_up:
            self._cancel(phone, resident, answer.json["id"])
        return True

    def rejoin(self, phone: Phone, resident: Resident, booking_id: str) -> bool:
        """Come back into the line after having been missed."""
        answer = self._write(phone, resident, "重新排队", f"/bookings/{booking_id}/rejoin", {})
        if not self._tally.accept("重新排队", answer):
            return False
        self._tally.moved(answer.json, "rejoin")
        return True

    def _cancel(self, phone: Phone, resident: Resident, booking_id: str) -> None:
        """Cancel; who is at the desk by then is told that it is too late."""
        answer = self._write(phone, resident, "取消", f"/bookings/{booking_id}/cancel", {})
        if self._tally.accept("取消", answer, "illegal_transition"):
            self._tally.moved(answer.json, "cancel")

    # -- ratings ---------------------------------------------------------------------------

    def rate(self, phone: Phone, resident: Resident) -> None:
        """Rate the first service received, some the visit too; some try a second time."""
        opinion = resident.person.opinion
        assert opinion is not None
        served = self._tally.served_of(resident.id)
        if served:
            self._rate(phone, resident, opinion, booking_id=served[0])
        if resident.person.rates_visit:
            self._rate(phone, resident, opinion, activity_id=self._market.id)

    def _rate(self, phone: Phone, resident: Resident, opinion: Opinion, **subject: str) -> None:
        body: dict[str, Any] = {
            **subject,
            "score": opinion.score,
            "items": opinion.items,
            "tags": opinion.tags,
        }
        if opinion.comment is not None:
            body["comment"] = opinion.comment
        answer = self._write(phone, resident, "评价", "/ratings", body)
        if self._tally.accept("评价", answer):
            self._tally.rated(answer.json, opinion)
        if resident.number % 50 == 0:  # forgets having done so
            again = self._write(phone, resident, "评价", "/ratings", body)
            if self._tally.accept("再次评价", again, "already_rated"):
                self._tally.rated(again.json, opinion)

    # -- sending ---------------------------------------------------------------------------

    def _write(
        self, phone: Phone, resident: Resident, act: str, path: str, body: dict[str, Any]
    ) -> Answer:
        """A write of the resident's own, with a new Idempotency-Key."""
        key = uuid4().hex
        return self._send(resident, act, lambda: phone.post(path, resident.token, body, key))

    def _send(self, resident: Resident, act: str, send: Callable[[], Answer]) -> Answer:
        """Send once; twice where the resident's network is bad."""
        if isinstance(resident.plan, Person) and resident.plan.repeats:
            return self._tally.twice(act, send)
        return send()
