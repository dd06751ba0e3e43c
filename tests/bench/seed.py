"""What the bench plays on: people, markets, stalls, lines; and years of history.

Markets are made through the API, as an organiser makes them; what is needed by the thousand
(residents with sessions, desks, lines, history) is written by SQL.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import psycopg
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from psycopg import sql

from backend.app import create_app
from backend.core import clock
from backend.core.db import db, transaction
from backend.core.permissions import Role
from backend.core.web.ways import TOKEN
from backend.dashboard.tasks import refresh
from backend.identity.login import console
from tests.conftest import settings_for
from tests.support.world import DISTRICT, Person, World, ok

RESIDENTS = 24_000
ADMITTED = 2_000
LINES = 46
DESKS_PER_LINE = 60
# Nobody is called twice in a measurement: sixty wait at first, and some forty when it ends.
LINE_LENGTH = 60
SIGN_UP_OFFERINGS = 10
SLOT_CAPACITY = 5_000

HISTORY_RESIDENTS = 100_000
HISTORY_ACTIVITIES = 800
VISITS_PER_ACTIVITY = 2_000
# With those that were: 2,000 activities in the schedule.
HISTORY_UPCOMING = 1_200


@dataclass(frozen=True)
class Market:
    """A live market and the code that admits to it."""

    id: str
    code: str


@dataclass(frozen=True)
class Cancelled:
    """A market that is signed up for, and then cancelled by its organiser (a token)."""

    id: str
    offering_id: str
    slot_ids: list[str]
    organiser: str


@dataclass
class Ground:
    """One database, ready to be played on.

    Attributes:
        markets: live ones, each for one measurement of the check-in.
        duplicates: one at which the first ADMITTED residents have checked in already.
        services: ten that are signed up for: the offering's id, and its slots'.
        sign_ups: counts the sign-ups made.
        cancelled: one that is cancelled.
        desks: stalls; the lines' desks take turns.
        caller: the token of a volunteer who may call.
        cookie: of the browser of the district's admin, as its header carries it.
    """

    url: str
    markets: list[Market]
    duplicates: Market
    services: list[tuple[str, list[str]]]
    cancelled: Cancelled
    desks: list[str]
    caller: str
    cookie: str
    sign_ups: Iterator[int]

    def copied(self, url: str) -> "Ground":
        """The same ground in a copy of its database, where nothing has been played yet."""
        return replace(self, url=url, markets=list(self.markets), sign_ups=count())


def token_of(number: int) -> str:
    """The bearer token of a resident; guards nothing outside the bench's own database."""
    return f"bench-{number:08d}-{'x' * 26}"


def seed(url: str, markets: int, signing_key: bytes) -> Ground:
    """Fill an empty, migrated database.

    Args:
        url: of the database.
        markets: how many markets the measurements will use up.
        signing_key: the servers' CODE_SIGNING_KEY; the console's cookie follows from it.
    """
    app = create_app(settings_for(url, code_signing_key=signing_key, limits_times=100_000))
    world = World(app)
    organiser = world.organiser()
    with psycopg.connect(url) as connection:
        _add_residents(connection, 0, RESIDENTS)
        live = [_live_market(world, organiser) for _ in range(markets + 1)]
        _admit(connection, live[-1].id)
        _, services = _sign_up_market(world, organiser, SIGN_UP_OFFERINGS)
        cancelled_id, [cancelled] = _sign_up_market(world, organiser, 1)
        desks = _calling_market(world, organiser, connection)
        _upcoming(connection, live[-1].id, 40)
        caller = world.volunteer().token
    cookie = _cookie(app, world.staff(Role.ADMIN, DISTRICT))
    _count_totals(app)
    with app.app_context():
        db.engine.dispose()
    ground = Ground(url, live[:-1], live[-1], services,
                    Cancelled(cancelled_id, *cancelled, organiser.token), desks, caller, cookie,
                    count())  # fmt: skip
    refill_lines(ground)
    _settle(url)
    return ground


def _cookie(app: Flask, person: Person) -> str:
    """A browser's cookie with a console session of somebody's."""
    with app.app_context(), transaction() as session:
        token = console.start(session, person.user_id, "bench")
    interface = SecureCookieSessionInterface()
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps({TOKEN: token})}"


def _count_totals(app: Flask) -> None:
    """As the worker does each minute; the bench has none."""
    with app.app_context():
        refresh()


def _live_market(world: World, organiser: Person) -> Market:
    activity = world.ready(organiser)
    for act in ("publish", "open"):
        ok(organiser.post(f"/activities/{activity['id']}/{act}"))
    code = ok(organiser.get(f"/activities/{activity['id']}/code"))["code"]
    return Market(activity["id"], code)


