"""The inbox: what an account was told, the newest first, until it is read, no longer than it may
be kept."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from backend.core import clock
from backend.core.config import RETENTION
from backend.core.db import transaction
from backend.core.db.statement import Statement
from backend.core.ids import first_id_of
from backend.identity.models import LoginSession
from backend.notices import tasks
from backend.notices.models import Notice, NoticeKind
from backend.notices.news import News
from backend.notices.operations import tell
from tests.support.transactions import joins_of
from tests.support.world import Person, World, ok, refused


def news(person: Person, title: str = "轮到您了", **more: Any) -> News:
    known: dict[str, Any] = {
        "user_id": person.user_id,
        "kind": NoticeKind.CALLED,
        "title": title,
        "text": "请到 3 号摊位",
        "page": "/pages/number/number",
    }
    return News(**known | more)


def told(*several: News) -> None:
    with transaction() as session:
        tell(session, several)


def titles(person: Person, **query: Any) -> list[str]:
    return [one["title"] for one in ok(person.get("/me/notices", **query))["items"]]


def unread(person: Person) -> int:
    found: int = ok(person.get("/me/notices/count"))["unread"]
    return found


def test_the_newest_come_first_and_are_unread_until_they_are_read(world: World) -> None:
    person = world.person()
    told(news(person, "一"), news(person, "二"), news(world.person(), "别人的"))
    told(news(person, "三"))
    assert titles(person) == ["三", "二", "一"]
    assert unread(person) == 3
    last = ok(person.get("/me/notices", limit=1))["items"][0]
    assert last | {"id": "", "created_at": ""} == {
        "id": "", "created_at": "", "kind": "called", "title": "三", "text": "请到 3 号摊位",
        "page": "/pages/number/number", "read_at": None,
    }  # fmt: skip
    assert person.post("/me/notices/read", {"ids": [last["id"]]}).status_code == 204
    assert titles(person, unread="true") == ["二", "一"]
    assert person.post("/me/notices/read", {"all": True}).status_code == 204
    assert (unread(person), len(titles(person))) == (0, 3)


def test_nobody_reads_for_another(world: World) -> None:
    person = world.person()
    told(news(person))
    notice_id = ok(person.get("/me/notices"))["items"][0]["id"]
    assert world.person().post("/me/notices/read", {"ids": [notice_id]}).status_code == 204
    assert unread(person) == 1


@pytest.mark.parametrize(
    "body", [{}, {"ids": []}, {"all": False}, {"ids": [str(uuid4())], "all": True}, {"ids": ["x"]}]
)
def test_what_was_read_is_named(world: World, body: dict[str, Any]) -> None:
    assert world.person().post("/me/notices/read", body).status_code == 422


def test_what_is_told_once_is_told_once(world: World) -> None:
    person, other = world.person(), world.person()
    told(news(person, once="tomorrow:1"), news(other, once="tomorrow:1"))
    told(news(person, "再说", once="tomorrow:1"), news(person, once="tomorrow:2"))
    assert len(titles(person)) == 2
    assert len(titles(other)) == 1


def test_a_poll_is_one_statement_and_gets_no_body_where_nothing_is_new(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world.person()
    path = "/me/notices/count"
    seen = {"headers": {"If-None-Match": person.get(path).headers["ETag"]}}
    run: list[Statement] = []
    rows = Statement.rows

    def noted(statement: Statement, *args: Any, **values: Any) -> list[Any]:
        run.append(statement)
        return rows(statement, *args, **values)

    with monkeypatch.context() as watched:
        watched.setattr(Statement, "rows", noted)
        joined = joins_of(watched)
        assert person.request("GET", path, **seen).status_code == 304
    assert (len(run), joined) == (1, [])
    told(news(person))
    assert person.request("GET", path, **seen).json == {"unread": 1}


def test_a_poll_keeps_no_session_alive_and_ends_with_it(world: World) -> None:
    person = world.person()
    used = select(LoginSession.last_used_at).where(LoginSession.user_id == person.user_id)
    idle = update(LoginSession).where(LoginSession.user_id == person.user_id)
    for days, status in ((29, 200), (31, 401)):
        long_ago = clock.now() - timedelta(days=days)
        with transaction() as session:
            session.execute(idle.values(last_used_at=long_ago))
        assert person.get("/me/notices/count").status_code == status
        with transaction() as session:
            assert session.execute(used).scalar_one() == long_ago
    refused(world.http.get("/api/v1/me/notices/count"), 401, "not_logged_in")


def test_an_export_has_what_one_was_told(world: World) -> None:
    person = world.person()
    told(news(person, "轮到您了"))
    (kept,) = ok(person.get("/me/export"))["notices"]
    assert kept["title"] == "轮到您了"


def test_with_a_family_member_goes_what_was_said_of_them(world: World) -> None:
    person = world.person()
    member = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    told(news(person, "王奶奶的号到了", resident_ids=(UUID(member),)), news(person, "您的号到了"))
    assert person.delete(f"/me/family/{member}").status_code == 204
    assert titles(person) == ["您的号到了"]


def test_with_an_account_goes_its_inbox(world: World) -> None:
    person = world.person()
    told(news(person))
    ok(person.delete("/me"), 204)
    assert kept_of(person) == 0


def kept_of(person: Person) -> int:
    with transaction() as session:
        count = select(func.count()).where(Notice.user_id == person.user_id)
        return session.execute(count).scalar_one()


def test_what_is_old_is_deleted(world: World) -> None:
    person = world.person()
    told(news(person, "旧"), news(person, "新"))
    with transaction() as session:
        old = session.execute(select(Notice).where(Notice.title == "旧")).scalar_one()
        old.id = first_id_of(clock.now() - timedelta(days=RETENTION.notice_days, minutes=1))
    tasks.purge()
    assert titles(person) == ["新"]
