"""A console form: what it says, what a second sending does, and the way back from the login."""

import html
import re
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.identity.login import scanning
from backend.identity.models import ConsoleSession
from tests.support.desk import Desk
from tests.support.world import COMMUNITY, Person, World, ok

NEW = "/console/needs/new"


@pytest.fixture
def desk(world: World, organiser: Person) -> Desk:
    return Desk(world, organiser)


def need(world: World, title: str = "磨剪刀", **more: str) -> dict[str, str]:
    fields = {"title": title, "source": "meeting", "raised_on": "2026-01-05"}
    return fields | {"region_id": world.region_id(COMMUNITY)} | more


def notices(page: str) -> list[str]:
    return re.findall(r'<div class="alert alert-success" role="status"><div>([^<]+)', page)


def done(page: str) -> str:
    found = re.search(r'<meta name="done" content="([^"]*)">', page)
    assert found is not None
    return html.unescape(found[1])


def way(answer: TestResponse) -> dict[str, list[str]]:
    assert answer.status_code == 303
    parts = urlsplit(answer.location)
    assert parts.path == "/console/login"
    return parse_qs(parts.query)


def test_the_next_page_says_that_it_was_saved_and_names_the_form(world: World, desk: Desk) -> None:
    made = desk.send(NEW, **need(world)).location
    page = desk.read(made)
    assert (notices(page), done(page)) == (["已登记"], f'["{NEW}"]')
    page = desk.read(made)
    assert (notices(page), done(page)) == ([], "[]"), "said once"


def test_a_refused_form_says_nothing_was_saved(world: World, desk: Desk) -> None:
    refused = desk.send(NEW, **need(world, details="找 13912345678"))
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert (notices(page), done(page)) == ([], "[]")
    assert f'<meta name="refused" content="{NEW}">' in page


def test_one_key_makes_one_thing_and_other_words_are_asked_about(world: World, desk: Desk) -> None:
    key = str(new_id())
    first = desk.send(NEW, **need(world), _key=key)
    again = desk.send(NEW, **need(world), _key=key)
    assert (first.status_code, again.location) == (303, first.location)
    other = desk.send(NEW, **need(world, title="修雨伞"), _key=key)
    page = other.get_data(as_text=True)
    assert other.status_code == 409
    assert f'href="{first.location}"' in page
    assert 'value="修雨伞"' in page
    assert key not in page, "pressed again it is a new one"
    assert "修雨伞" not in desk.read("/console/needs/")


def test_a_repeat_that_would_be_refused_gets_the_first_answer(world: World, desk: Desk) -> None:
    """As an endpoint of the API does: it is refused only because the first has done the work."""
    made = desk.send(NEW, **need(world)).location
    taken, key = f"{made}/accept", str(new_id())
    first = desk.send(taken, title="修伞", _key=key)
    assert (first.status_code, first.location) == (303, made)
    again = desk.send(taken, title="修伞", _key=key)
    assert (again.status_code, again.location) == (303, made)
    assert desk.send(taken, title="修伞").status_code == 409, "a sending of its own"


def _end_logins() -> None:
    with transaction() as session:
        session.execute(update(ConsoleSession).values(revoked_at=clock.now()))


def test_an_ended_login_leads_back_to_the_page(world: World, desk: Desk) -> None:
    token = {"csrf_token": desk.token()}
    _end_logins()
    # To the page that shows a form's refusals, where the browser does not say which it is on.
    answer = desk.http.post(NEW, data=token | need(world))
    assert way(answer) == {"next": [NEW], "ended": ["1"]}
    assert "您有一段时间没有操作" in desk.read(answer.location)
    sent = desk.http.post(NEW, data=token, headers={"Referer": f"http://localhost{NEW}?a=1"})
    assert way(sent)["next"] == [f"{NEW}?a=1"]
    read = "/console/needs/?state=open"
    assert way(desk.http.get(read))["next"] == [read]
    # The menu's first page is where one goes anyway.
    assert desk.http.get("/console/").location == "/console/login"


