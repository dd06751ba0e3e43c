"""`flask demo load`: what the demo holds, and what is left as it is when it is loaded again.

In a database where it was loaded once, on one day; at the end also on others.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, select, text

from backend.activities.models import Activity
from backend.app import create_app
from backend.bookings.models import Booking
from backend.core import clock
from backend.core.config import load as load_config
from backend.core.db import db, transaction
from backend.demo import markets, past, people
from backend.demo.joining import init_demo
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.support.commands import Run, done, runner
from tests.support.demo import NOON, LogIn, live_markets, offerings, rows_of
from tests.support.inbox import inbox
from tests.support.world import API, ok, refused

# The demo's own activities; the year behind them ended before.
DAYS_AROUND = {"from": (NOON - timedelta(days=7)).isoformat()}


@pytest.fixture(scope="module")
def app(postgres: PrivatePostgres) -> Iterator[Flask]:
    """The app in the place of tests/conftest.py's, with the demo in its database."""
    postgres.create_database("cli_demo", template=TEMPLATE)
    app = create_app(settings_for(postgres.url("cli_demo")))
    init_demo(app)
    with time_machine.travel(NOON, tick=True):
        done(runner(app)("demo", "load"))
    yield app
    with app.app_context():
        db.engine.dispose()
    postgres.drop_database("cli_demo")


@pytest.fixture(autouse=True)
def _the_day_of_the_load() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


# ---------------------------------------------------------------------------- what there is


def test_everybody_has_the_role_that_the_documents_promise(log_in: LogIn) -> None:
    """The organiser's scope is the live market's subdistrict, and every other name is a plain
    resident (README.md, Two commands)."""
    held = {
        name: [
            (role["role"], role["scope"]["code"] or role["scope"]["name"])
            for role in ok(log_in(name).get("/me"))["roles"]
        ]
        for name in ("admin", "auditor", "organiser", "volunteer", "partner", "resident", "else")
    }
    assert held == {
        "admin": [("admin", "320412")],
        "auditor": [("auditor", "320412")],
        "organiser": [("organiser", "320412100")],
        "volunteer": [("volunteer", "320412100")],
        "partner": [("partner", "武进区仁和社区卫生服务中心")],
        "resident": [],
        "else": [],
    }


def test_the_live_market_offers_what_the_article_does(log_in: LogIn) -> None:
    """Ten stalls, the article's services and four more, in the three modes, with slots."""
    (market,) = live_markets(log_in("resident"))
    assert market["starts_at"] <= clock.now().isoformat() < market["ends_at"]
    assert len(market["stalls"]) == 10
    assert [offering["title"] for offering in offerings(market)] == [
        "义诊",
        "量血压、测血糖",
        "义剪",
        "法规解读",
        "家电维修",
        "手机课堂",
        "反诈宣传",
        "文明劝导",
        "成果展示",
        "互动游戏",
    ]
    assert {offering["mode"] for offering in offerings(market)} == {"open", "queue", "slots"}
    for offering in offerings(market):
        assert bool(offering["slots"]) == (offering["mode"] == "slots")
    assert all(stall["organisation_name"] for stall in market["stalls"])


def test_every_demo_user_can_do_their_part_at_the_live_market(log_in: LogIn) -> None:
    """The resident checks in and takes a number, the volunteer sees the code, the partner calls
    at their own stall and nowhere else, the organiser closes."""
    resident, partner, organiser = log_in("resident"), log_in("partner"), log_in("organiser")
    (market,) = live_markets(resident)
    code = ok(log_in("volunteer").get(f"/activities/{market['id']}/code"))["code"]
    scan = {"id": "01890000-0000-7000-8000-000000000001", "source": "self", "code": code}
    assert ok(resident.post(f"/activities/{market['id']}/scans", scan), 201)["verdict"] == (
        "admitted"
    )
    health, haircut = market["stalls"][1], market["stalls"][2]
    ticket = ok(resident.post(f"/offerings/{health['offerings'][0]['id']}/tickets"), 201)
    press = {"press_id": "01890000-0000-7000-8000-000000000002"}
    called = ok(partner.post(f"/stalls/{health['id']}/call-next", press))
    assert called["id"] == ticket["id"]
    elsewhere = {"press_id": "01890000-0000-7000-8000-000000000003"}
    refused(partner.post(f"/stalls/{haircut['id']}/call-next", elsewhere), 403, "forbidden")
    ok(organiser.post(f"/activities/{market['id']}/close"))


