"""A service or a stall for which people have signed up is taken away: shown before, told, kept."""

import re

from backend.core import clock
from tests.api.activities.workbench import M, audited, fields_of
from tests.support.desk import Desk
from tests.support.market_day import MarketDay
from tests.support.world import COMMUNITY, World, ok, refused


def drop(desk: Desk, path: str, **said: str) -> str:
    """Look at who is affected, and confirm; answers the page that one is led to."""
    page = desk.read(path)
    answer = desk.send(path, **fields_of(page) | said)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return desk.read(answer.location)


def test_who_has_signed_up_for_a_service_is_told_that_it_is_dropped(
    world: World, day: MarketDay
) -> None:
    person, other = world.person("赵小红"), world.person()
    stays = day.offering()
    booking, kept = day.booked(person), day.booked(other, stays)
    desk, path = Desk(world, day.organiser), f"{M}/offerings/{day.offering_id}/delete"
    need = {"region_id": world.region_id(COMMUNITY), "title": "剪发", "source": "visit",
            "raised_on": clock.today().isoformat()}  # fmt: skip
    need_page = desk.send("/console/needs/new", **need).location
    desk.send(f"{need_page}/accept", title=need["title"])
    plan = {"offering_id": day.offering_id}
    ok(day.organiser.post(f"{need_page.removeprefix('/console')}/plans", plan), 201)
    for asks in (path, f"{M}/stalls/{day.market.stall_id}/delete"):
        assert "这里排了 <strong>1 条需求</strong>" in desk.read(asks)
    assert "条需求</strong>" not in desk.read(f"{M}/offerings/{stays}/delete")
    ok(day.organiser.put(f"/activities/{day.id}", {"venue": {"name": "文化宫"}}))
    for told_of_it in (person, other):
        ok(told_of_it.post("/me/notices/read", {"all": True}), 204)
    shown = desk.read(path)
    day.booked(world.person("钱大海"))
    assert desk.send(path, **fields_of(shown)).status_code == 409, "one more than was shown"
    refused(day.organiser.delete(f"/offerings/{day.offering_id}"), 409, "in_use")
    page = drop(desk, path, reason="师傅临时有事")
    for words in ("「义剪」不办了：师傅临时有事", "已通知 0／2", "赵*红", "钱*海"):
        assert words in page
    assert "已通知 2／2 人" in desk.read(f"/console/changes/of/{day.id}"), (
        "the place was told before"
    )
    assert desk.waiting()["要重新安排的需求"] == 1
    assert day.booking(booking)["state"] == "cancelled"
    assert day.booking(kept)["state"] == "confirmed"
    assert day.moves(booking)[-1] == ("service_dropped", "confirmed", "cancelled")
    told = ok(person.get("/me/notices"))["items"][0]
    assert told["kind"] == "service_dropped"
    assert "原因：师傅临时有事。活动照常举行" in told["text"]
    assert "service_dropped" not in [one["kind"] for one in ok(other.get("/me/notices"))["items"]]
    offerings = [
        one["id"]
        for stall in ok(person.get(f"/activities/{day.id}"))["stalls"]
        for one in stall["offerings"]
    ]
    assert offerings == [stays]
    refused(day.sign_up(world.person()), 404, "not_found")
    assert "已被删除" in desk.read(f"{M}/offerings/{day.offering_id}", 404)
    assert "drop_offering" in audited(day.id)
    copied = ok(day.organiser.post(f"/activities/{day.id}/copy", {
        "starts_at": ok(person.get(f"/activities/{day.id}"))["starts_at"]}), 201)  # fmt: skip
    assert [len(stall["offerings"]) for stall in copied["stalls"]] == [1]


def test_a_stall_goes_with_its_services_and_its_number_is_free_again(world: World) -> None:
    day = MarketDay.begin(world)
    second = day.stall(number="9")
    services = [day.offering(second) for _ in range(2)]
    person = world.person()
    booking = day.booked(person, services[0])
    desk, path = Desk(world, day.organiser), f"{M}/stalls/{second}/delete"
    assert "2 项服务" in desk.read(path)
    # One service has gone before it, and it serves another stall's line too.
    gone = day.offering(second)
    day.booked(world.person(), gone)
    drop(desk, f"{M}/offerings/{gone}/delete")
    day.offering(also_at_stall_ids=[second])
    shown = desk.read(path)
    another = day.offering(second)
    assert desk.send(path, **fields_of(shown)).status_code == 409, "one service more than was shown"
    day.booked(world.person(), another)
    board = f"/console/board/{day.id}"
    assert "<td>9 " in desk.read(board)
    page = drop(desk, path)
    assert "<td>9 " not in desk.read(board), "nor has it free places there"
    assert page.count('class="call-row"') == 3, "all that was dropped is to be told of, on one list"
    assert day.booking(booking)["state"] == "cancelled"
    assert day.booking(booking)["stall"]["number"] == "9"
    market = ok(person.get(f"/activities/{day.id}"))
    assert [stall["id"] for stall in market["stalls"]] == [day.market.stall_id]
    assert day.stall(number="9") != second
    assert re.search("摊位已被删除", desk.read(f"{M}/stalls/{second}", 404))


def test_nobody_is_sent_away_who_is_being_served(world: World) -> None:
    day = MarketDay.begin(world)
    number = day.number()
    ok(day.press(), 200)
    ok(day.act(number, "start"))
    desk, path = Desk(world, day.organiser), f"{M}/offerings/{day.offering_id}/delete"
    answer = desk.send(path, **fields_of(desk.read(path)))
    assert answer.status_code == 409
    assert "正在为居民服务" in answer.get_data(as_text=True)
    assert day.booking(number)["state"] == "serving"
