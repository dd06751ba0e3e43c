"""The OpenAPI document tells the truth, whoever asks: every answer is one that it promises, what
it allows is taken, and what it doesn't allow is refused.

In `make test` the admin tries every operation and each of the others a share of them, with few
requests; `make fuzz` (tests/fuzz.py) has all of them try everything, with thousands.
"""

import os
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Connection

from tests.architecture.test_access import Stage
from tests.fuzz import FUZZ_EXAMPLES, FUZZ_SEED
from tests.support.contract import Caller, Tried, try_document
from tests.support.world import World

ROLES = {
    "admin": "a",
    "organiser": "c",
    "volunteer": "l",
    "partner": "p",
    "auditor": "u",
    "resident": "r",
    "subject": "s",  # the resident whose rows these are
    "visitor": "v",
    "stranger": "",  # with a token that nobody gave them
}

pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture(scope="module")
def stage(world: World) -> Stage:
    return Stage(world)


@pytest.mark.parametrize("role", ROLES)
def test_every_answer_is_in_the_document(
    role: str,
    wechat_app: Flask,
    stage: Stage,
    outer: Connection,
    record_property: Callable[[str, object], None],
) -> None:
    person = stage.people.get(ROLES[role])
    token = person.token if person else ("made-up" if role == "stranger" else None)
    caller = Caller(token, stage.ids, welcome=person is not None)
    examples = int(os.environ.get(FUZZ_EXAMPLES, "0"))
    if examples:
        seed = int(os.environ[FUZZ_SEED])
        tried = try_document(
            wechat_app, outer, caller, seed=seed, examples=examples, boundaries=True
        )
    else:
        tried = _few(role, wechat_app, outer, caller)
    record_property("cases", tried.cases)
    if tried.faults:
        pytest.fail("\n".join(tried.faults), pytrace=False)


def _labels(app: Flask) -> list[str]:
    document = app.test_client().get("/api/openapi.json").json
    assert document is not None
    return [
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    ]


def _few(role: str, app: Flask, outer: Connection, caller: Caller) -> Tried:
    """What `make test` has time for."""
    everything = sorted(_labels(app))
    others = list(ROLES).index(role) - 1
    mine = everything if role == "admin" else everything[others :: len(ROLES) - 1]
    return try_document(app, outer, caller, seed=1, examples=3, boundaries=False, operations=mine)
