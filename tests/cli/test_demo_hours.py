"""When the demo's live market is held, whatever the hour, and where the demo must not be."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from backend.app import create_app
from backend.core import clock
from backend.core.db import transaction
from backend.demo import markets
from backend.demo.joining import init_demo
from backend.regions.models import Region
from backend.settings import Settings
from tests.conftest import settings_for
from tests.support.commands import failed, runner
from tests.support.demo import NOON


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
    init_demo(production)
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
