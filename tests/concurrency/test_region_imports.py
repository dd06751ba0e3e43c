"""A confirmed import that two workers have at once is done once."""

from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.permissions import Actor, Grant, Role
from backend.regions import imports
from backend.regions.models import RegionImport, RegionImportState
from backend.regions.operations import with_pinyin
from tests.concurrency.conftest import together
from tests.support.world import DISTRICT, World


def test_two_workers_import_a_file_once(
    committed_app: Flask, committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = committed_world.staff(Role.ADMIN, DISTRICT)
    actor = Actor(person.user_id, person.resident_id, None, (Grant(Role.ADMIN, DISTRICT),))
    content = "code,name\n320412100077,新城社区\n".encode()
    with committed_app.app_context(), transaction() as session:
        found = imports.look_through(session, actor, "新.csv", content)
        imports.confirm(session, actor, found)
        import_id = found.id

    # Both have found it running before either goes on.
    met = Barrier(2, timeout=30)

    def sort_together(*arguments: Any) -> Any:
        met.wait()
        return with_pinyin(*arguments)

    monkeypatch.setattr(imports, "with_pinyin", sort_together)

    def work(_: int) -> None:
        with committed_app.app_context():
            imports.run_import(str(import_id))

    assert together(2, work) == [None, None]
    with committed_app.app_context(), transaction() as session:
        done = session.get_one(RegionImport, import_id)
        assert done.state is RegionImportState.DONE
        assert done.result == {"added": 1, "changed": 0, "unchanged": 0}
        finished = select(func.count()).where(AuditEntry.action == "finish_region_import")
        assert session.execute(finished).scalar_one() == 1
