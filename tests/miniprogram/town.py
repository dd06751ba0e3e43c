"""What is behind the phones: people and markets, made over HTTP as the console would.

Every test makes its own, so that none sees what another has done.
"""

import itertools
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from PIL import Image
from sqlalchemy import Engine, text

from backend.core.ids import new_id
from backend.local.demo import client
from backend.local.demo.tally import SHANGHAI
from backend.local.waiting import wait_until

COMMUNITY = "320412100001"
"""In the scope of ok:organiser."""

PRIVACY_VERSION = "2026-01"
_HALF_HOUR = timedelta(minutes=30)
_numbers = itertools.count(1)


class Caller:
    """Somebody who speaks to the API without a phone.

    Attributes:
        name: at the stand-in WeChat, `ok:<name>`.
        resident_id: of themselves.
    """

    def __init__(self, web: str, name: str) -> None:
        """Log in.

        Args:
            web: the server's address.
            name: a demo user's, or any new one.
        """
        self._http = client.Phone(web)
        self._token: str | None = None
        self.name = name
        login = self.post("/auth/wechat", {"code": f"ok:{name}"})
        self._token, self._expires_at = login["token"], login["expires_at"]
        self.resident_id: str = login["user"]["resident_id"]

    def get(self, path: str, **query: Any) -> Any:
        """Read; fails on a refusal."""
        return _accepted(path, self._http.get(path, self._token, **query))

    def post(self, path: str, body: Any = None) -> Any:
        """Write; fails on a refusal."""
        return _accepted(path, self._http.post(path, self._token, body))

    def put(self, path: str, body: Any) -> Any:
        """Change; fails on a refusal."""
        return _accepted(path, self._http.send("PUT", path, self._token, body))

    @property
    def kept(self) -> dict[str, Any]:
        """What this person's phone has kept of an earlier visit: agreed and logged in."""
        session = {
            "token": self._token,
            "expires_at": self._expires_at,
            "resident_id": self.resident_id,
        }
        return {"privacy": PRIVACY_VERSION, "session": session}


def _accepted(path: str, answer: client.Answer) -> Any:
    assert answer.status < 400, f"{path}: {answer.status} {answer.json}"
    return answer.json


def new_name() -> str:
    """A name that nobody has at the stand-in WeChat."""
    return f"r-{uuid4().hex[:10]}"


@dataclass(frozen=True)
class Service:
    """A stall's one service, by its ids; `slots` in the order of their times."""

    title: str
    stall_id: str
    offering_id: str
    slots: tuple[str, ...] = ()


@dataclass(frozen=True)
class Market:
    """A market of three stalls: appointments, a line, and one to walk up to.

    Attributes:
        staff: who made it, and calls at its stalls.
    """

    staff: Caller
    id: str
    title: str
    clinic: Service
    haircut: Service
    booth: Service

    def code(self) -> str:
        """The market's own code, as its entrance shows it."""
        return str(self.staff.get(f"/activities/{self.id}/code")["code"])

    def admit(self, *residents: str) -> None:
        """A volunteer checks these residents in."""
        for resident in residents:
            scan = {"id": str(uuid4()), "source": "search", "resident_id": resident}
            self.staff.post(f"/activities/{self.id}/scans", scan)

    def give_number(self, service: Service, resident: str) -> Any:
        """A walk-in number from the volunteer."""
        path = f"/offerings/{service.offering_id}/tickets"
        return self.staff.post(path, {"resident_id": resident})

    def call_next(self, service: Service) -> Any:
        """The stall calls its next number; the booking."""
        return self.staff.post(f"/stalls/{service.stall_id}/call-next", {"press_id": str(uuid4())})

    def serve_next(self, service: Service) -> Any:
        """The stall calls, serves and is done; the booking."""
        booking = self.call_next(service)
        self.act(booking, "start")
        return self.act(booking, "finish")

    def act(self, booking: Any, action: str) -> Any:
        """The stall does something with a number: start, finish, recall, miss."""
        return self.staff.post(f"/bookings/{booking['id']}/{action}")

    def recall(self, booking: Any) -> None:
        """Call a number again; it counts a moment after the last call."""
        before = self.staff.get(f"/bookings/{booking['id']}")["calls"]
        wait_until(
            lambda: self.act(booking, "recall")["calls"] > before, timeout_s=30, what="a recall"
        )


def chosen_stall(service: Service) -> dict[str, Any]:
    """What a phone keeps whose volunteer has chosen to sit at the service's stall today."""
    return {
        "today:desk": {"stallId": service.stall_id, "day": f"{datetime.now(SHANGHAI):%Y-%m-%d}"}
    }


def chosen_market(market: Market) -> dict[str, Any]:
    """What a phone keeps whose volunteer has chosen to check people in at the market today."""
    day = f"{datetime.now(SHANGHAI):%Y-%m-%d}"
    return {"today:scan-market": {"id": market.id, "title": market.title, "day": day}}


def chosen_community(staff: Caller) -> dict[str, Any]:
    """What a phone keeps whose person has chosen their community."""
    region = staff.get("/regions", q=COMMUNITY)["items"][0]
    subdistricts = staff.get("/regions", level="subdistrict", limit=100)["items"]
    (above,) = [one for one in subdistricts if one["id"] == region["parent_id"]]
    own = {"id": region["id"], "name": region["name"]}
    return {"community": own | {"subdistrict_id": above["id"], "subdistrict_name": above["name"]}}


