"""The people, places and markets that tests speak of.

Whatever the API can make, is made through the API; only accounts (WeChat's part), regions and
roles (the command line's part) are made by the operations themselves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.identity import operations, roles
from backend.identity.login import sessions
from backend.identity.requests import ProfileEdit
from backend.identity.roles import Scope
from backend.partners.models import Organisation
from backend.regions.models import CODE_LENGTHS, Region

DISTRICT = "320412"
SUBDISTRICT = "320412100"
COMMUNITY = "320412100001"
OTHER_SUBDISTRICT = "320412102"
OTHER_COMMUNITY = "320412102001"
REGION_NAMES = {
    DISTRICT: "武进区",
    SUBDISTRICT: "湖塘镇",
    COMMUNITY: "花园社区",
    OTHER_SUBDISTRICT: "牛塘镇",
    OTHER_COMMUNITY: "丫河社区",
}
API = "/api/v1"


class Client(FlaskClient):
    """Sends each request in an app context of its own, as a server does: nothing that the test or
    another request has read is in its session, and nothing of theirs in its `g`."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **kwargs)


@dataclass(frozen=True)
class Person:
    """Somebody with a phone: sends requests with their own token."""

    http: FlaskClient
    name: str
    user_id: UUID
    resident_id: UUID
    token: str

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self.http.open(API + path, method=method, headers=headers, **options)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.request("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        headers = {"Idempotency-Key": key} if key else {}
        return self.request("POST", path, json=body if body is not None else {}, headers=headers)

    def put(self, path: str, body: Any) -> TestResponse:
        return self.request("PUT", path, json=body)

    def delete(self, path: str) -> TestResponse:
        return self.request("DELETE", path)


def ok(response: TestResponse, status: int = 200) -> Any:
    """The answer's JSON; fails, showing the problem, on any other status."""
    assert response.status_code == status, response.get_data(as_text=True)
    return response.json


def refused(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document; fails unless status and code are these."""
    assert response.mimetype == "application/problem+json", response.get_data(as_text=True)
    problem: dict[str, Any] = response.json  # type: ignore[assignment]
    assert (response.status_code, problem["code"]) == (status, code), problem
    return problem


class World:
    """Makes what a test needs, in the app's database."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        app.test_client_class = Client
        self.http = app.test_client()
        self._region_ids = self._make_regions()

    # ------------------------------------------------------------------ places

    def _make_regions(self) -> dict[str, UUID]:
        with self.app.app_context(), transaction() as session:
            found = session.execute(select(Region.code, Region.id))
            ids: dict[str, UUID] = {region.code: region.id for region in found}
            if ids:
                return ids
            for code, name in REGION_NAMES.items():
                parents = [code[:length] for length in CODE_LENGTHS if length < len(code)]
                parent_id = next((ids[p] for p in reversed(parents) if p in ids), None)
                region = Region(
                    id=new_id(),
                    code=code,
                    name=name,
                    level=CODE_LENGTHS[len(code)],
                    parent_id=parent_id,
                    pinyin=name,
                )
                ids[code] = region.id
                session.add(region)
                session.flush()
            return ids

    def region_id(self, code: str) -> str:
        """Of the regions that every world has without a statement: also within a transaction."""
        if code not in self._region_ids:
            with self.app.app_context(), transaction() as session:
                found = session.execute(select(Region.id).where(Region.code == code))
                return str(found.scalar_one())
        return str(self._region_ids[code])

    def organisation(self, name: str = "善乐社会工作服务站") -> str:
        with self.app.app_context(), transaction() as session:
            region = session.execute(select(Region.id).where(Region.code == DISTRICT)).scalar_one()
            organisation = Organisation(name=f"{name}{new_id().hex[-6:]}", region_id=region)
            session.add(organisation)
            session.flush()
            return str(organisation.id)

    # ------------------------------------------------------------------ people

    def person(self, name: str = "王秀英", **profile: Any) -> Person:
        """A resident who has just logged in for the first time."""
        with self.app.app_context(), transaction() as session:
            login = operations.log_in(session, f"openid-{new_id().hex}", None)
            actor = sessions.authenticate(session, login.token)
            assert actor is not None
            operations.update_me(session, actor, ProfileEdit(name=name, **profile))
            return Person(
                self.app.test_client(), name, actor.user_id, actor.resident_id, login.token
            )

    def staff(
        self,
        role: Role,
        region: str | None = SUBDISTRICT,
        organisation_id: str | None = None,
    ) -> Person:
        """Somebody with a role in a region (by code), or for an organisation."""
        person = self.person(f"{role.value}小张")
        with self.app.app_context(), transaction() as session:
            if organisation_id:
                scope = Scope(organisation_id=UUID(organisation_id))
                roles.grant(session, None, person.user_id, role, scope)
        if not organisation_id:
            self.grant(person, role, region)
        return person

    def grant(self, person: Person, role: Role, region: str | None) -> None:
        """Give somebody one more role in a region (by code)."""
        with self.app.app_context(), transaction() as session:
            found = select(Region.id).where(Region.code == region)
            scope = Scope(region_id=session.execute(found).scalar_one())
            roles.grant(session, None, person.user_id, role, scope)

    def organiser(self, region: str = SUBDISTRICT) -> Person:
        return self.staff(Role.ORGANISER, region)

    def volunteer(self, region: str = SUBDISTRICT) -> Person:
        return self.staff(Role.VOLUNTEER, region)

    # ------------------------------------------------------------------ markets

    def draft(
        self, organiser: Person, *, region: str = COMMUNITY, starts_at: datetime | None = None,
        hours: float = 3, **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """A draft market that begins in a minute unless told otherwise."""
        start = starts_at or clock.now() + timedelta(minutes=1)
        body = {
            "programme": "market",
            "title": "花园社区公益集市",
            "region_id": self.region_id(region),
            "venue": {"name": "社区广场", "address": "花园路 1 号", "wheelchair": True},
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=hours)).isoformat(),
        } | more
        activity: dict[str, Any] = ok(organiser.post("/activities", body), 201)
        return activity

    def ready(self, organiser: Person, **more: Any) -> dict[str, Any]:
        """As `draft`, with a stall: it can be published."""
        activity = self.draft(organiser, **more)
        self.stall(organiser, activity["id"])
        return activity

    def stall(self, organiser: Person, activity_id: str, **more: Any) -> dict[str, Any]:
        body = {"number": new_id().hex[-6:], "name": "便民服务"} | more
        stall: dict[str, Any] = ok(organiser.post(f"/activities/{activity_id}/stalls", body), 201)
        return stall

    def offering(self, organiser: Person, stall_id: str, **more: Any) -> dict[str, Any]:
        body = {"title": "义剪", "service_kind": "haircut", "mode": "queue"} | more
        offering: dict[str, Any] = ok(organiser.post(f"/stalls/{stall_id}/offerings", body), 201)
        return offering

    def slot(
        self, organiser: Person, offering_id: str, starts_at: str, *, minutes: int = 30,
        capacity: int = 20,
    ) -> dict[str, Any]:  # fmt: skip
        ends = datetime.fromisoformat(starts_at) + timedelta(minutes=minutes)
        body = {"slots": [{"starts_at": starts_at, "ends_at": ends.isoformat(),
                           "capacity": capacity}]}  # fmt: skip
        offering = ok(organiser.post(f"/offerings/{offering_id}/slots", body), 201)
        slot: dict[str, Any] = next(
            s for s in offering["slots"]
            if datetime.fromisoformat(s["starts_at"]) == datetime.fromisoformat(starts_at)
        )  # fmt: skip
        return slot

    def live_market(
        self, organiser: Person | None = None, *, mode: str = "queue", capacity: int = 20,
        starts_at: datetime | None = None, activity: dict[str, Any] | None = None,
        **offering: Any,
    ) -> "Market":  # fmt: skip
        """An open market with one stall and one offering (and one slot, in mode slots)."""
        organiser = organiser or self.organiser()
        draft = self.draft(organiser, starts_at=starts_at, **(activity or {}))
        stall = self.stall(organiser, draft["id"])
        made = self.offering(organiser, stall["id"], mode=mode, **offering)
        slot = None
        if mode == "slots":
            slot = self.slot(organiser, made["id"], draft["starts_at"], capacity=capacity)
        ok(organiser.post(f"/activities/{draft['id']}/publish"))
        ok(organiser.post(f"/activities/{draft['id']}/open"))
        return Market(organiser, draft["id"], stall["id"], made["id"], slot["id"] if slot else None)


@dataclass(frozen=True)
class Market:
    """The ids of a market that a test plays on."""

    organiser: Person
    id: str
    stall_id: str
    offering_id: str
    slot_id: str | None
