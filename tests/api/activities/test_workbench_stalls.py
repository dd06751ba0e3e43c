"""The workbench's stalls, services and slots: what a form may change, and who is affected."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from backend.activities.models import Slot, Stall
from backend.activities.permissions import Deleted, not_there
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.config import RETENTION
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.identity.login import sessions
from tests.api.activities.conftest import DAY, START
from tests.api.activities.workbench import (
    M,
    audited,
    fields_of,
    hidden,
    marks,
    offering_of,
    put_at,
    row,
    sign_up,
    stall_form,
)
from tests.support.desk import Desk, form_time
from tests.support.world import (
    API,
    OTHER_COMMUNITY,
    Person,
    World,
    ok,
    refused,
)

# ---------------------------------------------------------------------------- stalls


def test_a_stall_is_added_changed_and_placed(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    path = f"{M}/{market['id']}/stalls"
    organisation = world.organisation()
    made = stall_form(row="2", column="3", note="东门左侧", organisation_id=organisation)
    assert desk.send(path, **made).status_code == 303
    second = place_of(market, "2")
    second_id = second.id
    assert second.place == "第2排第3位 东门左侧"
    first = market["stalls"][0]["id"]
    # Onto the place of another: they change places, notes stay with their stalls.
    shown = hidden(desk.read(path), "plan")
    assert put_at(desk, market["id"], first, "2", "3").status_code == 303
    assert place_of(market, "1").place == "第2排第3位"
    assert place_of(market, "2").place == "东门左侧"
    # From a second tab, in which it still stood where it was.
    late = desk.send(f"{M}/stalls/{second_id}/place", row="1", column="1", plan=shown)
    assert late.status_code == 409
    assert "刚才动过平面图，这次没有移动" in late.get_data(as_text=True)
    assert hidden(late.get_data(as_text=True), "plan") not in ("", shown), "it can be moved again"
    assert place_of(market, "2").place == "东门左侧"
    assert desk.send(path + "/arrange").status_code == 303
    assert place_of(market, "2").place == "第1排第1位 东门左侧"
    assert desk.send(path + "/arrange").status_code == 303
    assert put_at(desk, market["id"], first).status_code == 303
    assert place_of(market, "1").place is None
    seen = hidden(desk.read(f"{M}/stalls/{second_id}"), "seen")
    changed = stall_form(number="8", row="5", column="6", seen=seen)
    assert desk.send(f"{M}/stalls/{second_id}", **changed).status_code == 303
    assert place_of(market, "8").place == "第5排第6位"
    path = f"{M}/stalls/{second_id}/delete"
    assert desk.send(path, seen=hidden(desk.read(path), "seen")).status_code == 303
    assert row(Stall, second_id) is None
    assert {"place_stall", "arrange_stalls", "delete_stall"} <= set(audited(market["id"]))


def place_of(market: dict[str, Any], number: str) -> Any:
    with transaction() as session:
        session.expire_all()
        statement = select(Stall).where(Stall.activity_id == market["id"], Stall.number == number)
        return session.execute(statement).scalar_one()


def test_a_wrong_stall_is_told(world: World, desk: Desk, market: dict[str, Any]) -> None:
    path = f"{M}/{market['id']}/stalls"
    for typed, status, words in (
        (stall_form(number="1"), 409, "这个摊位号已经用了"),
        (stall_form(name=""), 422, "必填"),
        (stall_form(row="2"), 422, "排和位应一起填写"),
        (stall_form(row="13", column="1"), 422, "应在 1 到 12 之间"),
        (stall_form(organisation_id=str(new_id())), 422, "没有这个单位"),
    ):
        refused = desk.send(path, **typed)
        assert refused.status_code == status
        assert words in refused.get_data(as_text=True)
    assert desk.send(path, **stall_form(row="1", column="1")).status_code == 303
    taken = desk.send(path, **stall_form(number="3", row="1", column="1"))
    assert "这里已有 2 号摊位" in taken.get_data(as_text=True)
    first = market["stalls"][0]["id"]
    seen = hidden(desk.read(f"{M}/stalls/{first}"), "seen")
    onto = desk.send(
        f"{M}/stalls/{first}", **stall_form(number="1", row="1", column="1", seen=seen)
    )
    assert onto.status_code == 422
    half = put_at(desk, market["id"], first, "7")
    assert half.status_code == 422
    assert 'name="row" type="number" value="7"' in half.get_data(as_text=True)


def test_the_second_editor_of_a_stall_takes_over_only_what_they_have_changed(
    world: World, desk: Desk, market: dict[str, Any]
) -> None:
    stall, organisation = market["stalls"][0]["id"], world.organisation()
    path = f"{M}/stalls/{stall}"
    opened = marks(desk.read(path))
    first = {"number": "1", "name": "先改", "organisation_id": organisation}
    assert desk.send(path, **stall_form(**first, **opened)).status_code == 303
    mine = {"number": "1", "name": "后改", "note": "东门左侧"}
    second = desk.send(path, **stall_form(**mine, **opened))
    page = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "「服务单位」，您没有动过" in page
    assert "「摊位名称」两边都改了" in page
    assert re.findall(r'type="radio" name="name" value="(\w+)"', page) == ["先改", "后改"]
    assert 'value="东门左侧"' in page
    assert row(Stall, stall).name == "先改"
    # Put somewhere else on the plan, its form is as it was.
    beside = put_at(desk, market["id"], stall, "99", "1").get_data(as_text=True)
    assert (hidden(beside, "seen"), 'value="先改"' in beside) == (marks(page)["seen"], True)
    saved = stall_form(**(first | mine), **marks(page))
    assert desk.send(path, **saved).status_code == 303
    found = row(Stall, stall)
    assert (found.name, str(found.organisation_id), found.place_note) == (
        "后改", organisation, "东门左侧",
    )  # fmt: skip


# ---------------------------------------------------------------------------- services, slots


def offering_form(**more: Any) -> dict[str, Any]:
    return {
        "title": "义剪", "service_kind": "haircut", "mode": "queue", "minutes_per_person": "",
        "capacity": "", "walk_in_percent": "20", "daily_cap_per_person": "1", "min_age": "",
        "sign_up_opens_at": "", "sign_up_closes_at": "",
    } | more  # fmt: skip


def test_a_service_is_added_changed_and_deleted(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    stall = world.stall(organiser, market["id"], number="2")
    also = market["stalls"][0]["id"]
    path = f"{M}/stalls/{stall['id']}/offerings"
    made = desk.send(path, **offering_form(also_at_stall_ids=also))
    assert made.status_code == 303
    page = made.location.removeprefix("http://localhost")
    offering = ok(organiser.get("/offerings/" + page.rpartition("/")[2]))
    assert offering["walk_in_share"] == 0.2
    assert offering["also_at_stall_ids"] == [also]
    seen = hidden(desk.read(page), "seen")
    changed = offering_form(title="公益理发", capacity="30", seen=seen)
    assert desk.send(page, **changed).status_code == 303
    after = ok(organiser.get(f"/offerings/{offering['id']}"))
    assert (after["title"], after["capacity"], after["also_at_stall_ids"]) == ("公益理发", 30, [])
    # Only another stall has joined the queue: it must not be thrown out unseen. Whoever adds a
    # third at once adds it to that one.
    third = world.stall(organiser, market["id"], number="3")["id"]
    opened = marks(desk.read(page))
    ok(organiser.put(f"/offerings/{offering['id']}", {"also_at_stall_ids": [also]}))
    late = changed | opened | {"min_age": "60", "also_at_stall_ids": third}
    second = desk.send(page, **late)
    told = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "「1 号也叫号」，您没有动过" in told
    ticked = re.findall(r'name="also_at_stall_ids" value="([^"]+)" checked', told)
    assert ticked == [also, third]
    assert 'name="min_age" type="number" value="60"' in told
    again = late | marks(told) | {"also_at_stall_ids": ticked}
    assert desk.send(page, **again).status_code == 303
    after = ok(organiser.get(f"/offerings/{offering['id']}"))
    assert (after["min_age"], sorted(after["also_at_stall_ids"])) == (60, sorted(ticked))
    refused = desk.send(path, **offering_form(service_kind="x", title="保留我"))
    assert refused.status_code == 422
    assert "保留我" in refused.get_data(as_text=True)
    seen = hidden(desk.read(page + "/delete"), "seen")
    assert desk.send(page + "/delete", seen="old").status_code == 409
    assert desk.send(page + "/delete", seen=seen).status_code == 303
    assert organiser.get(f"/offerings/{offering['id']}").status_code == 404


def test_a_service_with_bookings_says_how_many_are_cancelled_with_it(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    path = f"{M}/offerings/{offering_of(market)['id']}/delete"
    seen = hidden(desk.read(path), "seen")
    sign_up(world, market)
    assert desk.send(path, seen=seen).status_code == 409, "signed up meanwhile"
    assert "1 个预约会随之取消" in desk.read(path)
    assert ok(organiser.get(f"/offerings/{offering_of(market)['id']}"))


def test_slots_come_from_a_pattern_or_one_by_one(
    world: World, desk: Desk, organiser: Person
) -> None:
    draft = world.draft(organiser, starts_at=START, hours=3)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    path = f"{M}/offerings/{offering['id']}/slots"
    pattern = {"from": f"{DAY}T01:00", "to": f"{DAY}T02:10", "minutes": "30", "places": "4"}
    assert desk.send(path + "/pattern", **pattern).status_code == 303
    one = {"starts_at": f"{DAY}T03:00", "ends_at": f"{DAY}T03:20", "capacity": "2"}
    assert desk.send(path, **one).status_code == 303
    slots = ok(organiser.get(f"/offerings/{offering['id']}"))["slots"]
    assert [slot["capacity"] for slot in slots] == [4, 4, 2]
    for typed, status, words in (
        (pattern | {"from": f"{DAY}T00:30"}, 422, "早于活动开始时间"),
        (pattern | {"from": f"{DAY}T03:10", "to": f"{DAY}T05:00"}, 422, "晚于活动结束时间"),
        (pattern, 409, "这个时间已经有时段了"),
        (pattern | {"minutes": "90"}, 422, "应能分成"),
        (pattern | {"minutes": ""}, 422, "必填"),
    ):
        refused = desk.send(path + "/pattern", **typed)
        assert refused.status_code == status, words
        assert words in refused.get_data(as_text=True)
    refused = desk.send(path, **one | {"ends_at": f"{DAY}T02:00"})
    assert "结束时间应晚于开始时间" in refused.get_data(as_text=True)
    queue = world.offering(organiser, stall["id"], mode="queue")
    refused = desk.send(f"{M}/offerings/{queue['id']}/slots", **one)
    assert refused.status_code == 422


def test_a_slot_that_is_over_has_no_places_left(
    world: World, desk: Desk, organiser: Person
) -> None:
    begun = clock.now().replace(second=0, microsecond=0) - timedelta(hours=1)
    draft = world.draft(organiser, starts_at=begun)
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    for minutes in (0, 120):
        starts = begun + timedelta(minutes=minutes)
        world.slot(organiser, offering["id"], starts.isoformat(), capacity=5)
    page = desk.read(f"{M}/offerings/{offering['id']}")
    rows = re.findall(r"</progress></span></td><td>(.*?)</td>", page, re.DOTALL)
    assert [re.sub("<.*?>", "", cell) for cell in rows] == ["已结束", "5"]


def slot_form(slot: dict[str, Any], **more: Any) -> dict[str, Any]:
    local = {
        name: form_time(datetime.fromisoformat(slot[name])) for name in ("starts_at", "ends_at")
    }
    return local | {"capacity": str(slot["capacity"])} | more


def test_a_service_by_slots_that_is_added_to_a_published_market_says_what_is_next(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    """Residents see that it has no slots yet and can't be booked; the overview says so until it
    has; and what the market lacks hinders no other change."""
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    overview, stall = f"{M}/{market['id']}", market["stalls"][0]["id"]
    assert "还缺" not in desk.read(overview)
    made = desk.send(f"{M}/stalls/{stall}/offerings", **offering_form(title="量血压", mode="slots"))
    page = desk.read(made.location)
    assert "居民现在看到它「时段还没有定」" in page
    assert "「量血压」是预约制，还没有时段" in desk.read(overview)
    offering = made.location.rpartition("/")[2]
    found = ok(world.http.get(f"{API}/offerings/{offering}"))
    assert (found["mode"], found["slots"]) == ("slots", [])
    nowhere = world.person().post(f"/offerings/{offering}/bookings", {"slot_id": None})
    refused(nowhere, 422, "validation_failed")
    path = f"{M}/offerings/{offering}/slots"
    times = {"starts_at": f"{DAY}T01:00", "ends_at": f"{DAY}T01:30", "capacity": "3"}
    outside = desk.send(path, **times | {"ends_at": f"{DAY}T23:00"})
    assert outside.status_code == 422, "nothing lies outside the announced hours"
    assert desk.send(path, **times).status_code == 303
    assert "还缺" not in desk.read(overview)
    # Its only slot stays, as any announced service's; all of it can be taken back.
    (slot,) = ok(world.http.get(f"{API}/offerings/{offering}"))["slots"]
    refused(organiser.delete(f"/slots/{slot['id']}"), 409, "stays_published")
    assert organiser.delete(f"/offerings/{offering}").status_code == 204


def test_a_slot_is_not_cut_below_what_is_booked(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    sign_up(world, market)
    sign_up(world, market)
    slot = offering_of(market)["slots"][0]
    path = f"{M}/slots/{slot['id']}"
    seen = hidden(desk.read(path), "seen")
    refused = desk.send(path, **slot_form(slot, capacity="1", seen=seen))
    assert refused.status_code == 409
    assert "这个时段有 2 人报名" in refused.get_data(as_text=True)
    more = desk.send(path, **slot_form(slot, capacity="9", seen=seen))
    assert more.status_code == 303, "more places harm nobody"
    assert row(Slot, slot["id"]).capacity == 9


def test_a_slot_s_new_time_is_confirmed_with_who_is_affected(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    sign_up(world, market)
    slot = offering_of(market)["slots"][0]
    path = f"{M}/slots/{slot['id']}"
    opened = marks(desk.read(path))
    typed = slot_form(slot, starts_at=f"{DAY}T01:05", capacity="3", **opened)
    page = desk.step(path, **typed)
    assert "确认修改" in page
    assert row(Slot, slot["id"]).capacity == 5
    confirmed = fields_of(page)
    sign_up(world, market)
    again = desk.step(path, **confirmed)
    assert "刚刚有变化" in again
    assert row(Slot, slot["id"]).capacity == 5
    late = fields_of(again)
    assert "asked=" not in desk.send(path, **late).location
    assert row(Slot, slot["id"]).capacity == 3
    # The second editor is told what the first has changed, and brings no old value back.
    second = desk.send(path, **slot_form(slot, ends_at=f"{DAY}T01:50", **opened))
    told = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "「开始」「名额」，您没有动过" in re.sub(r"\s*\n\s*", "", told)
    assert 'name="capacity" type="number" value="3"' in told
    assert f'value="{DAY}T01:50"' in told


def test_a_draft_s_slot_is_changed_and_deleted_at_once(desk: Desk, market: dict[str, Any]) -> None:
    slot = offering_of(market)["slots"][0]
    path = f"{M}/slots/{slot['id']}"
    seen = hidden(desk.read(path), "seen")
    assert desk.send(path, **slot_form(slot, seen=seen)).status_code == 303
    assert "edit_slot" not in audited(market["id"])
    assert desk.send(path, **slot_form(slot, capacity="2", seen=seen)).status_code == 303
    assert desk.send(path + "/delete", seen="old").status_code == 409
    seen = hidden(desk.read(path + "/delete"), "seen")
    assert desk.send(path + "/delete", seen=seen).status_code == 303
    assert row(Slot, slot["id"]) is None


def test_a_booked_slot_is_not_deleted(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any]
) -> None:
    ok(organiser.post(f"/activities/{market['id']}/publish"))
    slot = offering_of(market)["slots"][0]
    path = f"{M}/slots/{slot['id']}/delete"
    seen = hidden(desk.read(path), "seen")
    sign_up(world, market)
    late = desk.send(path, seen=seen)
    assert late.status_code == 409
    assert "已有 1 人报名" in late.get_data(as_text=True)
    assert row(Slot, slot["id"]) is not None


@pytest.mark.parametrize("kind", ["stalls", "offerings", "slots"])
def test_what_was_deleted_meanwhile_says_so_and_leads_to_what_is_left(
    world: World, desk: Desk, organiser: Person, market: dict[str, Any], kind: str
) -> None:
    """Saved from a page that stayed open, and gone back to; nobody has reached for anything. A
    stranger is told no more than of what never was."""
    stall, offering = market["stalls"][0]["id"], offering_of(market)
    slot = offering["slots"][0]
    one = {"stalls": stall, "offerings": offering["id"], "slots": slot["id"]}[kind]
    ok(organiser.delete(f"/{kind}/{one}"), 204)
    path = f"{M}/{kind}/{one}"
    sent = {
        "stalls": {"number": "1", "name": "义诊台"}, "slots": slot_form(slot),
        "offerings": {"title": "义诊", "service_kind": "clinic", "mode": "slots"},
    }[kind]  # fmt: skip
    saved = desk.send(path, **sent)
    assert saved.status_code == 404
    word = {"stalls": "摊位", "offerings": "服务", "slots": "时段"}[kind]
    for page in (saved.get_data(as_text=True), desk.read(path, 404)):
        assert f"这个{word}已被删除" in page
        assert f'href="{M}/{market["id"]}/stalls"' in page
        assert "会恢复" not in page
    if kind != "slots":
        gone = desk.read(f"{M}/slots/{slot['id']}", 404)
        assert "这个时段已被删除" in gone
    with transaction() as session:
        refusals = select(AuditEntry.id).where(AuditEntry.action == "refuse")
        assert session.execute(refusals).all() == []
    other = Desk(world, world.organiser(OTHER_COMMUNITY))
    assert "已被删除" not in other.read(path, 404)
    with transaction() as session:
        actor = sessions.authenticate(session, organiser.token)
        for days, known in ((RETENTION.deleted_days - 1, True), (RETENTION.deleted_days, False)):
            with time_machine.travel(clock.now() + timedelta(days=days)):
                said = not_there(session, actor, kind[:-1], UUID(one))
            assert isinstance(said, Deleted) is known, "the log is read no further back"