def make_market(staff: Caller, *, live: bool = True, region: str = COMMUNITY,
                places: int = 5, rotates: int | None = None) -> Market:  # fmt: skip
    """A published market that has begun within the last hour, or begins tomorrow.

    Args:
        staff: an organiser or admin of the region.
        live: whether it is open.
        region: a community's code.
        places: in each appointment.
        rotates: seconds after which its check-in code changes; None for one that can be printed.
    """
    now = datetime.now(SHANGHAI).replace(second=0, microsecond=0)
    # At every hour of the day it is today's, or tomorrow's.
    hour_ago = max(now - 2 * _HALF_HOUR, now.replace(hour=0, minute=0))
    begins = hour_ago if live else now + timedelta(days=1)
    first_slot = now if live else begins + 2 * _HALF_HOUR
    body = {
        "programme": "market",
        "title": f"「益行社区」第 {next(_numbers)} 场公益集市",
        "region_id": staff.get("/regions", q=region)["items"][0]["id"],
        "venue": {"name": "社区广场", "address": "花园路 1 号", "wheelchair": True,
                  "latitude": 31.72, "longitude": 119.95},
        "starts_at": begins.isoformat(),
        "ends_at": (first_slot + 6 * _HALF_HOUR).isoformat(),
        "organiser_name": "武进区民政局",
        "contact_phone": "0519-00000000",
        "code_rotates_seconds": rotates,
        "description": "医生、理发师傅和民警都来，服务不收费。",
    }  # fmt: skip
    activity = staff.post("/activities", body)
    clinic = _add_service(staff, activity["id"], 1, "义诊台", "义诊", "clinic", "slots")
    slots = [
        {"starts_at": start.isoformat(), "ends_at": (start + _HALF_HOUR).isoformat(),
         "capacity": places}
        for start in (first_slot, first_slot + _HALF_HOUR)
    ]  # fmt: skip
    made = staff.post(f"/offerings/{clinic.offering_id}/slots", {"slots": slots})["slots"]
    clinic = Service(clinic.title, clinic.stall_id, clinic.offering_id,
                     tuple(slot["id"] for slot in made))  # fmt: skip
    haircut = _add_service(staff, activity["id"], 2, "理发角", "义剪", "haircut", "queue")
    booth = _add_service(staff, activity["id"], 3, "反诈宣传台", "反诈宣传", "anti_fraud", "open")
    staff.post(f"/activities/{activity['id']}/publish")
    if live:
        staff.post(f"/activities/{activity['id']}/open")
    return Market(staff, activity["id"], activity["title"], clinic, haircut, booth)


def _add_service(staff: Caller, activity_id: str, number: int, stall: str, title: str,
                 kind: str, mode: str) -> Service:  # fmt: skip
    made = staff.post(f"/activities/{activity_id}/stalls", {"number": str(number), "name": stall})
    body = {"title": title, "service_kind": kind, "mode": mode, "minutes_per_person": 10}
    offering = staff.post(f"/stalls/{made['id']}/offerings", body)
    return Service(title, made["id"], offering["id"])


def picture() -> str:
    """A photo, as base64."""
    written = BytesIO()
    Image.new("RGB", (60, 40), "teal").save(written, "PNG")
    return b64encode(written.getvalue()).decode()


def rows(database: Engine, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """What a statement answers."""
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def accept_need(organiser: Caller, database: Engine, need: Any) -> None:
    """Take a resident's need on, and wait until others may read it: its words are checked first."""
    organiser.post(f"/needs/{need['id']}/accept")
    checked = "SELECT FROM need WHERE id = :id AND text_state = 'passed'"
    wait_until(lambda: rows(database, checked, id=need["id"]), timeout_s=30,
               what="the check of its words")  # fmt: skip


def change(database: Engine, statement: str, **values: Any) -> None:
    """Do something to the database behind the system's back."""
    with database.begin() as connection:
        connection.execute(text(statement), values)


def tell(database: Engine, person: Caller, title: str, page: str, *, days_ago: int = 0) -> None:
    """Tell somebody something that leads to a page."""
    change(
        database,
        "INSERT INTO notice (id, user_id, kind, title, text, page, resident_ids, created_at)"
        " SELECT :id, user_id, 'announcement', :title, :text, :page, '{}',"
        "        now() - make_interval(days => :days) FROM resident WHERE id = :person",
        id=new_id(), person=person.resident_id, title=title, page=page, days=days_ago,
        text=f"{title}。请带好身份证，九点以前到社区广场。",
    )  # fmt: skip


def open_since(database: Engine, market: Market, *, hours: int) -> None:
    """Let a market have been open for some hours already."""
    change(
        database,
        "UPDATE activity SET opened_at = opened_at - make_interval(hours => :hours) WHERE id = :id",
        hours=hours, id=market.id,
    )  # fmt: skip


def put_back_a_day(database: Engine, market: Market) -> None:
    """Let a market be on its second day of three, what was given so far being of the first."""
    change(
        database,
        "UPDATE activity SET starts_at = starts_at - interval '1 day',"
        " ends_at = ends_at + interval '1 day' WHERE id = :id",
        id=market.id,
    )
    for table, day in (("booking", "service_on"), ("service_day", "on_day")):
        change(
            database,
            f"UPDATE {table} SET {day} = {day} - 1 WHERE offering_id = ANY(:offerings)",
            offerings=[UUID(one.offering_id) for one in (market.clinic, market.haircut)],
        )
