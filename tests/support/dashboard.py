"""The dashboard as its API tells it, and what lets its figures change."""

from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update

from backend.activities.models import Activity
from backend.core.db import transaction
from backend.dashboard import tasks as rollup_tasks
from tests.support.world import Person, ok


def refresh(app: Flask) -> None:
    with app.app_context():
        rollup_tasks.refresh(timedelta(0))


def move_to(app: Flask, activity_id: str, start: datetime, hours: float = 3) -> None:
    """Let an activity have been at another time."""
    times = {"starts_at": start, "ends_at": start + timedelta(hours=hours)}
    with app.app_context(), transaction() as session:
        session.execute(update(Activity).where(Activity.id == activity_id).values(times))


def dashboard(person: Person, **query: Any) -> dict[str, Any]:
    return dict(ok(person.get("/dashboard", **query)))