def test_who_has_logged_in_is_where_they_were(world: World, organiser: Person) -> None:
    desk = Desk(world)
    answer = desk.http.get("/console/needs/?state=open")
    assert way(answer) == {"next": ["/console/needs/?state=open"]}
    page = desk.read(answer.location)
    assert "请先登录。登录以后回到刚才的页面" in page
    enter = re.search(r'hx-post="(/console/login/qr[^"]+)"', page)
    assert enter is not None
    asked = desk.send(html.unescape(enter[1])).get_data(as_text=True)
    follow = re.search(r'hx-get="([^"]+)"', asked)
    code = re.search(rf"{scanning.QR_PREFIX}([\w-]+)", asked)
    assert follow is not None
    assert code is not None
    ok(organiser.post(f"/console-logins/{code[1]}/confirm"), 204)
    confirmed = desk.http.get(html.unescape(follow[1])).get_data(as_text=True)
    send = re.search(r'action="([^"]+)"', confirmed)
    assert send is not None
    assert desk.send(html.unescape(send[1])).location == "/console/needs/?state=open"


@pytest.mark.parametrize(
    "place",
    [
        "https://example.com/console/needs/", "//example.com/console/needs/", "/console/nowhere",
        "/console/logout", "/console/login", "/api/v1/me", "/console/static/console.js",
        "/\\example.com", "javascript:alert(1)", "http://[", "",
    ],
)  # fmt: skip
def test_nobody_is_led_to_what_is_no_page_of_ours(
    world: World, organiser: Person, place: str
) -> None:
    desk = Desk(world)
    ok(organiser.post(f"/console-logins/{desk.ask()}/confirm"), 204)
    entered = desk.send(f"/console/login/qr/enter?{urlencode({'next': place})}")
    assert entered.location == "/console/"


def test_who_logged_out_in_another_tab_logs_in_again(world: World, desk: Desk) -> None:
    desk.send("/console/logout")
    answer = desk.http.post(NEW, data=need(world) | {"csrf_token": "of before"})
    assert way(answer)["next"] == [NEW]


def test_a_page_may_stay_open_for_hours(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody works in another tab."""
    token = desk.token()
    two_hours_on = time.time() + 7200
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: two_hours_on)
    assert desk.send(NEW, **need(world), csrf_token=token).status_code == 303


def test_a_form_that_is_not_ours_leads_back_to_the_page(world: World, desk: Desk) -> None:
    answer = desk.send(NEW, **need(world), csrf_token="of another login")
    assert answer.status_code == 403
    assert f'href="{NEW}">回到刚才的页面' in answer.get_data(as_text=True)


def test_the_header_says_who_is_logged_in(world: World, desk: Desk, organiser: Person) -> None:
    ok(organiser.put("/me", {"name": "李伟"}))
    page = desk.read("/console/needs/")
    assert re.search(r"李伟<small>组织者 · \S+</small>", page)


def test_what_must_be_unique_is_refused_at_its_field(
    world: World, desk: Desk, organiser: Person
) -> None:
    market = world.draft(organiser)["id"]
    path = f"/console/markets/{market}/stalls"
    assert desk.send(path, number="1", name="理发").status_code == 303
    again = desk.send(path, number="1", name="量血压")
    assert again.status_code == 409
    page = again.get_data(as_text=True)
    assert 'id="number-error"' in page
    assert 'value="量血压"' in page


def test_what_is_submitted_is_no_more_to_be_submitted(
    world: World, desk: Desk, organiser: Person
) -> None:
    market = world.draft(organiser)
    ok(organiser.post(f"/activities/{market['id']}/submit"))
    page = desk.read(f"/console/markets/{market['id']}")
    assert "可以提交了" not in page
    assert "补好后才能提交" not in page
