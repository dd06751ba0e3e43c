"""One of everything in the app, and a valid request for every endpoint that takes a body."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import marshmallow as ma
from flask import Flask
from sqlalchemy import Connection, update
from werkzeug.test import TestResponse

from backend.bookings.models import Booking
from backend.core import clock, crypto
from backend.core.db import Base, transaction
from backend.core.permissions import Role
from backend.identity.models import LoginSession
from backend.needs.models import Need, NeedState
from backend.resources.models import Resource, ResourceState
from tests.support.market_day import MarketDay, minutes
from tests.support.world import COMMUNITY, DISTRICT, Person, World, ok

START, END = "2026-12-01T09:00:00+08:00", "2026-12-01T11:00:00+08:00"
NOT_COMPARED = {"login_session", "idempotency_record", "limit_use"}
REFUSED = " WHERE action <> 'refuse'"


def endpoints(app: Flask) -> dict[str, ma.Schema | None]:
    """Every route that takes a body of JSON, with its schema; None where it must be empty."""
    found: dict[str, ma.Schema | None] = {}
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) & {"POST", "PUT", "DELETE"}
        if rule.rule.startswith("/api/v1/") and methods:
            view: Any = app.view_functions[rule.endpoint]
            if view.declared.raw:
                continue
            body = view.declared.body
            path = rule.rule.removeprefix("/api/v1")
            found[f"{methods.pop()} {path}"] = body() if body else None
    return found


CREDENTIAL = {
    "kind": "legal_practice", "issuer": "武进区司法局", "number": "33204201010000001",
    "valid_until": "2099-12-31",
}  # fmt: skip


class Stage:
    """An admin who holds one of everything, and a valid body for every endpoint."""

    def __init__(self, world: World) -> None:
        self.day = day = MarketDay.begin(world, mode="slots")
        self.admin = admin = world.staff(Role.ADMIN, DISTRICT)
        # Who asks for a community's needs is shown to its own clerks alone.
        world.grant(admin, Role.ORGANISER, COMMUNITY)
        self.resident = world.person()
        ok(self.resident.post("/me/phone", {"phone": "13800007777"}))
        self.region_id = world.region_id(COMMUNITY)
        self.resource = {
            "organisation_id": world.organisation(), "title": "义剪", "service_kind": "haircut",
            "people": 4, "stations": 3, "minutes_per_person": 12, "region_ids": [self.region_id],
            "weekdays": [6, 7], "from_time": "09:00", "to_time": "11:30",
            "days_off": ["2026-10-01"], "lead_days": 7, "most_per_month": 2, "requires": ["power"],
        }  # fmt: skip
        self.code = day.code()
        queue, other = day.offering(), day.offering()
        own = ok(day.ticket(admin, queue), 201)
        ok(day.press(booking_id=own["id"], reason="测试"))
        day.acted(own, "start", "finish")
        visit = day.come(admin)
        rating = ok(admin.post("/ratings", {"booking_id": own["id"], "score": 1}), 201)
        submitted = world.draft(day.organiser)["id"]
        ok(day.organiser.post(f"/activities/{submitted}/submit"))
        replied = self._rectification(other)
        ok(admin.post(f"/rectifications/{replied}/reply", {"reply": "已处理"}))
        called_back = self._rectification(day.offering())
        ok(admin.post(f"/rectifications/{called_back}/reply", {"reply": "已处理"}))
        happy = {"note": "已回访", "satisfied": True}
        ok(admin.post(f"/rectifications/{called_back}/call-back", happy))
        served = self._served(day.offering())
        (opened,) = [
            item["id"]
            for item in ok(admin.get("/rectifications"))["items"]
            if item["id"] not in (replied, called_back)
        ]
        member = ok(admin.post("/me/family", {"name": "王奶奶"}), 201)["id"]
        ok(admin.post("/me/phone", {"phone": "13800009999"}))
        ok(admin.post("/me/consents", {"purpose": "privacy", "version": "2026-01"}), 201)
        asked_for = self._need(NeedState.OPEN)
        self.ids = {
            "activity_id": day.id,
            "stall_id": day.market.stall_id,
            "offering_id": day.offering_id,
            "slot_id": day.slot_id,
            "booking_id": own["id"],
            "scan_id": visit["id"],
            "rating_id": rating["id"],
            "photo_id": str(uuid4()),
            "rectification_id": opened,
            "resident_id": member,
            "purpose": "privacy",
            "session_id": self._other_session(),
            "need_id": asked_for,
            "voice_id": self._voice(asked_for),
            "resource_id": self._resource(ResourceState.DRAFT),
            "organisation_id": str(self.resource["organisation_id"]),
            "credential_id": self._credential(),
        }
        # Where the id above is in the wrong state for a valid request.
        self.special = {
            "POST /activities/<uuid:activity_id>/return": submitted,
            "POST /bookings/<uuid:booking_id>/keep": self._moved(),
            "POST /needs/<uuid:need_id>/close-unsolved": self._need(NeedState.ACCEPTED),
            "POST /needs/<uuid:need_id>/plans": self._need(NeedState.ACCEPTED),
            "POST /needs/<uuid:need_id>/reopen": self._need(NeedState.SERVED),
            "POST /needs/<uuid:need_id>/verdict": self._need(NeedState.SERVED),
            "POST /ratings/<uuid:rating_id>/unsolved": self._rating_of(replied),
            "POST /rectifications/<uuid:rectification_id>/call-back": replied,
            "POST /rectifications/<uuid:rectification_id>/close": called_back,
            "POST /resources/<uuid:resource_id>/approve": self._resource(ResourceState.SUBMITTED),
            "POST /resources/<uuid:resource_id>/return": self._resource(ResourceState.SUBMITTED),
            "POST /resources/<uuid:resource_id>/suspend": self._resource(ResourceState.APPROVED),
        }
        self.served, self.member = served, member
        self.head = self._need(NeedState.ACCEPTED)

    def _other_session(self) -> str:
        """A phone of the admin's besides the one that sends, which may be ended."""
        with self.day.app.app_context(), transaction() as session:
            other = LoginSession(
                user_id=self.admin.user_id, token_hash=crypto.hash_token(crypto.new_token())
            )
            session.add(other)
            session.flush()
            return str(other.id)

    def _moved(self) -> str:
        """A booking for somebody of the admin's family, of whom nobody knows whether they come
        at its new time."""
        member = ok(self.admin.post("/me/family", {"name": "赵爷爷"}), 201)["id"]
        path = f"/offerings/{self.day.offering()}/bookings"
        booking = ok(self.admin.post(path, {"resident_id": member}), 201)["id"]
        with self.day.app.app_context(), transaction() as session:
            moved = update(Booking).where(Booking.id == UUID(booking))
            session.execute(moved.values(moved_from=clock.now()))
        return str(booking)

    def _need(self, state: NeedState) -> str:
        """A need that the admin has raised, in this state."""
        said = {"region_id": self.region_id, "title": "想学用手机挂号"}
        need = ok(self.admin.post("/needs", said), 201)["id"]
        with self.day.app.app_context(), transaction() as session:
            session.execute(update(Need).where(Need.id == UUID(need)).values(state=state))
        return str(need)

    def _voice(self, need_id: str) -> str:
        rows = self.day.rows("SELECT id FROM need_voice WHERE need_id = :id", id=need_id)
        return str(rows[0].id)

    def _resource(self, state: ResourceState) -> str:
        resource = ok(self.admin.post("/resources", self.resource), 201)["id"]
        with self.day.app.app_context(), transaction() as session:
            changed = update(Resource).where(Resource.id == UUID(resource)).values(state=state)
            session.execute(changed)
        return str(resource)

    def _credential(self) -> str:
        path = f"/organisations/{self.resource['organisation_id']}/credentials"
        return str(ok(self.admin.post(path, CREDENTIAL), 201)["id"])

    def _served(self, offering_id: str) -> str:
        booking = ok(self.day.ticket(self.admin, offering_id), 201)
        ok(self.day.press(booking_id=booking["id"], reason="测试"))
        self.day.acted(booking, "start", "finish")
        return str(booking["id"])

    def _rectification(self, offering_id: str) -> str:
        body = {"booking_id": self._served(offering_id), "score": 1}
        rating = ok(self.admin.post("/ratings", body), 201)
        rows = self.day.rows("SELECT id FROM rectification WHERE rating_id = :id", id=rating["id"])
        return str(rows[0].id)

    def _rating_of(self, rectification_id: str) -> str:
        rows = self.day.rows(
            "SELECT rating_id FROM rectification WHERE id = :id", id=rectification_id
        )
        return str(rows[0].rating_id)

    def path(self, route: str) -> str:
        path = route.split(" ")[1]
        for name, value in self.ids.items():
            path = path.replace(f"<uuid:{name}>", self.special.get(route, value))
            path = path.replace(f"<{name}>", value)
        return path

    def bodies(self) -> dict[str, list[dict[str, Any]]]:
        personal = ok(self.resident.get("/me/code"))["code"]
        guest = {"name": "李奶奶", "phone": "13800001111", "birth_year": 1950, "note": "走路慢"}
        venue = {
            "name": "广场",
            "address": "花园路 1 号",
            "latitude": 31.7,
            "longitude": 119.9,
            "wheelchair": True,
        }
        scan = {"id": str(uuid4()), "device_id": "p1", "scanned_at": START}
        # Times of the market itself, which begins now.
        now = ok(self.admin.get(f"/activities/{self.day.id}"))
        begin = datetime.fromisoformat(now["starts_at"])
        later = {
            "starts_at": (begin + minutes(60)).isoformat(),
            "ends_at": (begin + minutes(90)).isoformat(),
            "capacity": 5,
        }
        pattern = {
            "from": (begin + minutes(30)).isoformat(),
            "to": now["ends_at"],
            "minutes": 45,
            "capacity": 2,
        }
        offering = {
            "title": "义诊",
            "service_kind": "clinic",
            "mode": "queue",
            "minutes_per_person": 5,
            "capacity": 50,
            "walk_in_share": 0.2,
            "min_age": 60,
            "daily_cap_per_person": 1,
            "sign_up_opens_at": START,
            "sign_up_closes_at": END,
            "also_at_stall_ids": [self.day.market.stall_id],
        }
        return {
            "POST /auth/wechat": [{"code": "ok:resident"}],
            "PUT /me": [{"name": "张三", "birth_year": 1980, "region_id": self.region_id,
                         "preferences": {"elder_mode": True}}],
            "POST /me/phone": [{"phone": "13800005678"}],
            "POST /me/family": [{"name": "李奶奶", "relation": "奶奶", "birth_year": 1950,
                                 "phone": "13800005678"}],
            "PUT /me/family/<uuid:resident_id>": [{"name": "李奶奶"}],
            "POST /me/consents": [{"purpose": "phone", "version": "2026-01"}],
            "POST /me/notices/read": [{"ids": [str(uuid4())]}, {"all": True}],
            "POST /me/message-credits": [{"called": 1, "change": 1}],
            "POST /residents/confirm-phone": [{"resident_code": personal}],
            "POST /activities": [
                {"programme": "market", "title": "集市", "region_id": self.region_id,
                 "venue": venue, "starts_at": START, "ends_at": END, "description": "欢迎",
                 "organiser_name": "民政局", "contact_phone": "0519-86310000",
                 "checkin_opens_minutes": 30, "code_rotates_seconds": 30},
            ],
            "PUT /activities/<uuid:activity_id>": [{"title": "新名字", "version": 1,
                                                    "venue": venue}],
            "POST /activities/<uuid:activity_id>/return": [{"reason": "请补充"}],
            "POST /activities/<uuid:activity_id>/cancel": [{"reason": "大雨"}],
            "POST /activities/<uuid:activity_id>/copy": [{"starts_at": START,
                                                          "region_id": self.region_id}],
            "POST /activities/<uuid:activity_id>/stalls": [{"number": "Z9", "name": "义诊",
                                                            "place": "东门"}],
            "PUT /stalls/<uuid:stall_id>": [{"number": "Z8"}],
            "POST /stalls/<uuid:stall_id>/offerings": [offering],
            "PUT /offerings/<uuid:offering_id>": [{"title": "义剪", "also_at_stall_ids": []}],
            "POST /offerings/<uuid:offering_id>/slots": [
                pattern, {"slots": [later]},
            ],
            "PUT /slots/<uuid:slot_id>": [{"capacity": 30}],
            "POST /offerings/<uuid:offering_id>/bookings": [
                {"slot_id": self.day.slot_id, "resident_id": self.member}
            ],
            "POST /bookings/<uuid:booking_id>/keep": [{"service_on": clock.today().isoformat()}],
            "POST /offerings/<uuid:offering_id>/tickets": [
                {"guest": guest, "urgent": True, "reason": "头晕"},
                {"resident_id": self.member},
            ],
            "POST /stalls/<uuid:stall_id>/call-next": [{"press_id": str(uuid4())}],
            "POST /activities/<uuid:activity_id>/scans": [
                scan | {"source": "self", "code": self.code},
                scan | {"source": "scan", "resident_code": personal},
                scan | {"source": "search", "resident_id": self.member, "direction": "entry"},
                scan | {"source": "proxy", "guest": guest},
            ],
            "POST /scans/<uuid:scan_id>/revert": [{"reason": "扫错了人"}],
            "POST /activities/<uuid:activity_id>/residents/find": [{"phone": "1111"},
                                                                   {"name": "王秀英"}],
            "POST /needs": [
                {"region_id": self.region_id, "title": "想学用手机挂号", "details": "医院的小程序",
                 "service_kind": "clinic", "for_whom": "family", "suits": ["weekend_morning"],
                 "resident_id": self.member},
                {"region_id": self.region_id, "title": "想学用手机挂号", "source": "visit"},
            ],
            "POST /needs/<uuid:need_id>/support": [{"resident_id": self.member}],
            "DELETE /needs/<uuid:need_id>/support": [{"resident_id": self.member}],
            "POST /needs/<uuid:need_id>/decline": [{"reason_code": "not_ours",
                                                    "reason": "请找物业"}],
            "POST /needs/<uuid:need_id>/close-unsolved": [{"reason_code": "no_resource_yet",
                                                           "reason": "没有老师"}],
            "POST /needs/<uuid:need_id>/accept": [
                {}, {"words": {"title": "学用手机", "details": "挂号", "service_kind": "clinic"}},
            ],
            "POST /needs/<uuid:need_id>/voices/<uuid:voice_id>/contact": [{"reason": "约时间"}],
            "POST /needs/<uuid:need_id>/merge": [{"into_id": self.head}],
            "POST /needs/<uuid:need_id>/verdict": [{"verdict": "partly", "reason": "只教了一半"}],
            "POST /needs/<uuid:need_id>/reopen": [{"reason": "还没解决"}],
            "POST /needs/<uuid:need_id>/plans": [{"offering_id": self.day.offering_id}],
            "POST /organisations/<uuid:organisation_id>/credentials": [CREDENTIAL],
            "POST /credentials/<uuid:credential_id>/reject": [{"reason": "编号不对"}],
            "POST /resources": [self.resource],
            "PUT /resources/<uuid:resource_id>": [self.resource],
            "POST /resources/<uuid:resource_id>/return": [{"reason": "请补充"}],
            "POST /resources/<uuid:resource_id>/suspend": [{"reason": "资质过期"}],
            "POST /ratings": [{"booking_id": self.served, "score": 5, "items": {"attitude": 5},
                               "tags": ["warm"], "comment": "很好"}],
            "PUT /ratings/<uuid:rating_id>": [{"score": 2, "items": {"attitude": 2},
                                               "tags": ["slow"]}],
            "POST /ratings/<uuid:rating_id>/unsolved": [{"words": "还是要等很久"}],
            "POST /rectifications/<uuid:rectification_id>/reply": [{"reply": "已处理"}],
            "POST /rectifications/<uuid:rectification_id>/call-back": [{"note": "已回访",
                                                                        "satisfied": True}],
            "POST /rectifications/<uuid:rectification_id>/close": [{"reason": "材料无法补齐"}],
            "POST /rectifications/<uuid:rectification_id>/contact": [{"reason": "回访"}],
        }  # fmt: skip


def digest(outer: Connection) -> dict[str, Any]:
    """Each table's content as one word. Of the audit log all but what was refused: that somebody
    reached for what is not theirs is to be kept."""
    tables = sorted(set(Base.metadata.tables) - NOT_COMPARED)
    union = " UNION ALL ".join(
        f"SELECT '{table}', count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
        f" FROM {table} t{REFUSED if table == 'audit_entry' else ''}"
        for table in tables
    )
    return {row[0]: tuple(row[1:]) for row in outer.exec_driver_sql(union)}


def send(person: Person, route: str, path: str, raw: str | bytes, **options: Any) -> TestResponse:
    options = {"content_type": "application/json"} | options
    return person.request(route.split(" ")[0], path, data=raw, **options)


def fault_of(response: TestResponse) -> str | None:
    """What is wrong with a refusal; None when it is one as it should be."""
    problem = response.json if response.mimetype == "application/problem+json" else None
    if problem is None or not 400 <= response.status_code < 500:
        return f"{response.status_code} {response.get_data(as_text=True)[:200]}"
    told = problem["status"] == response.status_code and problem["code"] and problem["title"]
    return None if told and problem["request_id"] else str(problem)