def _sign_up_market(
    world: World, organiser: Person, offerings: int
) -> tuple[str, list[tuple[str, list[str]]]]:
    """A published market, by its id, with services by theirs and their slots'."""
    starts_at = clock.now() + timedelta(minutes=30)
    activity = world.draft(organiser, starts_at=starts_at)
    stall = world.stall(organiser, activity["id"])
    services = []
    for number in range(offerings):
        made = world.offering(organiser, stall["id"], mode="slots", title=f"义诊{number}")
        pattern = {"from": activity["starts_at"], "to": activity["ends_at"], "minutes": 15,
                   "capacity": SLOT_CAPACITY}  # fmt: skip
        offering = ok(organiser.post(f"/offerings/{made['id']}/slots", pattern), 201)
        services.append((made["id"], [slot["id"] for slot in offering["slots"]]))
    ok(organiser.post(f"/activities/{activity['id']}/publish"))
    return activity["id"], services


def _calling_market(
    world: World, organiser: Person, connection: psycopg.Connection[Any]
) -> list[str]:
    """Lines with many desks each, so that a press never finds its desk busy in one round."""
    activity = world.draft(organiser, hours=12)
    for _ in range(LINES):
        stall = world.stall(organiser, activity["id"])
        world.offering(organiser, stall["id"])
    for act in ("publish", "open"):
        ok(organiser.post(f"/activities/{activity['id']}/{act}"))
    connection.execute(
        """
        WITH made AS (
            INSERT INTO stall (id, activity_id, number, name)
            SELECT uuidv7(), activity_id, 'D' || letter || n, '便民服务'
              FROM offering, generate_series(2, %(desks)s::int) n WHERE activity_id = %(activity)s
            RETURNING id, number
        )
        INSERT INTO desk (offering_id, stall_id)
        SELECT o.id, m.id FROM made m
          JOIN offering o ON o.activity_id = %(activity)s
                         AND m.number ~ ('^D' || o.letter || '[0-9]+$')
        """,
        {"desks": DESKS_PER_LINE, "activity": activity["id"]},
    )
    rows = connection.execute(
        """
        SELECT d.stall_id FROM desk d JOIN offering o ON o.id = d.offering_id
         WHERE o.activity_id = %s
         ORDER BY row_number() OVER (PARTITION BY d.offering_id ORDER BY d.stall_id), o.letter
        """,
        (activity["id"],),
    ).fetchall()
    assert len(rows) == LINES * DESKS_PER_LINE
    return [str(stall_id) for (stall_id,) in rows]


# What is called has been served, so that every desk is free; and each line is full again.
_SERVE = """
    UPDATE booking SET state = 'served', started_at = called_at, finished_at = now()
     WHERE state = 'called'
"""
_QUEUE_UP = """
    WITH line AS (
        SELECT o.id AS offering_id, o.activity_id, o.letter,
               row_number() OVER (ORDER BY o.letter) AS place,
               (a.starts_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
               (SELECT count(*) FROM booking b
                 WHERE b.offering_id = o.id AND b.state = 'arrived') AS waiting,
               (SELECT coalesce(max(number), 0) FROM booking b WHERE b.offering_id = o.id) AS last
          FROM offering o JOIN activity a ON a.id = o.activity_id WHERE o.mode = 'queue'
    )
    INSERT INTO booking (id, activity_id, offering_id, resident_id, booked_by, origin, service_on,
                         number, ticket, state, urgent, queued_at, created_at, arrived_at, calls,
                         rejoined)
    SELECT uuidv7(), activity_id, offering_id, r.id, r.user_id, 'walk_in', day, last + n,
           letter || (last + n), 'arrived', false, now(), now(), now(), 0, false
      FROM line, generate_series(1, %(length)s::int - waiting) n,
           LATERAL (SELECT id, user_id FROM resident
                     WHERE name = '居民' || (place * 500 + (last + n) %% 500)) r
"""


def refill_lines(ground: Ground) -> None:
    """Free every desk and fill every line again; between two measurements, never within."""
    with psycopg.connect(ground.url) as connection:
        connection.execute(_SERVE)
        connection.execute(_QUEUE_UP, {"length": LINE_LENGTH})


# ------------------------------------------------------------------ by the thousand


