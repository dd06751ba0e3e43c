"""The floor: what a bare Flask and psycopg need for the least possible transaction.

The same tables, the same PostgreSQL, the same gunicorn with the same settings as the product,
and nothing else: no validation, no permission, no audit, no verdict. Whatever the product costs
beyond this, it must be worth.

    gunicorn -c config/gunicorn.conf.py tests.bench.floor:app
"""

import hashlib
import os
import uuid
from datetime import UTC, date, datetime
from typing import Any

import orjson
from flask import Flask, Response, request
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from backend.core.ids import new_id

_SESSION = """
    SELECT s.user_id, r.id
      FROM login_session s JOIN resident r ON r.user_id = s.user_id
     WHERE s.token_hash = %s AND s.revoked_at IS NULL
"""
_SCAN = """
    INSERT INTO scan (id, activity_id, resident_id, operator_user_id, direction, source,
                      scanned_at, received_at, derived_verdict, request_hash)
    VALUES (%s, %s, %s, %s, 'entry', 'self', %s, %s, 'admitted', '')
    ON CONFLICT DO NOTHING
"""
_ATTENDANCE = """
    INSERT INTO attendance (id, activity_id, resident_id, on_day, attended_at)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
"""
_LIST = """
    SELECT a.id, a.programme, a.title, a.state, a.region_id, g.name AS region_name,
           a.starts_at, a.ends_at, a.organiser_name, a.field, a.kind,
           v.name AS venue_name, v.address, v.latitude, v.longitude, v.wheelchair
      FROM activity a
      JOIN region g ON g.id = a.region_id
      JOIN venue v ON v.id = a.venue_id
     WHERE a.state IN ('published', 'live', 'closed') AND a.ends_at > %s
     ORDER BY a.starts_at, a.id
     LIMIT 20
"""

_UNREAD = """
    SELECT (SELECT count(*) FROM notice n WHERE n.user_id = s.user_id AND n.read_at IS NULL)
      FROM login_session s WHERE s.token_hash = %s AND s.revoked_at IS NULL
"""

_connections = int(os.environ.get("DATABASE_POOL") or 4)
pool = ConnectionPool(
    os.environ["DATABASE_URL"],
    min_size=_connections,
    max_size=_connections,
    kwargs={"options": "-c timezone=UTC"},
    open=False,
)
# gunicorn loads this once and then forks: each of its processes opens a pool of its own.
os.register_at_fork(after_in_child=pool.open)
app = Flask(__name__, static_folder=None)


def _answer(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, content_type="application/json")


@app.get("/readyz")
def readyz() -> Response:
    pool.wait()
    return _answer({"status": "ready"})


@app.post("/api/v1/activities/<uuid:activity_id>/scans")
def check_in(activity_id: uuid.UUID) -> Response:
    body = orjson.loads(request.get_data())
    token = request.headers["Authorization"].removeprefix("Bearer ")
    now = datetime.now(UTC)
    attendance_id = new_id()
    with pool.connection() as connection:
        session = connection.execute(_SESSION, (hashlib.sha256(token.encode()).digest(),))
        user_id, resident_id = session.fetchone()  # type: ignore[misc]
        connection.execute(_SCAN, (body["id"], activity_id, resident_id, user_id, now, now))
        connection.execute(
            _ATTENDANCE,
            (attendance_id, activity_id, resident_id, date.today(), now),  # noqa: DTZ011
        )
    return _answer({"id": body["id"], "verdict": "admitted", "attendance": attendance_id}, 201)


@app.get("/api/v1/activities")
def list_activities() -> Response:
    since = datetime.fromisoformat(request.args["from"].replace(" ", "+"))
    with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_LIST, (since,)).fetchall()
    return _answer({"items": rows, "next_cursor": None})


@app.get("/api/v1/me/notices/count")
def count_notices() -> Response:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    with pool.connection() as connection:
        row = connection.execute(_UNREAD, (hashlib.sha256(token.encode()).digest(),)).fetchone()
    return _answer({"unread": row[0]})  # type: ignore[index]
