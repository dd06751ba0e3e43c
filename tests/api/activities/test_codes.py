"""An activity's own check-in code over HTTP, and its image."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, text

from backend.activities.codes import images
from backend.activities.codes.images import fetch_code_image
from backend.app import create_app
from backend.core import clock
from backend.core.db import transaction_is_open
from backend.gateways.fake_wechat.apis import draw
from backend.gateways.wechat import WeChatGateway, WeChatRefused, WeChatUnavailable
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE, settings_for
from tests.gateways.standin import CODE_IMAGE, StandIn
from tests.support.world import API, Market, Person, World, ok, refused

START = datetime(2026, 5, 1, 1, tzinfo=UTC)
LINKS = "http://127.0.0.1:8000/q/"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def market(world: World) -> Market:
    return world.live_market()


def scene_of(market: Market) -> str:
    scene: str = ok(market.organiser.get(f"/activities/{market.id}/code"))["scene"]
    return scene


def test_a_code_that_stands_still_is_the_printed_word(market: Market, world: World) -> None:
    code = ok(world.volunteer().get(f"/activities/{market.id}/code"))
    assert code == {
        "code": code["scene"], "link": LINKS + code["scene"], "scene": code["scene"],
        "rotates_at": None, "expires_at": None,
    }  # fmt: skip
    assert market.id not in code["code"], "opaque, never a row's id"


def test_a_rotating_code_changes_on_the_screen(world: World) -> None:
    with time_machine.travel(START, tick=False):
        market = world.live_market(activity={"code_rotates_seconds": 30})
        first = ok(market.organiser.get(f"/activities/{market.id}/code"))
    assert first["rotates_at"] == "2026-05-01T01:00:30+00:00"
    assert first["expires_at"] == "2026-05-01T01:01:00+00:00"
    assert first["code"].startswith(first["scene"] + ".")
    assert first["link"] == LINKS + first["code"], "the screen is read by any scanner, too"
    with time_machine.travel(START + timedelta(seconds=30), tick=False):
        second = ok(market.organiser.get(f"/activities/{market.id}/code"))
    assert second["scene"] == first["scene"]
    assert second["code"] != first["code"]


def test_revoking_makes_every_printed_code_worthless(
    world: World, market: Market, outer: Connection
) -> None:
    old = scene_of(market)
    resident = world.person()
    answer = ok(market.organiser.post(f"/activities/{market.id}/code/revoke"))
    assert answer["scene"] != old
    assert scene_of(market) == answer["scene"]
    scan = {"id": str(uuid4()), "source": "self", "code": old}
    refusal = ok(resident.post(f"/activities/{market.id}/scans", scan))
    assert (refusal["verdict"], refusal["reason"]) == ("refused", "revoked")
    scan = {"id": str(uuid4()), "source": "self", "code": answer["code"]}
    ok(resident.post(f"/activities/{market.id}/scans", scan), 201)
    refused(world.http.get(f"{API}/market-codes/{old}"), 404, "not_found")
    entry = text("SELECT details FROM audit_entry WHERE action = 'revoke_code' AND object_id = :id")
    details = outer.execute(entry, {"id": market.id}).scalar_one()
    assert set(details) == {"revoked", "replaced_by"}
    assert old not in str(details), "a revoked word need not be in the log"


def test_who_may_show_and_revoke(world: World, market: Market) -> None:
    path = f"/activities/{market.id}/code"
    for person in (world.person(), world.volunteer("320412102")):
        refused(person.get(path), 403, "forbidden")
        refused(person.get(f"{path}.png"), 403, "forbidden")
        refused(person.post(f"{path}/revoke"), 403, "forbidden")
    volunteer = world.volunteer()
    ok(volunteer.get(path))
    refused(volunteer.post(f"{path}/revoke"), 403, "forbidden")
    draft = world.draft(world.organiser())["id"]
    refused(volunteer.get(f"/activities/{draft}/code"), 404, "not_found")


def test_a_scanned_code_finds_its_activity(world: World) -> None:
    """Printed word or rotating code; anybody, without login."""
    market = world.live_market(activity={"code_rotates_seconds": 30})
    code = ok(market.organiser.get(f"/activities/{market.id}/code"))
    for word in (code["scene"], code["code"]):
        assert ok(world.http.get(f"{API}/market-codes/{word}")) == {
            "activity_id": market.id,
            "title": "花园社区公益集市",
            "state": "live",
        }


@pytest.mark.parametrize("word", ["x", "%00", "码", "..", ".", "x" * 3000, "a%2Fb", "%ff"])
def test_a_word_that_is_no_code_finds_nothing(world: World, word: str) -> None:
    refused(world.http.get(f"{API}/market-codes/{word}"), 404, "not_found")


def test_a_drafts_code_finds_nothing_yet(world: World) -> None:
    organiser = world.organiser()
    draft = world.ready(organiser)["id"]
    scene = ok(organiser.get(f"/activities/{draft}/code"))["scene"]
    refused(world.http.get(f"{API}/market-codes/{scene}"), 404, "not_found")
    ok(organiser.post(f"/activities/{draft}/publish"))
    ok(world.http.get(f"{API}/market-codes/{scene}"))


# ---------------------------------------------------------------------------- the image


def link_qr(app: Flask, market: Market) -> bytes:
    with app.app_context():
        return images.link_qr(scene_of(market))


def image(market: Market) -> Any:
    return market.organiser.get(f"/activities/{market.id}/code.png")


def kept(outer: Connection) -> list[bytes]:
    return [bytes(png) for png in outer.execute(text("SELECT png FROM code_image")).scalars()]


def test_wechats_image_is_fetched_once(
    wechat_app: Flask, wechat: StandIn, market: Market, outer: Connection
) -> None:
    first = image(market)
    assert (first.status_code, first.content_type) == (200, "image/png")
    assert first.get_data() == draw(scene_of(market)), "WeChat's, with our word in it"
    assert image(market).get_data() == first.get_data()
    assert wechat.count(CODE_IMAGE) == 1
    assert kept(outer) == [first.get_data()]
    sent = json.loads(wechat.log(CODE_IMAGE)["calls"][0]["body"])
    assert sent["scene"] == scene_of(market)
    assert sent["page"] == "pages/checkin/checkin"


@pytest.mark.parametrize(
    "fault",
    [{"http_status": 502}, {"malformed": "html"}, {"drop": True}, {"errcode": 41030},
     {"errcode": 45009}],
    ids=str,
)  # fmt: skip
def test_where_wechat_is_away_a_plain_link_serves(
    wechat_app: Flask, wechat: StandIn, market: Market, outer: Connection, fault: dict[str, Any]
) -> None:
    """And is not kept: the next time WeChat is asked again."""
    wechat.mode(CODE_IMAGE, **fault)
    fallback = image(market)
    assert fallback.content_type == "image/png"
    assert fallback.get_data() == link_qr(wechat_app, market)
    assert fallback.get_data()[:8] == PNG
    assert kept(outer) == []
    wechat.mode(CODE_IMAGE)
    assert image(market).get_data() == draw(scene_of(market))


def test_without_wechat_a_plain_link_serves(app: Flask, market: Market) -> None:
    assert image(market).get_data() == link_qr(app, market)


def test_a_revoked_codes_image_is_another(
    wechat_app: Flask, wechat: StandIn, market: Market
) -> None:
    first = image(market).get_data()
    ok(market.organiser.post(f"/activities/{market.id}/code/revoke"))
    assert image(market).get_data() != first
    assert wechat.count(CODE_IMAGE) == 2


def test_an_unchanged_image_is_not_sent_again(wechat_app: Flask, market: Market) -> None:
    etag = image(market).headers["ETag"]
    path = f"/activities/{market.id}/code.png"
    again = market.organiser.request("GET", path, headers={"If-None-Match": etag})
    assert again.status_code == 304


def test_the_job_fetches_it_ahead_of_the_day_and_twice_does_no_harm(
    wechat_app: Flask, wechat: StandIn, market: Market, outer: Connection
) -> None:
    for _ in range(2):
        with wechat_app.app_context():
            fetch_code_image(market.id)
    assert wechat.count(CODE_IMAGE) == 1
    assert kept(outer) == [image(market).get_data()]
    assert wechat.count(CODE_IMAGE) == 1


def test_the_job_fails_when_wechat_is_away(market: Market, app: Flask) -> None:
    """One that ended well would not be tried again, and the poster's code would open nothing."""
    with app.app_context(), pytest.raises(WeChatUnavailable):
        fetch_code_image(market.id)
    with app.app_context(), pytest.raises(WeChatUnavailable):
        images.fetch_missing_code_images()


