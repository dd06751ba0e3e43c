"""Real workers: killed in the middle of every kind of job, cut off from the database, told to stop.

What a killed worker was at must not stop anything for good: an hour of the clock later all that
runs by the clock has run, and what somebody asked for was done once.
"""

import base64
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from sqlalchemy import text

from backend.activities.models import Activity
from backend.app import create_app
from backend.core import clock, jobs
from backend.core.config import JOBS, MESSAGES
from backend.core.db import db, transaction
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.features import FEATURES
from backend.local.postgres.server import PrivatePostgres
from backend.local.waiting import wait_until
from backend.notices.models import NoticeKind
from backend.outreach.announcements import announce
from backend.outreach.models import Audience
from backend.outreach.requests import NewAnnouncement
from backend.regions import imports
from backend.regions.models import RegionImport, RegionImportState
from backend.reports.models import ReportKind
from backend.reports.operations import ReportRequest
from backend.reports.queueing import queue
from tests.conftest import TEMPLATE, settings_for
from tests.gateways.standin import StandIn
from tests.support.fair import Fair
from tests.support.messages import news, reachable, seen, told
from tests.support.queue import do_a_job
from tests.support.worker_nursery import Nursery, Worker
from tests.support.world import COMMUNITY, SUBDISTRICT, Person, World, ok

# What has nothing to do here: one tells of tomorrow's activities, by day; the other speaks to an
# office's chat, in the morning.
IDLE = ("bookings.tell_tomorrow", "digest.send")
_ALL = [job for feature in FEATURES for job in feature.jobs if jobs.name_of(job) not in IDLE]
EVERY_JOB = sorted(map(jobs.name_of, _ALL))
BY_THE_CLOCK = sorted(jobs.name_of(job) for job in _ALL if jobs.runs_by_the_clock(job))
LONG_AGO = timedelta(days=60)


@dataclass(frozen=True)
class Place:
    """A database with a worker nursery.

    Attributes:
        ids: what the tests made, by what it is.
    """

    url: str
    environment: dict[str, str]
    nursery: Nursery
    ids: dict[str, str]

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(statement.encode(), values or None).fetchall()

    def count(self, statement: str, *values: Any) -> int:
        return int(next(iter(self.rows(statement, *values)[0].values())))

    def start(self, **options: Any) -> Worker:
        return self.nursery.start(self.environment, concurrency=len(EVERY_JOB), **options)


def encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


