"""`flask demo load` on other days, at other hours, and where it must not be."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from backend.app import create_app
from backend.core import clock
from backend.core.db import transaction
from backend.demo import markets
from backend.regions.models import Region
from backend.settings import Settings
from tests.conftest import settings_for
from tests.support.commands import Run, done, failed, runner
from tests.support.demo import NOON, LogIn, live_markets, offerings, rows_of
from tests.support.world import ok


def test_the_next_day_has_its_own_market_and_the_old_one_stays(
    app: Flask, run: Run, log_in: LogIn
) -> None:
    with time_machine.travel(NOON, tick=True):
        done(run("demo", "load"))
        before = rows_of(app)
    with time_machine.travel(NOON + timedelta(days=1), tick=True):
        done(run("demo", "load"))
        markets_now = live_markets(log_in("resident"))
    days = [clock.local_day(datetime.fromisoformat(item["starts_at"])) for item in markets_now]
    assert days == [date(2026, 5, 8), date(2026, 5, 9)]
    assert rows_of(app)["activity"] == before["activity"] + 1
    assert rows_of(app)["rating"] == before["rating"]


def test_weeks_later_there_are_coming_markets_again(run: Run, log_in: LogIn) -> None:
    """Those announced before are over; nothing that is still to come doubles."""
    with time_machine.travel(NOON, tick=True):
        done(run("demo", "load"))
    later = NOON + timedelta(days=7)
    with time_machine.travel(later, tick=True):
        done(run("demo", "load"))
        page = ok(
            log_in("resident").get(
                "/activities", state="published", **{"from": later.isoformat()}, limit=100
            )
        )
    assert Counter(item["title"] for item in page["items"]) == {
        demo.title: 1 for demo in markets.COMING if demo.state == "published"
    }


def test_a_market_loaded_again_in_the_evening_is_drawn_out(run: Run, log_in: LogIn) -> None:
    """So that appointments can be made whenever somebody looks; the market stays the same."""
    with time_machine.travel(NOON, tick=True):
        done(run("demo", "load"))
        (before,) = live_markets(log_in("resident"))
    with time_machine.travel(NOON + timedelta(hours=6), tick=True):
        done(run("demo", "load"))
        resident = log_in("resident")
        (market,) = live_markets(resident)
        clinic = offerings(market)[0]
        body = {"slot_id": clinic["slots"][-1]["id"]}
        ok(resident.post(f"/offerings/{clinic['id']}/bookings", body), 201)
    assert market["id"] == before["id"]
    assert market["ends_at"] > before["ends_at"]
    starts = [slot["starts_at"] for slot in clinic["slots"]]
    assert len(starts) == len(set(starts))
    assert clinic["slots"][-1]["ends_at"] == market["ends_at"]


# ---------------------------------------------------------------------------- where, when


def test_production_is_refused(committed_app: Flask) -> None:
    """Nobody's district gets a market that does not exist, nor an admin that anybody can be."""
    production = create_app(
        settings_for(
            committed_app.extensions["composed"][Settings].database_url,
            app_env="production",
            wechat_appid="wx0123456789abcdef",
            wechat_secret="a secret",
            wechat_api_base="https://api.weixin.qq.com",
        )
    )
    assert "演示数据只能载入开发或测试环境" in failed(runner(production)("demo", "load"))
    with committed_app.app_context(), transaction() as session:
        assert session.execute(select(func.count()).select_from(Region)).scalar_one() == 0


@pytest.mark.parametrize("minutes", range(0, 24 * 60, 30))
def test_the_live_market_is_on_at_any_hour(minutes: int) -> None:
    """It has begun, lasts four hours more less half an hour, and has begun on this day of
    Shanghai's, midnight included."""
    for second in (0, 29 * 60 + 59):
        now = clock.day_start(date(2026, 5, 8)) + timedelta(minutes=minutes, seconds=second)
        starts_at, ends_at = markets.live_hours(now)
        assert starts_at <= now
        assert ends_at - now > timedelta(hours=3, minutes=30)
        assert clock.local_day(starts_at) == date(2026, 5, 8)
        assert (ends_at - starts_at) % timedelta(minutes=30) == timedelta(0)


def test_usual_hours_are_half_past_eight_to_half_past_four() -> None:
    starts_at, ends_at = markets.live_hours(NOON)
    assert [time.astimezone(clock.SHANGHAI).strftime("%H:%M") for time in (starts_at, ends_at)] == [
        "08:30",
        "16:30",
    ]
