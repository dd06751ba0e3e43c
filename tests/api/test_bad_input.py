"""Every field of every body tried with what it must not be: a 4xx problem with its code, and
nothing changed.

Made from one valid request for each endpoint (several where it takes several shapes), sent by an
admin of the district with ids that exist, and from the endpoint's own schema.
"""

import json
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection

from backend.core.web.api import MAX_BODY_BYTES
from tests.support.stage import Stage, digest, endpoints, fault_of, send
from tests.support.transactions import taken_back
from tests.support.world import World
from tests.support.wrong_values import wrong_bodies

pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture(scope="module")
def stage(world: World) -> Stage:
    return Stage(world)


def test_there_is_a_body_for_every_endpoint(stage: Stage, app: Flask) -> None:
    taking = {route for route, schema in endpoints(app).items() if schema is not None}
    assert set(stage.bodies()) == taking


def test_these_bodies_are_valid(stage: Stage, outer: Connection) -> None:
    """Else the wrong ones would be refused for another reason. (WeChat is away in this test.)"""
    for route, bodies in stage.bodies().items():
        for body in bodies:
            with taken_back(outer):
                response = send(stage.admin, route, stage.path(route), json.dumps(body))
            away = route == "POST /auth/wechat" and response.status_code == 503
            assert response.status_code < 300 or away, (route, response.get_data(as_text=True))


def test_no_field_takes_what_it_must_not(stage: Stage, app: Flask, outer: Connection) -> None:
    schemas, faults, tried = endpoints(app), [], 0
    for route, bodies in stage.bodies().items():
        path, schema = stage.path(route), schemas[route]
        assert schema is not None
        before = digest(outer)
        for body in bodies:
            for what, wrong in wrong_bodies(schema, body):
                fault = fault_of(send(stage.admin, route, path, json.dumps(wrong)))
                tried += 1
                if fault:
                    faults.append(f"{route} {what}: {fault}")
        changed = {table for table, now in digest(outer).items() if now != before[table]}
        if changed:
            faults.append(f"{route} changed {changed}")
    assert faults == []
    assert tried > 2000


BAD_KEYS = ["", "x" * 101, "钥匙", "a\tb"]
WHOLE_BODIES: dict[str, tuple[str | bytes, dict[str, Any], set[int]]] = {
    "a list": ("[]", {}, {422}),
    "a text": ('"x"', {}, {422}),
    "a number": ("5", {}, {422}),
    "null": ("null", {}, {422}),
    "true": ("true", {}, {422}),
    "NaN": ('{"a": NaN}', {}, {400}),
    "not JSON": ("{", {}, {400}),
    "two documents": ("{} {}", {}, {400}),
    "not UTF-8": (b'{"a": "\xff"}', {}, {400}),
    "UTF-16": ("{}".encode("utf-16"), {}, {400}),
    "a form": ("a=1", {"content_type": "application/x-www-form-urlencoded"}, {415}),
    "plain text": ("{}", {"content_type": "text/plain"}, {415}),
    "no type": ("{}", {"content_type": None}, {415}),
    "nested too deep": ("[" * 100_000 + "]" * 100_000, {}, {400}),
    "an unknown field": ('{"a_field_that_nobody_knows": 1}', {}, {422}),
    "over 1 MB": ('{"a": "' + "x" * MAX_BODY_BYTES + '"}', {}, {413}),
}


def test_no_endpoint_takes_what_is_no_object(stage: Stage, app: Flask, outer: Connection) -> None:
    """Those that take no body too."""
    before, faults = digest(outer), []
    for route, (what, (raw, options, statuses)) in product(endpoints(app), WHOLE_BODIES.items()):
        response = send(stage.admin, route, stage.path(route), raw, **options)
        fault = fault_of(response)
        if fault or response.status_code not in statuses:
            faults.append(f"{route} {what}: {fault or response.get_data(as_text=True)}")
    assert faults == []
    assert digest(outer) == before


def test_no_endpoint_takes_a_bad_idempotency_key(stage: Stage, outer: Connection) -> None:
    """Public ones have no use for it, and the desk's press is its own."""
    before, faults = digest(outer), []
    for (route, bodies), key in product(stage.bodies().items(), BAD_KEYS):
        if route in ("POST /auth/wechat", "POST /stalls/<uuid:stall_id>/call-next"):
            continue
        headers = {"Idempotency-Key": key.encode().decode("latin-1")}
        response = send(
            stage.admin, route, stage.path(route), json.dumps(bodies[0]), headers=headers
        )
        if fault := fault_of(response):
            faults.append(f"{route} {key[:9]!r}: {fault}")
    assert faults == []
    assert digest(outer) == before