def test_no_page_is_empty(log_in: LogIn) -> None:
    """Coming markets in other communities, an action, an exchange, a draft and a closed one."""
    organiser, resident = log_in("organiser"), log_in("resident")
    seen = ok(resident.get("/activities", limit=100, **DAYS_AROUND))["items"]
    assert Counter((item["programme"], item["state"]) for item in seen) == {
        ("market", "live"): 1,
        ("market", "published"): 3,
        ("market", "closed"): 1,
        ("action", "published"): 1,
        ("exchange", "published"): 1,
    }
    assert len({item["region_id"] for item in seen}) == len(seen)
    drafts = ok(organiser.get("/activities", state="draft"))["items"]
    assert len(drafts) == 1
    assert ok(organiser.get("/organisations", limit=100))["items"]


def test_the_past_market_has_visits_numbers_and_ratings(log_in: LogIn) -> None:
    """Enough of them to be published; one bad one opened a rectification; and ok:resident was
    served there and can rate it still."""
    resident = log_in("resident")
    (closed,) = ok(resident.get("/activities", state="closed", **DAYS_AROUND))["items"]
    evaluation = ok(resident.get(f"/activities/{closed['id']}/evaluation"))
    assert not evaluation["hidden"]
    assert evaluation["served"] == 33
    assert evaluation["visits"]["attended"] == 33
    assert evaluation["rated"] == 26
    assert evaluation["bad_ratings"] == evaluation["rectifications"]["total"] >= 1
    (booking,) = ok(resident.get("/me/bookings"))["items"]
    told = [
        (one["kind"], one["read_at"] is not None)
        for one in inbox(resident)
        if not one["kind"].startswith("need_")
    ]
    assert told == [("number_taken", True), ("called", True), ("rating_asked", False)]
    assert booking["state"] == "served"
    ok(resident.post("/ratings", {"booking_id": booking["id"], "score": 5}), 201)


def test_the_past_market_happened_on_its_day(app: Flask, outer: Connection) -> None:
    """Its numbers were called and served within its hours, one after the other."""
    statement = (
        select(Booking, Activity)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Activity.title == markets.PAST.title)
        .order_by(Booking.arrived_at)
    )
    with app.app_context(), transaction() as session:
        found = session.execute(statement).all()
    assert len(found) == 33
    for booking, activity in found:
        times = [
            activity.starts_at,
            booking.arrived_at,
            booking.called_at,
            booking.started_at,
            booking.finished_at,
            activity.ends_at,
        ]
        assert times == sorted(filter(None, times))
        assert booking.service_on == clock.local_day(activity.starts_at)
        assert (activity.opened_at, activity.closed_at) == (activity.starts_at, activity.ends_at)


def test_the_year_behind_is_whole(app: Flask, outer: Connection) -> None:
    """As the operations would have left it: who was served had come, within the hours; each bad
    rating was answered; and nobody who logs in has been there."""
    wrong = """
        SELECT 'served without having come' FROM booking b
         WHERE b.state = 'served' AND NOT EXISTS (
               SELECT FROM attendance v WHERE v.activity_id = b.activity_id
                  AND v.resident_id = b.resident_id AND v.on_day = b.service_on)
        UNION ALL
        SELECT 'a visit without its scan' FROM attendance v
         WHERE NOT EXISTS (SELECT FROM scan s WHERE s.attendance_id = v.id)
        UNION ALL
        SELECT 'outside the hours' FROM booking b JOIN activity a ON a.id = b.activity_id
         WHERE b.state = 'served' AND a.state = 'closed'
           AND NOT (a.starts_at <= b.arrived_at AND b.arrived_at <= b.called_at
                    AND b.called_at <= b.started_at AND b.started_at <= b.finished_at
                    AND b.finished_at <= a.ends_at)
        UNION ALL
        SELECT 'bad and never answered' FROM rating t
         WHERE t.score <= 2
           AND NOT EXISTS (SELECT FROM rectification c WHERE c.rating_id = t.id)
        UNION ALL
        SELECT 'somebody''s past' FROM attendance v
          JOIN activity a ON a.id = v.activity_id JOIN resident r ON r.id = v.resident_id
         WHERE r.user_id IS NOT NULL AND a.state = 'closed' AND a.title <> :known
    """
    faults = outer.execute(text(wrong), {"known": markets.PAST.title}).scalars().all()
    assert faults == []
    held = outer.execute(
        text(
            "SELECT programme, count(*), count(DISTINCT region_id) FROM activity a"
            " WHERE EXISTS (SELECT FROM activity_record r WHERE r.activity_id = a.id)"
            " GROUP BY programme"
        )
    ).all()
    assert {row[0] for row in held} == {"market", "action", "exchange"}
    # The market of some days ago has its record too.
    assert sum(row[1] for row in held) == sum(row[2] for row in held) == past.ACTIVITIES + 1


