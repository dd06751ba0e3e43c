"""The dashboard's figures counted from the rows themselves, in SQL of the tests' own."""

from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import text

from backend.core.db import transaction

# The activities of a region and period that have begun, and what stands of what happened there.
_HELD = """
    WITH held AS (
        SELECT a.*, r.level AS region_level
          FROM activity a JOIN region r ON r.id = a.region_id
         WHERE r.code LIKE :region || '%'
           AND (a.state IN ('live', 'closed') OR a.state = 'published' AND (
                EXISTS (SELECT FROM attendance v
                         WHERE v.activity_id = a.id AND v.reverted_at IS NULL)
                OR EXISTS (SELECT FROM booking b
                            WHERE b.activity_id = a.id AND b.state = 'served')))
           AND (CAST(:since AS timestamptz) IS NULL
                OR a.ends_at > :since AND a.starts_at < :until)
    ), visit AS (
        SELECT * FROM attendance
         WHERE reverted_at IS NULL AND activity_id IN (SELECT id FROM held)
    ), standing AS (
        SELECT * FROM rating t
         WHERE activity_id IN (SELECT id FROM held)
           AND (booking_id IS NOT NULL OR EXISTS (
                SELECT FROM attendance bound JOIN visit v
                    ON v.activity_id = bound.activity_id AND v.on_day = bound.on_day
                 WHERE bound.id = t.attendance_id AND v.resident_id = t.resident_id))
    )
"""
_FIGURES = (
    _HELD
    + """
    SELECT (SELECT count(*) FROM held) AS activities,
           (SELECT count(*) FROM visit) AS visits,
           (SELECT count(DISTINCT resident_id) FROM visit) AS people,
           (SELECT count(*) FROM standing) AS rated,
           (SELECT count(*) FROM standing WHERE score >= 3) AS satisfied,
           (SELECT count(DISTINCT region_id) FROM held WHERE region_level = 'community')
               AS communities_reached,
           (SELECT coalesce(sum(volunteer_minutes), 0) FROM activity_record
             WHERE activity_id IN (SELECT id FROM held)) AS volunteer_minutes
"""
)
_KINDS = (
    _HELD
    + """
    SELECT o.service_kind,
           (SELECT count(*) FROM booking b JOIN offering s ON s.id = b.offering_id
             WHERE b.activity_id IN (SELECT id FROM held)
               AND b.state = 'served' AND s.service_kind = o.service_kind) AS served,
           (SELECT count(*) FROM standing t JOIN offering s ON s.id = t.offering_id
             WHERE s.service_kind = o.service_kind) AS rated
      FROM offering o WHERE o.activity_id IN (SELECT id FROM held)
     GROUP BY o.service_kind
"""
)


def figures(
    app: Flask, region: str, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Any]:
    """A region's figures in a period; of everything without one."""
    (row,) = _rows(app, _FIGURES, region, since, until)
    return dict(row)


def kinds(
    app: Flask, region: str, since: datetime | None = None, until: datetime | None = None
) -> dict[str, tuple[int, int]]:
    """How many were served, and rated it, by service kind; of those that are not both 0."""
    rows = _rows(app, _KINDS, region, since, until)
    counted = {row["service_kind"]: (row["served"], row["rated"]) for row in rows}
    return {kind: n for kind, n in counted.items() if any(n)}


def _rows(
    app: Flask, statement: str, region: str, since: datetime | None, until: datetime | None
) -> list[Any]:
    values = {"region": region, "since": since, "until": until}
    with app.app_context(), transaction() as session:
        return list(session.execute(text(statement), values).mappings())