def announced(world: World, organiser: Person, starts_at: datetime) -> str:
    market: str = world.ready(organiser, starts_at=starts_at)["id"]
    ok(organiser.post(f"/activities/{market}/publish"))
    return market


def test_what_is_missing_is_fetched_by_the_clock_until_the_market_is_over(
    wechat_app: Flask, wechat: StandIn, world: World, outer: Connection
) -> None:
    """Whatever became of the first try. Drafts and markets that are over are left alone."""
    organiser, now = world.organiser(), clock.now()
    world.draft(organiser)
    soon, later = now + timedelta(minutes=1), now + timedelta(days=1)
    announced(world, organiser, soon)
    market = announced(world, organiser, later)
    with wechat_app.app_context(), time_machine.travel(soon + timedelta(hours=3)):
        images.fetch_missing_code_images()
        images.fetch_missing_code_images()
    fetched = text("SELECT activity_id FROM market_code JOIN code_image ON market_code_id = id")
    assert [str(found) for found in outer.execute(fetched).scalars()] == [market]
    assert wechat.count(CODE_IMAGE) == 1


def test_a_code_that_wechat_refuses_keeps_no_other_from_its_image(
    wechat_app: Flask, wechat: StandIn, world: World, outer: Connection
) -> None:
    organiser = world.organiser()
    for days in (1, 2):
        announced(world, organiser, clock.now() + timedelta(days=days))
    wechat.mode(CODE_IMAGE, errcode=41030, times=1)
    with wechat_app.app_context(), pytest.raises(WeChatRefused):
        images.fetch_missing_code_images()
    assert len(kept(outer)) == 1, "and the run is seen to have failed"