@pytest.fixture(scope="module")
def place(
    postgres: PrivatePostgres, wechat_server: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """One job of every kind waits, or will as soon as the clock is looked at."""
    wechat_server.reset()
    url = postgres.create_database("workers", template=TEMPLATE)
    settings = settings_for(url, wechat_api_base=wechat_server.address)
    app = create_app(settings)
    environment = {
        "APP_ENV": "test",
        "DATABASE_URL": url,
        "DATABASE_POOL": str(len(EVERY_JOB)),
        "STATEMENT_TIMEOUT_MS": "60000",
        "PHONE_ENCRYPTION_KEY": settings.phone_encryption_keys[0],
        "PHONE_HASH_KEY": encoded(settings.phone_hash_key),
        "CODE_SIGNING_KEY": encoded(settings.code_signing_key),
        "WECHAT_API_BASE": wechat_server.address,
    }
    with Nursery(tmp_path_factory.mktemp("workers")) as nursery:
        yield Place(url, environment, nursery, _asked_for(app))
    with app.app_context():
        db.engine.dispose()


def _asked_for(app: Flask) -> dict[str, str]:
    """Work for one job of each kind."""
    world = World(app)
    fair = Fair.live(world)  # published: its code's image is to be fetched
    login = ok(app.test_client().post("/api/v1/auth/wechat", json={"code": "ok:wang"}))
    user = login["user"]
    writer = Person(app.test_client(), "wang", UUID(user["id"]), UUID(user["resident_id"]),
                    login["token"])  # fmt: skip
    body = {"booking_id": fair.booking(writer.resident_id), "score": 5, "comment": "很好"}
    rating = ok(writer.post("/ratings", body), 201)
    complaining, found = fair.complaint()
    ok(fair.organiser.post(f"/rectifications/{found}/reply", {"reply": "已增加一名理发师"}))
    (bad,) = ok(complaining.get("/me/ratings"))["items"]
    ok(complaining.post(f"/ratings/{bad['id']}/unsolved", {"words": "还是等了一个小时"}))
    wish = {"region_id": world.region_id(COMMUNITY), "title": "想学用手机挂号"}
    need = ok(writer.post("/needs", wish), 201)
    judged = _judged(app, writer, ok(writer.post("/needs", wish | {"title": "磨刀"}), 201)["id"])
    ticket = {"resident_id": str(world.person().resident_id)}
    ok(fair.organiser.post(f"/offerings/{fair.market.offering_id}/tickets", ticket), 201)
    over = Fair.live(world)
    over.close()
    other_image = "DELETE FROM procrastinate_jobs WHERE args->>'activity_id' = :over"
    actor = Actor(fair.organiser.user_id, fair.organiser.resident_id)
    region = world.region_id(SUBDISTRICT)
    parameters = {"region_id": region, "from": "2026-01-01", "to": "2026-01-31", "month": "2026-01"}
    with app.app_context(), transaction() as session:
        session.execute(text(other_image), {"over": over.id})
        asked = ReportRequest(ReportKind.MONTHLY, parameters, "月报", SUBDISTRICT, "测试")
        report = queue(session, actor, asked)
        new_regions = RegionImport(
            id=new_id(),
            user_id=actor.user_id,
            file_name="regions.csv",
            content=f"code,name\n{COMMUNITY},花园新社区\n".encode(),
            preview={},
            total=1,
            state=RegionImportState.RUNNING,
            started_at=clock.now(),
        )
        session.add(new_regions)
        session.flush()
        jobs.defer(session, imports.run_import, import_id=str(new_regions.id))
        rest = NewAnnouncement(text="3 号摊位休息到 10:30", audience=Audience.SIGNED_UP)
        announcement = announce(session, actor, session.get_one(Activity, UUID(fair.id)), rest)
        ids = {
            "fair": fair.id,
            "over": over.id,
            "rating": str(rating["id"]),
            "rectification": found,
            "need": str(need["id"]),
            "judged": judged,
            "announcement": str(announcement.id),
            "report": str(report.id),
            "import": str(new_regions.id),
        }
    with app.app_context(), db.engine.begin() as connection:
        _make_old(connection.connection.driver_connection, ids)
    return ids


def _judged(app: Flask, writer: Person, need_id: str) -> str:
    """A need that was served, and whose words were checked, long ago, and is judged now."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            text("DELETE FROM procrastinate_jobs WHERE args->>'need_id' = :need"), {"need": need_id}
        )
        connection.execute(
            text("UPDATE need SET state = 'served', served_at = :ago WHERE id = :need"),
            {"ago": clock.now() - LONG_AGO, "need": need_id},
        )
    ok(writer.post(f"/needs/{need_id}/verdict", {"verdict": "not", "reason": "没有轮到"}))
    return need_id


def _make_old(connection: Any, ids: dict[str, str]) -> None:
    """What the jobs that run by the clock look for."""
    ago = clock.now() - LONG_AGO
    connection.execute(
        "UPDATE activity SET starts_at = %s, ends_at = %s, closed_at = %s WHERE id = %s",
        (ago, ago + timedelta(hours=3), ago + timedelta(hours=3), ids["over"]),
    )
    connection.execute(
        "UPDATE activity SET starts_at = starts_at - interval '1 day' WHERE id = %s", (ids["fair"],)
    )
    connection.execute("UPDATE booking SET service_on = service_on - 1 WHERE state = 'arrived'")
    connection.execute(
        "INSERT INTO region_import"
        " (id, user_id, file_name, preview, total, done, state, created_at)"
        " SELECT gen_random_uuid(), user_id, 'old.csv', '{}', 1, 0, 'previewed', %s"
        " FROM region_import",
        (ago,),
    )
    connection.execute(
        "INSERT INTO notice (id, user_id, kind, title, text, page, resident_ids, created_at)"
        " SELECT v.id, user_id, 'called', title, '', '', '{}', at FROM region_import,"
        # Its id says when a notice was made.
        " (VALUES (uuid '00000000-0000-7000-8000-000000000000', 'old', now() - interval '1 year'),"
        " (gen_random_uuid(), 'over', now())) v(id, title, at) WHERE state = 'running'"
    )
    connection.execute(
        "INSERT INTO message (id, user_id, template, facts, urgent, state, due_at, until, tries)"
        " SELECT id, user_id, 'called', '{}', true, 'owed', %(ago)s, %(ago)s, 0"
        " FROM notice WHERE title = 'over'",
        {"ago": ago},
    )
    old_job = connection.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
        " VALUES ('default', 'of.old', 'succeeded') RETURNING id"
    ).fetchone()[0]
    connection.execute(
        "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, 'succeeded', %s)",
        (old_job, ago),
    )
    connection.execute(
        "INSERT INTO report_run (id, kind, parameters, content_hash, title, region_code,"
        " requested_by, requested_at, reason, state, attempt, done, made_at, expires_at)"
        " SELECT gen_random_uuid(), kind, parameters, 'old', title, region_code, requested_by,"
        " %(ago)s, reason, 'done', 1, 0, %(ago)s, %(ago)s FROM report_run",
        {"ago": ago},
    )


# What each job is about to write when its worker is killed: a table, or a row of it where others
# write to the table as well.
WORST_MOMENT = {
    "activities.fetch_code_image": "LOCK TABLE code_image IN EXCLUSIVE MODE",
    "activities.fetch_missing_code_images": "LOCK TABLE code_image IN EXCLUSIVE MODE",
    "activities.purge_imports": "LOCK TABLE schedule_import IN EXCLUSIVE MODE",
    "bookings.end_days": "SELECT FROM booking WHERE state = 'arrived' FOR UPDATE",
    "feedback.check_comment": "LOCK TABLE rating IN EXCLUSIVE MODE",
    "feedback.check_words": "LOCK TABLE rectification_round IN EXCLUSIVE MODE",
    "feedback.freeze_evaluations": "LOCK TABLE evaluation_checklist IN EXCLUSIVE MODE",
    "identity.erase_guests": "LOCK TABLE audit_note IN EXCLUSIVE MODE",
    "identity.purge": "LOCK TABLE console_login IN EXCLUSIVE MODE",
    "jobs.forget": "SELECT FROM procrastinate_jobs WHERE task_name = 'of.old' FOR UPDATE",
    "needs.ask_whether_solved": "SELECT FROM need WHERE state = 'served' FOR UPDATE",
    "needs.check_text": "LOCK TABLE need IN EXCLUSIVE MODE",
    "needs.check_verdict": "LOCK TABLE need_verdict IN EXCLUSIVE MODE",
    "needs.cut_links": "LOCK TABLE need_voice IN EXCLUSIVE MODE",
    "notices.purge": "SELECT FROM notice WHERE title = 'old' FOR UPDATE",
    "notices.send": "LOCK TABLE message IN EXCLUSIVE MODE",
    "outreach.check_announcement": "LOCK TABLE announcement IN EXCLUSIVE MODE",
    "regions.forget_imports": "SELECT FROM region_import WHERE file_name = 'old.csv' FOR UPDATE",
    "regions.import": "LOCK TABLE region IN EXCLUSIVE MODE",
    "reports.make": "LOCK TABLE report_file IN EXCLUSIVE MODE",
    "reports.refresh_totals": "LOCK TABLE rollup_run IN EXCLUSIVE MODE",
    "reports.tend": "LOCK TABLE report_file IN EXCLUSIVE MODE",
    "resources.tell_expiring": "LOCK TABLE credential IN EXCLUSIVE MODE",
}


@dataclass(frozen=True)
class Killed:
    """What the first worker was at when it was killed, and the worker after it, whose clock is
    an hour ahead.

    Attributes:
        jobs: the id of the job of each name.
    """

    jobs: dict[str, int]
    worker: Worker


def _in_the_middle(place: Place) -> bool:
    """Whether every job waits for what the test holds. On a busy machine WeChat's answer may come
    too late for one: then once more."""
    place.rows(
        "UPDATE procrastinate_jobs j SET status = 'todo', scheduled_at = NULL"
        " WHERE status = 'todo' AND scheduled_at IS NOT NULL"
        " OR status = 'failed' AND NOT EXISTS (SELECT FROM procrastinate_jobs n WHERE"
        " n.queueing_lock = j.queueing_lock AND n.status = 'todo') RETURNING id"
    )
    waiting = place.count(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return waiting == len(EVERY_JOB)


@pytest.fixture(scope="module")
def killed(place: Place) -> Killed:
    """Every kind of job at its worst moment, and the worker killed with -9."""
    assert set(WORST_MOMENT) == set(EVERY_JOB), "a new job needs its moment"
    with psycopg.connect(place.url) as holder:
        for statement in WORST_MOMENT.values():
            holder.execute(statement.encode())
        worker = place.start()
        wait_until(lambda: _in_the_middle(place), timeout_s=60, what="every job's middle")
        assert worker.end(signal.SIGKILL) == -signal.SIGKILL
    doing = place.rows("SELECT id, task_name FROM procrastinate_jobs WHERE status = 'doing'")
    # As if it had been dead for a while.
    place.rows(
        "UPDATE procrastinate_workers"
        " SET last_heartbeat = last_heartbeat - make_interval(secs => %s) RETURNING id",
        JOBS.silent_seconds + 1,
    )
    second = place.start(ahead=timedelta(hours=1))
    wait_until(
        lambda: (
            place.count(
                "SELECT count(DISTINCT task_name) FROM procrastinate_jobs"
                f" WHERE status = 'succeeded' AND task_name NOT IN {('of.old', *IDLE)}"
            )
            == len(EVERY_JOB)
        ),
        timeout_s=60,
        what="everything that was cut off",
    )
    return Killed({row["task_name"]: row["id"] for row in doing}, second)


def _image(place: Place) -> int:
    return place.count(
        "SELECT count(*) FROM code_image JOIN market_code ON market_code.id = market_code_id"
        " WHERE activity_id = %s",
        place.ids["fair"],
    )


def _comment(place: Place) -> int:
    return place.count(
        "SELECT count(*) FROM rating WHERE id = %s AND comment_state = 'passed'",
        place.ids["rating"],
    )


def _words(place: Place) -> int:
    """WeChat does not know who wrote them: a person looks."""
    return place.count(
        "SELECT count(*) FROM rectification_round"
        " WHERE rectification_id = %s AND words_state = 'review'",
        place.ids["rectification"],
    )


def _need(place: Place) -> int:
    return place.count(
        "SELECT count(*) FROM need WHERE id = %s AND text_state = 'passed'", place.ids["need"]
    )


def _verdict(place: Place) -> int:
    return place.count(
        "SELECT count(*) FROM need_verdict v JOIN need_voice o ON o.id = v.voice_id"
        " WHERE o.need_id = %s AND v.reason_state = 'passed'",
        place.ids["judged"],
    )


def _announcement(place: Place) -> int:
    return _audited(place, "announcement_held", place.ids["announcement"])


def _import(place: Place) -> int:
    assert place.count("SELECT count(*) FROM region WHERE name = '花园新社区'") == 1
    return _audited(place, "finish_region_import", place.ids["import"])


def _report(place: Place) -> int:
    (run,) = place.rows("SELECT * FROM report_run WHERE id = %s", place.ids["report"])
    assert (run["state"], run["attempt"]) == ("done", 2)
    return _audited(place, "finish_report", place.ids["report"])


def _audited(place: Place, action: str, object_id: str) -> int:
    return place.count(
        "SELECT count(*) FROM audit_entry WHERE action = %s AND object_id = %s", action, object_id
    )


# How often the work of each job that somebody's deed asked for was done, in effect.
DONE: dict[str, Callable[[Place], int]] = {
    "activities.fetch_code_image": _image,
    "feedback.check_comment": _comment,
    "feedback.check_words": _words,
    "needs.check_text": _need,
    "needs.check_verdict": _verdict,
    "outreach.check_announcement": _announcement,
    "regions.import": _import,
    "reports.make": _report,
}


@pytest.mark.parametrize("name", EVERY_JOB)
def test_a_job_whose_worker_was_killed_stops_nothing(
    place: Place, killed: Killed, name: str
) -> None:
    (job,) = place.rows("SELECT * FROM procrastinate_jobs WHERE id = %s", killed.jobs[name])
    if name in BY_THE_CLOCK:
        assert job["status"] == "failed"
        assert place.count(
            "SELECT count(*) FROM procrastinate_jobs"
            " WHERE task_name = %s AND status = 'succeeded' AND id > %s",
            name, job["id"],
        ), "an hour later it has run"  # fmt: skip
    else:
        assert job["status"] == "succeeded"
        assert job["attempts"] > 1
        assert DONE[name](place) == 1


def test_the_log_names_what_was_cut_off(killed: Killed) -> None:
    told = {(line["task"], line["job_id"]): line["level"] for line in killed.worker.lines()
            if "worker died" in line["message"]}  # fmt: skip
    assert told == {
        (name, job_id): "ERROR" if name in BY_THE_CLOCK else "WARNING"
        for name, job_id in killed.jobs.items()
    }


# ---------------------------------------------------------------------------- the database


WAITS = "the worker waits for its database"


def said(worker: Worker, message: str) -> int:
    return sum(line["message"] == message for line in worker.lines())


CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def test_a_worker_that_only_listens_no_more_goes_on(place: Place, killed: Killed) -> None:
    assert len(place.rows(CUT + " AND query LIKE 'LISTEN%'")) == 1
    do_a_job(place.url)


def test_a_worker_whose_connections_are_cut_goes_on(place: Place, killed: Killed) -> None:
    assert len(place.rows(CUT)) > 1
    do_a_job(place.url)


def test_sigterm_ends_a_worker_that_works(place: Place, killed: Killed) -> None:
    assert killed.worker.end(signal.SIGTERM) == 0
    assert place.count("SELECT count(*) FROM procrastinate_workers") == 0


def test_without_a_database_a_worker_waits_says_so_once_and_ends_when_told(
    place: Place, tmp_path: Path
) -> None:
    nowhere = {"DATABASE_URL": f"postgresql:///wushe?host={tmp_path}"}
    worker = place.nursery.start(place.environment | nowhere, concurrency=1)
    wait_until(lambda: said(worker, WAITS), timeout_s=30, what="its word")
    assert worker.end(signal.SIGTERM) == 0
    assert said(worker, WAITS) == len(worker.lines()) == 1


# ---------------------------------------------------------------------------- messages

# As many as show the rule; `make kills` has a hundred.
KILLS = int(os.environ.get("MESSAGE_KILLS", "3"))
# More than one job sends at once.
TOLD_EACH_TIME = MESSAGES.at_once + 2
_HOLD = 4711
# The commit of a message's end waits for whoever has the lock.
_HOLD_ENDS = f"""
    CREATE FUNCTION hold_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.state = 'sent' THEN PERFORM pg_advisory_xact_lock_shared({_HOLD}); END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER hold_end BEFORE UPDATE ON message FOR EACH ROW EXECUTE FUNCTION hold_end()
"""
_HELD = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event = 'advisory'"
)
_OPEN = "SELECT count(*) FROM message WHERE state IN ('owed', 'sending')"
# Of one template are a call, which may be sent once more, and what may not.
_KINDS = (
    NoticeKind.MARKET_TOMORROW, NoticeKind.NUMBER_NEAR, NoticeKind.PASSED_OVER, NoticeKind.CALLED,
)  # fmt: skip
_OF_KIND = """
    SELECT m.state, m.tries, u.openid FROM message m
      JOIN notice n ON n.id = m.id JOIN user_account u ON u.id = m.user_id
"""


def test_whoever_is_killed_between_wechats_answer_and_the_commit_tells_nobody_twice(
    place: Place, postgres: PrivatePostgres, wechat_server: StandIn
) -> None:
    """But by a call, which is sent once more. And two workers at once send what was left, each
    message once."""
    url = postgres.create_database("message_kills", template=TEMPLATE)
    own = replace(place, url=url, environment=place.environment | {"DATABASE_URL": url})
    app = create_app(settings_for(url, wechat_api_base=wechat_server.address))
    wechat_server.reset()
    world = World(app)
    with psycopg.connect(url, autocommit=True) as holder:
        holder.execute(_HOLD_ENDS.encode())
        for _ in range(KILLS):
            tell_people(world, wechat_server)
            holder.execute(f"SELECT pg_advisory_lock({_HOLD})".encode())
            worker = own.start()
            wait_until(lambda: own.count(_HELD) >= MESSAGES.at_once, timeout_s=60, what="answers")
            assert worker.end(signal.SIGKILL) == -signal.SIGKILL
            holder.execute(f"SELECT pg_advisory_unlock({_HOLD})".encode())
    own.rows("UPDATE message SET sending_at = now() - interval '1 hour' RETURNING id")
    tell_people(world, wechat_server)
    workers = [own.start(), own.start()]
    wait_until(lambda: own.count(_OPEN) == 0, timeout_s=60, what="every message's end")
    for worker in workers:
        worker.end(signal.SIGKILL)
    calls = own.rows(f"{_OF_KIND} WHERE n.kind = 'called'")
    others = own.rows(f"{_OF_KIND} WHERE n.kind <> 'called'")
    assert len(calls) + len(others) == (KILLS + 1) * TOLD_EACH_TIME
    ended = Counter(row["state"] for row in others)
    assert set(ended) == {"unknown", "sent"}
    assert ended["unknown"] >= KILLS * MESSAGES.at_once // 2
    reached = Counter(json.loads(body)["touser"] for body in seen(wechat_server))
    # Nobody twice; one that was killed while it sent has told nobody.
    assert {reached[row["openid"]] for row in others} <= {0, 1}
    assert all(reached[row["openid"]] for row in others if row["state"] == "sent")
    # WeChat knows of no second credit for a call that it has sent.
    assert {row["state"] for row in calls if row["tries"] < 2} == {"sent"}
    assert {row["tries"] for row in calls} == {1, 2}
    assert {reached[row["openid"]] for row in calls} <= {1, 2}
    with app.app_context():
        db.engine.dispose()


def tell_people(world: World, wechat: StandIn) -> None:
    """A few more, each of whom may be sent one message, of all kinds."""
    people = [
        reachable(world, wechat, market_tomorrow=1, called=1)[0] for _ in range(TOLD_EACH_TIME)
    ]
    with world.app.app_context():
        told(*(news(*whom) for whom in zip(people, cycle(_KINDS), strict=False)))
