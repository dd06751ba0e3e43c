"""Ids of another region, of nobody, and of others in a body: 403 or 404, and nothing changed."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection

from backend.core.ids import new_id
from backend.core.permissions import Role
from tests.support.market_day import MarketDay
from tests.support.stage import Stage, digest, fault_of, send
from tests.support.world import (
    COMMUNITY,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)

# Open to everybody once the activity has been announced.
PUBLIC = {
    "GET /activities/<uuid:activity_id>",
    "GET /activities/<uuid:activity_id>/evaluation",
    "GET /offerings/<uuid:offering_id>",
    "GET /offerings/<uuid:offering_id>/queue",
}

# What has to be said to read something.
QUERIES = {"GET /needs/<uuid:need_id>/voices": "?why=about+them"}


def _routes_with_ids(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1") and "<uuid:" in rule.rule:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield f"{method} {rule.rule.removeprefix('/api/v1')}"


@pytest.fixture
def stage(world: World) -> Stage:
    return Stage(world)


@pytest.fixture
def strangers(world: World) -> dict[str, Person]:
    """Everybody who is somebody, but elsewhere; and a resident."""
    return {
        "resident": world.person(),
        "volunteer": world.volunteer(OTHER_SUBDISTRICT),
        "organiser": world.organiser(OTHER_SUBDISTRICT),
        "auditor": world.staff(Role.AUDITOR, OTHER_SUBDISTRICT),
        "partner": world.staff(Role.PARTNER, organisation_id=world.organisation()),
    }


def _requests(stage: Stage, app: Flask) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """(route, path, bodies) of every route with an id; of bodies those about somebody else, for
    anybody may sign up and check in themselves."""
    bodies = stage.bodies()
    for route in _routes_with_ids(app):
        mine = {"POST /activities/<uuid:activity_id>/scans": 1}.get(route, 0)
        yield route, stage.path(route) + QUERIES.get(route, ""), bodies.get(route, [{}])[mine:]


def test_strangers_reach_nothing_by_its_id(
    stage: Stage, app: Flask, outer: Connection, strangers: dict[str, Person]
) -> None:
    before, faults = digest(outer), []
    for route, path, bodies in _requests(stage, app):
        if route in PUBLIC:
            continue
        for who, person in strangers.items():
            for body in bodies:
                raw = "" if route.startswith("GET") else json.dumps(body)
                response = send(person, route, path, raw)
                if fault_of(response) or response.status_code not in (403, 404):
                    faults.append(f"{who} {route}: {response.get_data(as_text=True)[:200]}")
    assert faults == []
    assert digest(outer) == before


def test_what_is_not_announced_is_not_even_there(
    world: World, app: Flask, strangers: dict[str, Person]
) -> None:
    """404, not 403: whether that draft exists is not their business. No route knows better."""
    organiser = world.organiser()
    draft = world.draft(organiser)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    slot = world.slot(organiser, offering["id"], draft["starts_at"])
    ids = {"activity_id": draft["id"], "stall_id": stall["id"], "offering_id": offering["id"],
           "slot_id": slot["id"]}  # fmt: skip
    told = []
    for route in _routes_with_ids(app):
        path = route.split(" ")[1]
        for name, value in ids.items():
            path = path.replace(f"<uuid:{name}>", value)
        if "<" in path:
            continue
        body = {"press_id": str(uuid4())} if "call-next" in path else {}
        for who, person in strangers.items():
            raw = "" if route.startswith("GET") else json.dumps(body)
            response = send(person, route, path, raw)
            # Who may do a thing nowhere is told so before anything is looked up; an organiser
            # may do all of these things at home.
            allowed = (404, 422) if who == "organiser" else (403, 404, 422)
            if response.status_code not in allowed:
                told.append(f"{who} {route}: {response.get_data(as_text=True)[:200]}")
    assert told == []


def test_an_id_of_nothing_is_not_found(stage: Stage, app: Flask, outer: Connection) -> None:
    """For an admin, who may do everything; and a word that is no id at all, too."""
    before, faults = digest(outer), []
    for unknown in (str(new_id()), "not-an-id", "00000000-0000-0000-0000-000000000000"):
        stage.ids = dict.fromkeys(stage.ids, unknown)
        stage.special = {}
        for route, path, bodies in _requests(stage, app):
            raw = "" if route.startswith("GET") else json.dumps(bodies[0])
            response = send(stage.admin, route, path, raw)
            if fault_of(response) or response.status_code != 404:
                faults.append(f"{route} {unknown}: {response.get_data(as_text=True)[:200]}")
    assert faults == []
    assert digest(outer) == before


def test_ids_of_others_in_a_body(world: World, outer: Connection) -> None:
    """What an id in the path is guarded from, one in a body is too."""
    here, there = MarketDay.begin(world, mode="slots"), _elsewhere(world)
    organiser, person = there.organiser, world.person()
    member = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    waiting = here.number()
    stranger = world.person()
    region = {"region_id": world.region_id(COMMUNITY)}
    own = f"/activities/{there.id}"
    draft = ok(organiser.get(own)) | region
    new = {key: draft[key] for key in ("programme", "title", "region_id", "starts_at", "ends_at")}
    offering = {"title": "义诊", "service_kind": "clinic", "mode": "queue"}
    before = digest(outer)
    refused(organiser.post("/activities", new | {"venue": {"name": "广场"}}), 403, "forbidden")
    refused(organiser.put(own, region), 403, "forbidden")
    copy = {"starts_at": "2026-12-01T09:00:00+08:00"}
    refused(organiser.post(f"{own}/copy", copy | region), 403, "forbidden")
    refused(organiser.post(f"/activities/{here.id}/copy", copy), 403, "forbidden")
    unprocessable = "validation_failed"
    shared = offering | {"also_at_stall_ids": [here.market.stall_id]}
    stall = there.market.stall_id
    refused(organiser.post(f"/stalls/{stall}/offerings", shared), 422, unprocessable)
    refused(there.press(by=organiser, booking_id=waiting["id"], reason="急用"), 404, "not_found")
    refused(there.sign_up(stranger, slot_id=here.slot_id), 422, unprocessable)
    for body in ({"booking_id": waiting["id"]}, {"activity_id": here.id, "resident_id": member}):
        refused(stranger.post("/ratings", body | {"score": 5}), 404, "not_found")
    for what in ("bookings", "tickets"):
        asking = stranger.post(f"/offerings/{there.offering_id}/{what}", {"resident_id": member})
        refused(asking, 404, "not_found")
    refused(stranger.get("/me/code", resident_id=member), 404, "not_found")
    refused(there.self_scan(stranger, resident_id=member), 404, "not_found")
    assert digest(outer) == before


def _elsewhere(world: World) -> MarketDay:
    """A market of another subdistrict, with its own staff."""
    organiser = world.organiser(OTHER_SUBDISTRICT)
    market = world.live_market(organiser, activity={"region": OTHER_COMMUNITY})
    return MarketDay(world, market, world.volunteer(OTHER_SUBDISTRICT))
