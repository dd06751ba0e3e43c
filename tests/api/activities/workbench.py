"""What the tests of the workbench's pages share: reading its forms, and what the tables hold."""

import re
from datetime import datetime
from html import unescape
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from tests.support.desk import Desk, form_time
from tests.support.world import Person, World, ok

M = "/console/markets"


def offering_of(market: dict[str, Any]) -> dict[str, Any]:
    offering: dict[str, Any] = market["stalls"][0]["offerings"][0]
    return offering


def sign_up(world: World, market: dict[str, Any], slot: int = 0) -> Person:
    person = world.person()
    body = {"slot_id": offering_of(market)["slots"][slot]["id"]}
    ok(person.post(f"/offerings/{offering_of(market)['id']}/bookings", body), 201)
    return person


def row(model: Any, key: Any) -> Any:
    with transaction() as session:
        session.expire_all()
        return session.get(model, key)


def audited(object_id: str) -> list[str]:
    with transaction() as session:
        statement = (
            select(AuditEntry.action)
            .where(AuditEntry.object_id == object_id)
            .order_by(AuditEntry.id)
        )
        return list(session.execute(statement).scalars())


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return unescape(found[1])


def marks(page: str, version: str = "seen") -> dict[str, str]:
    """What a form carries of what it showed when it was opened."""
    return {name: hidden(page, name) for name in (version, "base")}


def put_at(
    desk: Desk, activity_id: str, stall_id: str, row: str = "", column: str = ""
) -> TestResponse:
    """Put a stall on the plan as it is now; without a spot it is taken off."""
    seen = hidden(desk.read(f"{M}/{activity_id}/stalls"), "plan")
    return desk.send(f"{M}/stalls/{stall_id}/place", row=row, column=column, plan=seen)


def fields_of(page: str) -> dict[str, str]:
    """A confirmation's fields, as the page keeps them."""
    form = page[page.rindex("<form method") :]
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    own = {name: unescape(value) for name, value in found}
    return {name: value for name, value in own.items() if name not in ("csrf_token", "_key")}


def facts(market: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The facts form as it is first shown, with what was typed over it."""
    local = {
        name: form_time(datetime.fromisoformat(market[name])) for name in ("starts_at", "ends_at")
    }
    return {
        "version": market["version"],
        "title": market["title"],
        **local,
        "venue_name": "社区广场",
        "venue_address": "花园路 1 号",
        "venue_wheelchair": "true",
        "venue_latitude": "",
        "venue_longitude": "",
        "description": "",
        "organiser_name": "民政局",
        "contact_phone": "0519-1",
        "checkin_opens_minutes": "30",
        "code_rotates_seconds": "",
    } | changed


def stall_form(**more: Any) -> dict[str, Any]:
    usual = {"number": "2", "name": "理发角", "organisation_id": "", "row": "", "column": ""}
    return usual | {"note": ""} | more