def _add_residents(connection: psycopg.Connection[Any], first: int, count: int) -> None:
    """Accounts with a resident and a session each, numbered from `first`."""
    connection.execute(
        """
        CREATE TEMP TABLE person ON COMMIT DROP AS
        SELECT n, uuidv7() AS user_id, uuidv7() AS id FROM generate_series(%s::int, %s::int) n
        """,
        (first, first + count - 1),
    )
    connection.execute(
        """
        INSERT INTO user_account (id, openid, state, elder_mode, created_at)
        SELECT user_id, 'bench-' || n, 'active', false, now() FROM person;
        INSERT INTO resident (id, user_id, name, phone_state, code_handle, created_at)
        SELECT id, user_id, '居民' || n, 'none', gen_random_uuid(), now() FROM person;
        """
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE token (n int, hash bytea) ON COMMIT DROP")
        with cursor.copy("COPY token FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "bytea"])
            for number in range(first, first + count):
                copy.write_row((number, hashlib.sha256(token_of(number).encode()).digest()))
        cursor.execute(
            """
            INSERT INTO login_session (id, user_id, token_hash, created_at, last_used_at)
            SELECT uuidv7(), user_id, hash, now(), now() FROM person JOIN token USING (n);
            DROP TABLE person, token;
            """
        )


def _admit(connection: psycopg.Connection[Any], activity_id: str) -> None:
    connection.execute(
        """
        INSERT INTO attendance (id, activity_id, resident_id, on_day, attended_at)
        SELECT uuidv7(), %s, id, (now() AT TIME ZONE 'Asia/Shanghai')::date, now()
          FROM resident WHERE name IN (SELECT '居民' || n FROM generate_series(0, %s::int) n)
        """,
        (activity_id, ADMITTED - 1),
    )


_COPY_ACTIVITY = sql.SQL(
    """
    INSERT INTO activity (id, programme, title, region_id, venue_id, starts_at, ends_at,
                          checkin_opens_minutes, state, version, created_at)
    SELECT uuidv7({age}), programme, title, region_id, venue_id, starts_at + {age},
           ends_at + {age}, checkin_opens_minutes, {state}, 1, created_at
      FROM activity, generate_series(1, {count}::int) n WHERE id = {source}
    """
)


def _upcoming(connection: psycopg.Connection[Any], source: str, count: int) -> None:
    """Published markets of the days to come, for the list."""
    connection.execute(
        _COPY_ACTIVITY.format(
            age=sql.SQL("n * interval '1 day'"), state="published", count=count, source=source
        )
    )


# One visit, and the scan that made it. The scans come in the order of their random ids, and all
# other indexes are made afterwards: filling them in any other order takes minutes.
_VISITS = """
    WITH market AS (
        SELECT id, starts_at, row_number() OVER (ORDER BY starts_at) AS place
          FROM activity WHERE state = 'closed'
    ), person AS (
        SELECT id, substr(name, 3)::int AS number FROM resident WHERE name LIKE '居民%%'
    ), visit AS (
        INSERT INTO attendance (id, activity_id, resident_id, on_day, attended_at)
        SELECT (lpad(to_hex(1000 * extract(epoch FROM m.starts_at)::bigint + n), 12, '0') || '7'
                || substr(md5(m.place || '-' || n), 14))::uuid, m.id, p.id,
               (m.starts_at AT TIME ZONE 'Asia/Shanghai')::date, m.starts_at
          FROM market m CROSS JOIN generate_series(0, %(visits)s::int - 1) n
          JOIN person p ON p.number = (m.place * %(visits)s + n) %% %(residents)s
        RETURNING id, activity_id, resident_id, attended_at
    )
    INSERT INTO scan (id, activity_id, resident_id, operator_user_id, direction, source,
                      scanned_at, received_at, derived_verdict, attendance_id, request_hash)
    SELECT md5(id::text)::uuid AS scan_id, activity_id, resident_id, resident_id, 'entry', 'paper',
           attended_at, attended_at, 'admitted', id, decode(repeat('00', 32), 'hex')
      FROM visit ORDER BY scan_id
"""


def _drop_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop the indexes of visits and scans, except those that are keys; answers how to make
    them again."""
    found = connection.execute(
        """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
          FROM pg_index i
         WHERE i.indrelid IN ('attendance'::regclass, 'scan'::regclass)
           AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """
    ).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [definition for _, definition in found]


def load_history(ground: Ground) -> tuple[int, int]:
    """Years of markets behind the one of today; answers how many visits and residents are there.

    Foreign keys are not checked meanwhile: every row is made from the rows it refers to.
    """
    with psycopg.connect(ground.url) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        _add_residents(connection, RESIDENTS, HISTORY_RESIDENTS - RESIDENTS)
        connection.execute(
            _COPY_ACTIVITY.format(
                age=sql.SQL("-n * interval '1 day'"),
                state="closed",
                count=HISTORY_ACTIVITIES,
                source=ground.duplicates.id,
            )
        )
        _upcoming(connection, ground.duplicates.id, HISTORY_UPCOMING)
        indexes = _drop_indexes(connection)
        connection.execute(_VISITS, {"visits": VISITS_PER_ACTIVITY, "residents": HISTORY_RESIDENTS})
        for index in indexes:
            connection.execute(index)
    app = create_app(settings_for(ground.url))
    _count_totals(app)
    with app.app_context():
        db.engine.dispose()
    _settle(ground.url)
    with psycopg.connect(ground.url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM attendance), (SELECT count(*) FROM resident)"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def _settle(url: str) -> None:
    """Leave nothing for autovacuum and the checkpointer to do during the first measurement.

    Tables without a row are left alone, as autovacuum does: told that a table is empty, PostgreSQL
    plans to read it whole, and keeps to that while it fills.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        filled = connection.execute(
            """
            SELECT relname FROM pg_class
             WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
               AND pg_relation_size(oid) > 0
            """
        ).fetchall()
        for (table,) in filled:
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))
        connection.execute("CHECKPOINT")
