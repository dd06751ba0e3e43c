"""What is there before the first resident comes: regions, staff, and the organiser's market."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from backend.local.demo.client import Phone
from backend.local.demo.plan import SERVICES, SLOTS, Service
from backend.local.demo.tally import SHANGHAI, Tally
from backend.local.system import ROOT, STAND_IN_APPID, STAND_IN_SECRET, LocalSystem

REGIONS = ROOT / "backend" / "demo" / "data" / "regions.csv"
"""武进区's real towns and subdistricts, and 99 communities with made-up names."""

COMMUNITIES = 99
DISTRICT, SUBDISTRICT, COMMUNITY = "320412", "320412100", "320412100001"
VOLUNTEERS = 3
_BEGUN = timedelta(hours=1)
_STAYS = timedelta(hours=3)
_SLOT = timedelta(minutes=30)


class Unprepared(Exception):
    """The market could not be made: an answer that must not be."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Tokens of those who run the market."""

    admin: str
    organiser: str
    volunteers: tuple[str, ...]

    def volunteer(self, number: int) -> str:
        """One of the volunteers, in turn."""
        return self.volunteers[number % len(self.volunteers)]


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall with its one offering.

    Attributes:
        places: the offering's slots with the places that can be signed up for.
    """

    id: str
    offering_id: str
    service: Service
    slots: tuple[str, ...] = ()
    places: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Market:
    """The market as its organiser has made it; `stalls` in the order of plan.SERVICES."""

    id: str
    title: str
    code: str
    stalls: tuple[Stall, ...]

    def mode_of(self, offering_id: str) -> str:
        """An offering's mode."""
        return next(s.service.mode for s in self.stalls if s.offering_id == offering_id)


def import_regions(system: LocalSystem) -> None:
    """Import the district's regions, as a clerk does."""
    system.flask("regions", "import", str(REGIONS))


def appoint_staff(system: LocalSystem, phone: Phone, tally: Tally) -> Staff:
    """An admin, an organiser and volunteers: appointed at the command line, then logged in."""
    openid = _openid(system.wechat, "集市管理员")
    system.flask("admin", "create", "--openid", openid, "--region", DISTRICT, "--name", "管理员")
    admin, _ = _log_in(phone, tally, "集市管理员")
    organiser, organiser_id = _log_in(phone, tally, "集市组织者")
    system.flask("roles", "grant", organiser_id, "organiser", "--region", SUBDISTRICT)
    logins = [_log_in(phone, tally, f"志愿者{number}") for number in range(1, VOLUNTEERS + 1)]
    user_ids = [user_id for _, user_id in logins]
    system.flask("roles", "grant", *user_ids, "volunteer", "--region", SUBDISTRICT)
    return Staff(admin, organiser, tuple(token for token, _ in logins))


def _openid(wechat: str, name: str) -> str:
    """The openid of somebody who has not logged in yet, asked of the stand-in WeChat."""
    address = urlsplit(wechat)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=10)
    query = {"appid": STAND_IN_APPID, "secret": STAND_IN_SECRET, "js_code": f"ok:{name}",
             "grant_type": "authorization_code"}  # fmt: skip
    try:
        connection.request("GET", f"/sns/jscode2session?{urlencode(query)}")
        openid: str = json.loads(connection.getresponse().read())["openid"]
    finally:
        connection.close()
    return openid


def _log_in(phone: Phone, tally: Tally, name: str) -> tuple[str, str]:
    """Token and user id."""
    answer = _done(phone, "/auth/wechat", None, {"code": f"ok:{name}"})
    tally.logged_in(name)
    return answer["token"], answer["user"]["id"]


def publish_market(phone: Phone, staff: Staff, residents: int) -> Market:
    """Draft a market with its ten stalls and their offerings, and publish it.

    Args:
        residents: how many are expected; capacities follow.
    """
    now = datetime.now(SHANGHAI).replace(second=0, microsecond=0)
    # Of today at any hour: what begins before midnight is yesterday's market to its end.
    begun = max(now - _BEGUN, now.replace(hour=0, minute=0))
    region = phone.get("/regions", q=COMMUNITY).json["items"][0]
    activity = _done(
        phone,
        "/activities",
        staff.organiser,
        {
            "programme": "market",
            "title": f"「益行社区」{region['name']}公益集市",
            "region_id": region["id"],
            "venue": {"name": "花园社区广场", "address": "湖塘镇花园路 1 号", "wheelchair": True},
            "starts_at": begun.isoformat(),
            "ends_at": (now + _STAYS).isoformat(),
            "organiser_name": "武进区民政局",
        },
    )
    stalls: list[Stall] = []
    for number, service in enumerate(SERVICES, start=1):
        shared = service.second_desk
        also_at = [] if shared is None else [stalls[shared].id]
        stalls.append(
            _add_stall(phone, staff, activity["id"], number, service, also_at, now, residents)
        )
    _done(phone, f"/activities/{activity['id']}/publish", staff.organiser)
    code = phone.get(f"/activities/{activity['id']}/code", staff.organiser).json["code"]
    return Market(activity["id"], activity["title"], code, tuple(stalls))


def _add_stall(
    phone: Phone,
    staff: Staff,
    activity_id: str,
    number: int,
    service: Service,
    also_at: list[str],
    now: datetime,
    residents: int,
) -> Stall:
    stall = _done(
        phone,
        f"/activities/{activity_id}/stalls",
        staff.organiser,
        {"number": str(number), "name": service.stall},
    )
    offering = _done(
        phone,
        f"/stalls/{stall['id']}/offerings",
        staff.organiser,
        {
            "title": service.title,
            "service_kind": service.kind,
            "mode": service.mode,
            "walk_in_share": service.walk_in_share,
            "capacity": round(service.day_share * residents) or None,
            "also_at_stall_ids": also_at,
        },
    )
    if service.mode != "slots":
        return Stall(stall["id"], offering["id"], service)
    offering = _done(
        phone,
        f"/offerings/{offering['id']}/slots",
        staff.organiser,
        {
            "from": now.isoformat(),
            "to": (now + SLOTS * _SLOT).isoformat(),
            "minutes": _SLOT.seconds // 60,
            "capacity": max(2, round(service.slot_share * residents)),
        },
    )
    places = {slot["id"]: slot["free"] for slot in offering["slots"]}
    return Stall(stall["id"], offering["id"], service, tuple(places), places)


def _done(phone: Phone, path: str, token: str | None, body: Any = None) -> Any:
    """A write that must succeed."""
    answer = phone.post(path, token, body, key=uuid4().hex if token else None)
    if answer.status >= 400:
        raise Unprepared(f"POST {path}: {answer.status} {answer.json}")
    return answer.json
