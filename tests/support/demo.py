"""The demo's people and markets, as tests look at them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from backend.core.context import composed
from backend.core.db import Base, transaction
from backend.gateways.fake_wechat.world import PushSettings
from backend.gateways.fake_wechat.world import World as StandIn
from backend.identity import operations as identity
from backend.identity.login import sessions
from backend.settings import Settings
from tests.support.world import Person, ok

# Of a Friday in Shanghai.
NOON = datetime(2026, 5, 8, 4, 0, tzinfo=UTC)
LogIn = Callable[[str], Person]


def log_in_to(app: Flask, name: str) -> Person:
    """The demo user `ok:<name>`, by the openid that the stand-in gives that name."""
    with app.app_context(), transaction() as session:
        settings = composed(Settings)
        stand_in = StandIn(settings.wechat_appid, settings.wechat_secret, PushSettings())
        login = identity.log_in(session, stand_in.openid(name), None)
        actor = sessions.authenticate(session, login.token)
    assert actor is not None
    return Person(app.test_client(), name, actor.user_id, actor.resident_id, login.token)


def rows_of(app: Flask) -> dict[str, int]:
    """How many rows each table has."""
    with app.app_context(), transaction() as session:
        return {
            name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in Base.metadata.tables.items()
        }


def live_markets(person: Person) -> list[dict[str, Any]]:
    """The live markets, whole."""
    page = ok(person.get("/activities", state="live", programme="market"))
    return [ok(person.get(f"/activities/{item['id']}")) for item in page["items"]]


def offerings(activity: dict[str, Any]) -> list[dict[str, Any]]:
    """The offerings of all its stalls."""
    return [offering for stall in activity["stalls"] for offering in stall["offerings"]]