def test_the_dashboard_has_its_figures_at_once(log_in: LogIn) -> None:
    """Nobody waits for the job's first minute."""
    totals = ok(log_in("admin").get("/dashboard", period="all"))["totals"]
    # Those who came in the year behind, some days ago (33), and today (32 of them again).
    assert totals["visits"] == 1646
    assert totals["people"] == past.GUESTS + 33
    assert totals["communities"] == 99


def test_the_demo_s_content_is_of_configured_kinds() -> None:
    """What the API would refuse must not come in by the back door."""
    demos = (markets.LIVE, markets.PAST, *markets.COMING)
    kinds = {offering.kind for demo in demos for offering in demo.offerings}
    assert kinds <= set(load_config("service_kinds"))
    fields = {dict(demo.more)["field"] for demo in demos if "field" in dict(demo.more)}
    assert fields <= set(load_config("fields"))
    assert {kind for kind, _, _ in past.SERVICES} <= set(load_config("service_kinds"))
    assert all(offering.organisation < len(people.ORGANISATIONS) for demo in demos
               for offering in demo.offerings)  # fmt: skip
    assert len({demo.key for demo in demos}) == len(demos)


def test_visitors_see_the_demo_without_logging_in(app: Flask, outer: Connection) -> None:
    top = ok(app.test_client().get(f"{API}/regions"))["items"]
    assert [item["name"] for item in top] == ["武进区"]


# ---------------------------------------------------------------------------- again


def test_a_second_load_changes_nothing(app: Flask, run: Run) -> None:
    """In any table: not even an audit entry."""
    before = rows_of(app)
    output = done(run("demo", "load"))
    assert rows_of(app) == before
    assert "新建" not in output


def test_a_market_that_was_closed_is_followed_by_another(run: Run, log_in: LogIn) -> None:
    """There is always one that is live, and one only."""
    organiser = log_in("organiser")
    (market,) = live_markets(organiser)
    ok(organiser.post(f"/activities/{market['id']}/close"))
    done(run("demo", "load"))
    (another,) = live_markets(organiser)
    assert another["id"] != market["id"]


def test_what_somebody_has_changed_is_left(app: Flask, run: Run, log_in: LogIn) -> None:
    """A renamed market is the same market, a changed profile stays."""
    organiser, resident = log_in("organiser"), log_in("resident")
    (market,) = live_markets(organiser)
    ok(organiser.put(f"/activities/{market['id']}", {"title": "改了名的集市"}))
    ok(resident.put("/me", {"name": "李阿姨"}))
    before = rows_of(app)
    done(run("demo", "load"))
    assert rows_of(app) == before
    assert ok(resident.get("/me"))["name"] == "李阿姨"


def test_a_role_that_was_taken_back_is_given_again(run: Run, log_in: LogIn) -> None:
    """The demo's roles are what the documents say."""
    volunteer = log_in("volunteer")
    done(run("roles", "revoke", volunteer.user_id, "volunteer", "--region", "320412100"))
    assert ok(volunteer.get("/me"))["roles"] == []
    done(run("demo", "load"))
    assert len(ok(volunteer.get("/me"))["roles"]) == 1


# ---------------------------------------------------------------------------- on other days


def test_the_next_day_has_its_own_market_and_the_old_one_stays(
    app: Flask, run: Run, log_in: LogIn
) -> None:
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
