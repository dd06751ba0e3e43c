"""Every refusal leaves as problem+json with a stable code (docs/ARCHITECTURE.md, A request)."""

from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from backend.core.web.api import MAX_BODY_BYTES
from tests.api.core.conftest import NAME, PHONE
from tests.support.world import API, Person, World, ok, refused

ME = f"{API}/me"


@pytest.fixture
def person(world: World) -> Person:
    return world.person()


def put_me(person: Person, **options: Any) -> TestResponse:
    return person.request("PUT", "/me", **options)


def test_a_problem_has_all_its_members(world: World) -> None:
    response = world.http.get(ME)
    problem = refused(response, 401, "not_logged_in")
    assert problem["type"] == "/problems/not_logged_in"
    assert problem["status"] == 401
    assert problem["title"] == "请先登录"
    assert problem["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer nonsense", "Bearer a b", "Basic dXNlcjpwdw==", "nonsense",
     "Bearer \xff\xfe", "Bearer " + "x" * 5000],
)  # fmt: skip
def test_401_for_a_token_that_is_none(world: World, header: str) -> None:
    response = world.http.get(ME, headers={"Authorization": header})
    refused(response, 401, "not_logged_in")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_401_for_a_dead_token_on_public_reads_too(world: World) -> None:
    """A client must learn that it has to log in again, not be taken for a visitor."""
    headers = {"Authorization": "Bearer dead"}
    refused(world.http.get(f"{API}/activities", headers=headers), 401, "not_logged_in")


def test_the_scheme_is_read_in_any_case(world: World, person: Person) -> None:
    for header in (f"bearer {person.token}", f"BEARER  {person.token} "):
        ok(world.http.get(ME, headers={"Authorization": header}))


@pytest.mark.parametrize(
    "path", ["/nowhere", "/activities/7", f"/activities/{UUID(int=7)}", "/me/"]
)
def test_404_for_what_is_not_there(person: Person, path: str) -> None:
    refused(person.get(path), 404, "not_found")


def test_403_comes_before_the_body_is_looked_at(person: Person) -> None:
    """Who may not, learns nothing of what would be taken."""
    refused(person.request("POST", "/activities", data=b"{"), 403, "forbidden")


def test_405_says_what_is_allowed(person: Person) -> None:
    response = person.request("PATCH", "/me")
    refused(response, 405, "method_not_allowed")
    assert {"GET", "PUT", "DELETE"} <= set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "body",
    [b"{", b"nonsense", b"{'name': 1}", b'{"name": NaN}', b'{"name": Infinity}', b"\xff\xfe",
     b'{"name": "\\ud800"}', b'{"name": "\xed\xa0\x80"}', b'{"name": "a"} x', b"[" * 5000,
     b'{"a":' * 5000, b"\x00", b"\xef\xbb\xbf{}"],
)  # fmt: skip
def test_400_for_a_body_that_is_no_json(person: Person, body: bytes) -> None:
    response = put_me(person, data=body, content_type="application/json")
    refused(response, 400, "malformed_body")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"1", b"true", b"[{}]"])
def test_422_for_a_body_that_is_no_object(person: Person, body: bytes) -> None:
    response = put_me(person, data=body, content_type="application/json")
    assert refused(response, 422, "validation_failed")["errors"] == {"_schema": ["应为一个对象"]}


GUNICORN = {"wsgi.input_terminated": True}
CHUNKED = GUNICORN | {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "20"}


@pytest.mark.parametrize(
    ("server", "status", "code"),
    [
        ({}, 413, "body_too_large"),
        (GUNICORN, 413, "body_too_large"),
        # Whatever it says of its length: it is read up to the bound, and ends in the middle.
        (CHUNKED, 400, "malformed_body"),
    ],
)
def test_a_body_over_one_megabyte_is_refused(
    person: Person, server: dict[str, Any], status: int, code: str
) -> None:
    body = b'{"name": "' + b"a" * MAX_BODY_BYTES + b'"}'
    response = put_me(person, data=body, content_type="application/json", environ_overrides=server)
    refused(response, status, code)


def test_a_body_that_breaks_off_is_its_senders_fault(person: Person) -> None:
    class BreaksOff:
        def read(self, *_: int) -> bytes:
            raise ConnectionResetError

    broken = GUNICORN | {"wsgi.input": BreaksOff(), "CONTENT_LENGTH": "10"}
    response = put_me(person, data=b"", content_type="application/json", environ_overrides=broken)
    refused(response, 400, "malformed_body")


