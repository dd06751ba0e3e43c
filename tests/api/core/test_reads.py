"""Reads: an ETag for phones that poll, no parameter that is not known, nothing written."""

from typing import Any

import pytest
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from tests.support.world import API, World, ok, refused


def get(world: World, path: str, method: str = "GET", **headers: str) -> TestResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.http.open(API + path, method=method, headers=names)


def test_an_unchanged_read_is_304_and_empty(world: World) -> None:
    first = get(world, "/catalogue")
    assert first.status_code == 200
    again = get(world, "/catalogue", If_None_Match=first.headers["ETag"])
    assert again.status_code == 304
    assert again.get_data() == b""
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_changed_read_is_whole_again(world: World) -> None:
    person = world.person()
    before = person.get("/me")
    ok(person.put("/me", {"name": "新名字"}))
    after = person.request("GET", "/me", headers={"If-None-Match": before.headers["ETag"]})
    assert ok(after)["name"] == "新名字"
    assert after.headers["ETag"] != before.headers["ETag"]


def test_answers_are_checked_again_and_private_to_their_caller(world: World) -> None:
    """A proxy must neither keep a person's answer nor hand it to somebody else."""
    public, own = get(world, "/activities"), world.person().get("/me")
    assert public.headers["Cache-Control"] == "no-cache"
    assert own.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in public.headers["Vary"]
    assert "Authorization" in own.headers["Vary"]
    assert "private" in world.person().get("/activities").headers["Cache-Control"]


def test_a_problem_has_no_etag(world: World) -> None:
    assert "ETag" not in get(world, "/me").headers
    assert "ETag" not in get(world, "/activities?limit=0").headers


def test_only_a_200_has_an_etag(scratch: World) -> None:
    response = get(scratch, "/scratch/other-status")
    assert response.status_code == 202
    assert "ETag" not in response.headers


def test_writes_have_no_etag(world: World) -> None:
    assert "ETag" not in world.person().put("/me", {}).headers


@pytest.mark.parametrize(
    ("path", "errors"),
    [
        ("/activities?programm=market", {"programm": ["没有这个字段"]}),
        ("/activities?limit=0", {"limit": ["应在 1 到 100 之间"]}),
        ("/activities?limit=101", {"limit": ["应在 1 到 100 之间"]}),
        ("/activities?limit=ten", {"limit": ["应为整数"]}),
        ("/activities?limit=1.0", {"limit": ["应为整数"]}),
        ("/activities?limit=", {"limit": ["应为整数"]}),
        ("/activities?cursor=", {"cursor": ["不能为空"]}),
        ("/activities?q=%00", {"q": ["不能为空"]}),
        ("/activities?state=open&x=1&y=", {"x": ["没有这个字段"], "y": ["没有这个字段"]}),
    ],
)
def test_parameters_that_are_not_known_or_wrong_are_named(
    world: World, path: str, errors: dict[str, Any]
) -> None:
    found = refused(get(world, path), 422, "validation_failed")["errors"]
    assert {name: found[name] for name in errors} == errors


def test_bytes_that_are_no_utf8_are_no_fault_of_ours(world: World) -> None:
    assert ok(get(world, "/activities?q=%ff%fe"))["items"] == []


@pytest.mark.parametrize("path", ["/scratch/query?colour=red", "/scratch/colour?colour=red"])
def test_head_is_a_read_like_get(scratch: World, path: str) -> None:
    """Flask answers HEAD with the view of GET; it must read the same parameters."""
    get_it, head = get(scratch, path), get(scratch, path, "HEAD")
    assert head.status_code == get_it.status_code == 200
    assert head.get_data() == b""
    assert head.headers["ETag"] == get_it.headers["ETag"]
    assert head.headers["Content-Length"] == get_it.headers["Content-Length"]
    assert get(scratch, "/scratch/query?color=red", "HEAD").status_code == 422
    assert get(scratch, "/scratch/query?color=red", "GET").status_code == 422


def test_a_read_ignores_an_idempotency_key(world: World, outer: Connection) -> None:
    """Nothing changes on GET: no answer is kept, not even of HEAD."""
    person = world.person()
    for method in ("GET", "HEAD"):
        response = person.request(method, "/me", headers={"Idempotency-Key": "read-1"})
        assert response.status_code == 200
        assert "Idempotency-Replayed" not in response.headers
    assert outer.execute(text("SELECT count(*) FROM idempotency_record")).scalar_one() == 0
    ok(person.put("/me", {"name": "新名字"}))
    response = person.request("GET", "/me", headers={"Idempotency-Key": "read-1"})
    assert ok(response)["name"] == "新名字"


def test_reads_write_nothing(world: World, outer: Connection) -> None:
    """Every public and personal read, by PostgreSQL's own count of rows written."""
    market = world.live_market(mode="slots")
    person = world.person()
    paths = [
        "/me", "/me/export", "/me/family", "/me/code", "/me/bookings", "/me/attendances",
        "/me/ratings", "/regions", "/catalogue", "/activities", f"/activities/{market.id}",
        f"/offerings/{market.offering_id}", f"/offerings/{market.offering_id}/queue",
    ]  # fmt: skip
    written = text("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
    rows = outer.execute(written).scalar_one()
    for path in paths:
        ok(person.get(path))
    ok(market.organiser.get(f"/activities/{market.id}/code"))
    assert outer.execute(written).scalar_one() == rows
