"""An activity's own check-in code over HTTP, and its image."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, text

from backend.activities import images
from backend.activities.images import fetch_code_image
from backend.core.db import transaction_is_open
from backend.gateways.fake_wechat.apis import draw
from backend.gateways.wechat import WeChatGateway
from tests.gateways.standin import CODE_IMAGE, StandIn
from tests.support.world import API, Market, World, ok, refused

START = datetime(2026, 5, 1, 1, tzinfo=UTC)
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
        "code": code["scene"], "scene": code["scene"], "rotates_at": None, "expires_at": None
    }  # fmt: skip
    assert market.id not in code["code"], "opaque, never a row's id"


def test_a_rotating_code_changes_on_the_screen(world: World) -> None:
    with time_machine.travel(START, tick=False):
        market = world.live_market(activity={"code_rotates_seconds": 30})
        first = ok(market.organiser.get(f"/activities/{market.id}/code"))
    assert first["rotates_at"] == "2026-05-01T01:00:30+00:00"
    assert first["expires_at"] == "2026-05-01T01:01:00+00:00"
    assert first["code"].startswith(first["scene"] + ".")
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
            "title": "花园社区公益市集",
            "state": "live",
        }


@pytest.mark.parametrize("word", ["x", "%00", "码", "..", ".", "x" * 3000, "a%2Fb", "%ff"])
def test_a_word_that_is_no_code_finds_nothing(world: World, word: str) -> None:
    refused(world.http.get(f"{API}/market-codes/{word}"), 404, "not_found")


def test_a_drafts_code_finds_nothing_yet(world: World) -> None:
    organiser = world.organiser()
    draft = world.draft(organiser)["id"]
    scene = ok(organiser.get(f"/activities/{draft}/code"))["scene"]
    refused(world.http.get(f"{API}/market-codes/{scene}"), 404, "not_found")
    ok(organiser.post(f"/activities/{draft}/publish"))
    ok(world.http.get(f"{API}/market-codes/{scene}"))


# ---------------------------------------------------------------------------- the image


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
def test_where_wechat_is_away_a_plain_qr_serves(
    wechat_app: Flask, wechat: StandIn, market: Market, outer: Connection, fault: dict[str, Any]
) -> None:
    """And is not kept: the next time WeChat is asked again."""
    wechat.mode(CODE_IMAGE, **fault)
    fallback = image(market)
    assert fallback.content_type == "image/png"
    assert fallback.get_data() == images.plain_qr(scene_of(market))
    assert fallback.get_data()[:8] == PNG
    assert kept(outer) == []
    wechat.mode(CODE_IMAGE)
    assert image(market).get_data() == draw(scene_of(market))


def test_without_wechat_a_plain_qr_serves(market: Market) -> None:
    assert image(market).get_data() == images.plain_qr(scene_of(market))


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


def test_the_job_gives_way_when_wechat_is_away(market: Market, app: Flask) -> None:
    """The image is fetched when somebody asks for it."""
    with app.app_context():
        fetch_code_image(market.id)


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