def test_a_body_of_one_megabyte_is_read(person: Person) -> None:
    body = b'{"name": "' + b"a" * (MAX_BODY_BYTES - 12) + b'"}'
    assert len(body) == MAX_BODY_BYTES
    response = put_me(
        person,
        data=body,
        content_type="application/json",
        environ_overrides=GUNICORN,
    )
    assert refused(response, 422, "validation_failed")["errors"] == {"name": ["最多 50 个字"]}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_415_for_a_body_of_another_type(person: Person, content_type: str) -> None:
    response = put_me(person, data=b'{"name": "a"}', content_type=content_type)
    refused(response, 415, "unsupported_media_type")


def test_json_may_name_its_character_set(person: Person) -> None:
    ok(put_me(person, data=b'{"name": "a"}', content_type="application/json; charset=utf-8"))


def test_an_action_takes_no_body_an_empty_one_or_an_empty_object(world: World) -> None:
    bodies: list[dict[str, Any]] = [{}, {"data": b""}, {"json": {}}]
    for options in bodies:
        response = world.person().request("POST", "/auth/logout", **options)
        assert response.status_code == 204, response.get_data()
    response = world.person().request("POST", "/auth/logout", json={"x": 1})
    assert refused(response, 422, "validation_failed")["errors"] == {"x": ["没有这个字段"]}


def test_422_names_each_field(person: Person) -> None:
    problem = refused(
        person.put("/me", {"name": 7, "birth_year": "1953", "nmae": "x", "preferences": {"a": 1}}),
        422,
        "validation_failed",
    )
    assert problem["errors"] == {
        "name": ["应为文字"],
        "birth_year": ["应为整数"],
        "nmae": ["没有这个字段"],
        "preferences": {"a": ["没有这个字段"]},
    }


def test_422_names_the_members_of_a_list_by_their_place(scratch: World) -> None:
    problem = refused(
        scratch.person().post("/scratch/work", {"names": ["甲", 7, "一二三四五六"]}),
        422,
        "validation_failed",
    )
    assert problem["errors"] == {"names": {"1": ["应为文字"], "2": ["最多 5 个字"]}}


# ---------------------------------------------------------------------------- faults of ours


def test_500_tells_nothing_but_where_to_look(scratch: World) -> None:
    response = scratch.http.get(f"{API}/scratch/boom")
    problem = refused(response, 500, "internal_error")
    assert set(problem) == {"type", "code", "title", "status", "request_id"}
    for secret in (NAME, PHONE, "RuntimeError"):
        assert secret not in response.get_data(as_text=True)


def test_500_for_a_statement_that_is_wrong(scratch: World) -> None:
    response = scratch.http.post(f"{API}/scratch/sql")
    refused(response, 500, "internal_error")
    assert PHONE not in response.get_data(as_text=True)


def test_422_for_a_value_that_the_database_cannot_hold(scratch: World) -> None:
    response = scratch.http.post(f"{API}/scratch/value")
    refused(response, 422, "validation_failed")
    assert PHONE not in response.get_data(as_text=True)


@pytest.mark.parametrize("path", ["slow", "cut-off"])
def test_503_when_the_database_gives_up(scratch: World, path: str) -> None:
    """A statement over its time-out, and a connection that breaks: try again."""
    response = scratch.http.post(f"{API}/scratch/{path}")
    refused(response, 503, "try_again")
    assert int(response.headers["Retry-After"]) > 0
    assert ok(scratch.http.get("/readyz")), "the app goes on"


def test_503_when_no_connection_is_free(scratch: World) -> None:
    response = scratch.http.get(f"{API}/scratch/no-connection")
    refused(response, 503, "try_again")
    assert "Retry-After" in response.headers


def test_an_odd_status_of_the_framework_is_a_bad_request(scratch: World) -> None:
    """Nothing of HTTP itself may leave as HTML."""
    response = scratch.http.get(f"{API}/scratch/teapot")
    refused(response, 400, "malformed_body")
    response = scratch.http.get(f"{API}/scratch/unavailable")
    refused(response, 500, "internal_error")


def test_a_redirect_is_a_redirect(scratch: World) -> None:
    response = scratch.http.get(f"{API}/scratch/moved")
    assert response.status_code == 308
    assert response.headers["Location"].endswith("/me")
