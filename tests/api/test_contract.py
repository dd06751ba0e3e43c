"""The OpenAPI document tells the truth: every answer is one that it promises.

schemathesis makes requests from the document, good ones and bad ones, as an admin; no answer may
be a server error, or have a status, content type or shape that the document doesn't name.
"""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.core.permissions import Role
from tests.support.world import DISTRICT, Person, World, ok

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def admin(world: World) -> Person:
    return world.staff(Role.ADMIN, DISTRICT)


@pytest.fixture
def real_ids(world: World, admin: Person) -> dict[str, str]:
    """Ids of a live market, so that requests reach more than 404."""
    market = world.live_market(mode="slots")
    assert market.slot_id is not None
    booking = ok(
        admin.post(f"/offerings/{market.offering_id}/bookings", {"slot_id": market.slot_id}), 201
    )
    return {
        "activity_id": market.id,
        "stall_id": market.stall_id,
        "offering_id": market.offering_id,
        "slot_id": market.slot_id,
        "booking_id": booking["id"],
    }


FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_every_answer_is_in_the_document(
    wechat_app: Flask, admin: Person, real_ids: dict[str, str]
) -> None:
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", wechat_app)
    tried = 0
    # These two end the session that all the others need.
    kept = document.exclude(path="/api/v1/auth/logout").exclude(path="/api/v1/me", method="DELETE")
    for result in kept.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @FEW
        @given(case=operation.as_strategy())
        def answers_as_promised(case: Any) -> None:
            for name in real_ids.keys() & case.path_parameters.keys():
                case.path_parameters[name] = real_ids[name]
            headers = {"Authorization": f"Bearer {admin.token}"}
            case.call_and_validate(headers=headers, checks=CHECKS)

        answers_as_promised()
        tried += 1
    assert tried > 60
