"""Commands run twice at once: real commits, real threads."""

from datetime import timedelta
from typing import Any

import time_machine
from flask import Flask
from sqlalchemy import func, select

from backend.activities.models import Activity
from backend.cli.roles import make_admin
from backend.core.audit import AuditEntry
from backend.core.db import db, transaction
from backend.demo import past
from backend.demo.load import load_demo
from backend.demo.people import REGIONS_FILE
from backend.identity.models import Resident, RoleAssignment, User
from backend.regions.csv_files import read_region_files
from backend.regions.models import Region
from backend.regions.operations import ImportCounts, import_regions, with_pinyin
from tests.support.commands import done, runner
from tests.support.demo import NOON, rows_of
from tests.support.threads import together


def counted(app: Flask, table: Any) -> int:
    """How many rows a table has."""
    with app.app_context(), transaction() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def quietly(step: str, done: int, total: int) -> None: ...


def test_two_imports_at_once_are_one_after_the_other(committed_app: Flask) -> None:
    """One adds all, the others find all there; one audit entry; nobody waits for ever."""
    regions = with_pinyin(read_region_files([REGIONS_FILE], quietly).rows.values(), quietly)

    def load() -> ImportCounts:
        with committed_app.app_context(), transaction() as session:
            return import_regions(session, None, regions, quietly)

    counts = together(load, load, load)
    assert sorted(count.added for count in counts) == [0, 0, 118]
    assert sorted(count.unchanged for count in counts) == [0, 118, 118]
    assert counted(committed_app, Region) == 118
    assert counted(committed_app, AuditEntry) == 1


def test_one_admin_made_twice_at_once_is_one(committed_app: Flask) -> None:
    run = runner(committed_app)
    done(run("regions", "import", REGIONS_FILE))

    def create() -> list[str]:
        with committed_app.app_context(), transaction() as session:
            return make_admin(session, "oDemo", "320412", "张三")

    together(create, create, create, create)
    assert counted(committed_app, User) == 1
    assert counted(committed_app, Resident) == 1
    assert counted(committed_app, RoleAssignment) == 1


def test_the_demo_loaded_twice_at_once_does_not_double(committed_app: Flask) -> None:
    """The second waits for the first, then finds everything there: in an empty database, again
    on the same day, and on the next day, which gets one new market."""

    def load() -> list[str]:
        with committed_app.app_context():
            return load_demo()

    with time_machine.travel(NOON, tick=True):
        together(load, load)
        first = rows_of(committed_app)
        together(load, load)
        assert rows_of(committed_app) == first
    with time_machine.travel(NOON + timedelta(days=1), tick=True):
        together(load, load, load)
    assert {name: first[name] for name in ("activity", "attendance", "rating", "region")} == {
        "activity": 8 + past.ACTIVITIES,
        "attendance": 1614 + 32,
        "rating": 994,
        "region": 118,
    }
    grown = {name: count for name, count in rows_of(committed_app).items() if count != first[name]}
    assert grown["activity"] == first["activity"] + 1
    assert grown["stall"] == first["stall"] + 10
    assert not grown.keys() & {"region", "organisation", "user_account", "role_assignment"}


def test_the_demo_is_loaded_while_the_worker_counts(committed_app: Flask) -> None:
    """Totals hold their activities by a foreign key, in another order than a load looks at them:
    waiting for each other would end in a deadlock."""
    with time_machine.travel(NOON + timedelta(days=2), tick=True), committed_app.app_context():
        load_demo()
        with db.engine.begin() as counting:
            counting.execute(select(Activity.id).with_for_update(read=True, key_share=True))
            load_demo()