def test_a_revoked_codes_successor_has_its_image_fetched_too(
    market: Market, outer: Connection
) -> None:
    jobs = text("SELECT count(*) FROM procrastinate_jobs WHERE args->>'activity_id' = :id")
    before = outer.execute(jobs, {"id": market.id}).scalar_one()
    ok(market.organiser.post(f"/activities/{market.id}/code/revoke"))
    assert outer.execute(jobs, {"id": market.id}).scalar_one() == before + 1


def test_an_activity_that_never_had_a_code_answers_404(market: Market, outer: Connection) -> None:
    """As those that were brought in from before."""
    outer.execute(text("DELETE FROM market_code"))
    for path in ("code", "code.png"):
        refused(market.organiser.get(f"/activities/{market.id}/{path}"), 404, "not_found")
    refused(market.organiser.post(f"/activities/{market.id}/code/revoke"), 404, "not_found")


# ---------------------------------------------------------------------------- the link's page


def test_a_plain_link_tells_any_scanners_user_what_to_do(world: World, market: Market) -> None:
    link = ok(market.organiser.get(f"/activities/{market.id}/code"))["link"]
    page = world.http.get(urlsplit(link).path)
    assert page.status_code == 200
    words = page.get_data(as_text=True)
    assert "花园社区公益集市" in words
    assert "社区广场" in words
    assert "打开微信" in words
    assert "Set-Cookie" not in page.headers
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_changing_screens_link_opens_the_same_page(world: World) -> None:
    market = world.live_market(activity={"code_rotates_seconds": 30})
    link = ok(market.organiser.get(f"/activities/{market.id}/code"))["link"]
    assert world.http.get(urlsplit(link).path).status_code == 200


@pytest.mark.parametrize(
    ("move", "body", "words"),
    [("close", {}, "已经结束"), ("cancel", {"reason": "下大雨"}, "已经取消")],
    ids=str,
)
def test_a_link_to_what_is_over_says_so(
    world: World, market: Market, move: str, body: dict[str, str], words: str
) -> None:
    link = ok(market.organiser.get(f"/activities/{market.id}/code"))["link"]
    ok(market.organiser.post(f"/activities/{market.id}/{move}", body))
    page = world.http.get(urlsplit(link).path).get_data(as_text=True)
    assert words in page
    assert "打开微信" not in page


@pytest.mark.parametrize("word", ["x", "x" * 16, "%00", "码", "x" * 3000, "%ff"])
def test_a_link_that_is_none_says_what_to_do(world: World, word: str) -> None:
    page = world.http.get(f"/q/{word}")
    assert page.status_code == 404
    assert "请志愿者帮您登记" in page.get_data(as_text=True)


def test_wechat_finds_the_file_that_it_asks_for(postgres: PrivatePostgres) -> None:
    settings = settings_for(postgres.url(TEMPLATE), wechat_link_file="a1B2c3.txt:0123456789abcdef")
    http = create_app(settings).test_client()
    answer = http.get("/q/a1B2c3.txt")
    assert (answer.get_data(as_text=True), answer.mimetype) == ("0123456789abcdef", "text/plain")


def test_of_two_fetches_at_once_one_is_kept(
    wechat_app: Flask, market: Market, outer: Connection
) -> None:
    """Both had looked before the other was done: the second finds it there."""
    with wechat_app.app_context():
        code_id, scene = outer.execute(text("SELECT id, scene FROM market_code")).one()
        assert images.fetch_image(code_id, scene) == images.fetch_image(code_id, scene)
    assert len(kept(outer)) == 1


def test_no_transaction_is_open_while_wechat_draws(
    wechat_app: Flask, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    gateway = wechat_app.extensions["composed"][WeChatGateway]
    ask: Callable[..., bytes] = gateway.code_image

    def watched(scene: str) -> bytes:
        seen.append(transaction_is_open())
        return ask(scene)

    monkeypatch.setattr(gateway, "code_image", watched)
    image(market)
    with wechat_app.app_context():
        fetch_code_image(market.id)
    ok(market.organiser.post(f"/activities/{market.id}/code/revoke"))
    with wechat_app.app_context():
        fetch_code_image(market.id)
    assert seen == [False, False]
