"""Resources: who drafts, decides on and sees them; what a change of one that was approved does."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.resources.models import Resource
from tests.support.desk import Desk
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)

LIST = "/console/resources/"
REASON = {"reason": "请写明能服务几位"}


def body(world: World, organisation_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "title": "义剪",
        "service_kind": "haircut",
        "people": 4,
        "stations": 3,
        "minutes_per_person": 12,
        "region_ids": [world.region_id(COMMUNITY)],
    } | changes


def form(organisation_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "title": "义剪",
        "service_kind": "haircut",
        "people": "4",
        "stations": "3",
        "minutes_per_person": "12",
        "regions": "湖塘镇花园",
    } | changes


def drafted(world: World, person: Person, organisation_id: str, **changes: Any) -> str:
    made: str = ok(person.post("/resources", body(world, organisation_id, **changes)), 201)["id"]
    return made


def approved(world: World, partner: Person, clerk: Person, **changes: Any) -> str:
    """The id of a resource that its partner has handed in, and a clerk has let through."""
    made = drafted(world, partner, str(organisation_of(partner)), **changes)
    ok(partner.post(f"/resources/{made}/submit"))
    ok(clerk.post(f"/resources/{made}/approve"))
    return made


def organisation_of(partner: Person) -> str:
    (role,) = ok(partner.get("/me"))["roles"]
    return str(role["scope"]["id"])


def row(resource_id: str) -> Resource:
    with transaction() as session:
        session.expire_all()
        return session.get_one(Resource, UUID(resource_id))


def test_a_resource_goes_from_draft_to_its_end_with_every_decision_in_words(
    world: World, partner: Person, organiser: Person, organisation: str
) -> None:
    made = drafted(world, partner, organisation, weekdays=[7, 6, 6], requires=["table", "power"])
    answer = ok(partner.get(f"/resources/{made}"))
    assert (answer["state"], answer["weekdays"]) == ("draft", [6, 7])
    assert answer["requires"] == ["power", "table"]
    path = f"/resources/{made}"
    refused(organiser.post(f"{path}/approve"), 409, "illegal_transition")
    assert ok(partner.post(f"{path}/submit"))["state"] == "submitted"
    refused(partner.post(f"{path}/approve"), 403, "forbidden")
    refused(organiser.post(f"{path}/return"), 422, "validation_failed")
    returned = ok(organiser.post(f"{path}/return", REASON))
    assert (returned["state"], returned["reason"]) == ("draft", REASON["reason"])
    for wrong, value in (
        ("organisation_id", world.organisation("巧手理发队")),
        ("credential_ids", [str(new_id())]),
    ):
        errors = refused(partner.put(path, {wrong: value}), 422, "validation_failed")["errors"]
        assert list(errors) == [wrong]
    ok(partner.put(path, {"people": 5}))
    assert ok(partner.post(f"{path}/submit"))["reason"] is None
    ok(organiser.post(f"{path}/approve"))
    assert ok(organiser.post(f"{path}/suspend", REASON))["state"] == "suspended"
    refused(partner.put(path, {"people": 6}), 409, "resource_not_editable")
    assert ok(organiser.post(f"{path}/approve"))["state"] == "approved"
    assert ok(partner.post(f"{path}/retire"))["state"] == "retired"
    for step in ("submit", "approve", "suspend", "retire"):
        refused(organiser.post(f"{path}/{step}", REASON if step == "suspend" else None),
                409, "illegal_transition")  # fmt: skip
    with transaction() as session:
        entries = select(AuditEntry).where(AuditEntry.object_id == UUID(made))
        found = list(session.execute(entries.order_by(AuditEntry.id)).scalars())
    assert [entry.action for entry in found] == [
        "draft_resource", "submit_resource", "return_resource", "edit_resource",
        "submit_resource", "approve_resource", "suspend_resource", "approve_resource",
        "retire_resource",
    ]  # fmt: skip
    assert {entry.region_code for entry in found} == {COMMUNITY}
    assert [entry.reason for entry in found if entry.reason] == [REASON["reason"]] * 2


def test_who_sees_and_decides_follows_from_where_it_serves(
    world: World, partner: Person, organiser: Person, organisation: str
) -> None:
    """A clerk decides on what serves in their own regions alone; what is approved is found by all
    whose regions it may serve."""
    foreign, admin = world.organiser(OTHER_SUBDISTRICT), world.staff(Role.ADMIN, DISTRICT)
    rival = world.staff(Role.PARTNER, organisation_id=world.organisation("巧手理发队"))
    both = [world.region_id(COMMUNITY), world.region_id(OTHER_COMMUNITY)]
    made = drafted(world, partner, organisation, region_ids=both)
    for stranger in (organiser, foreign, rival):
        refused(stranger.get(f"/resources/{made}"), 404, "not_found")
    ok(partner.post(f"/resources/{made}/submit"))
    ok(admin.post(f"/resources/{made}/approve"))
    for clerk in (organiser, foreign):
        assert ok(clerk.get(f"/resources/{made}"))["organisation_id"] == organisation
        refused(clerk.post(f"/resources/{made}/suspend", REASON), 403, "forbidden")
    refused(rival.get(f"/resources/{made}"), 404, "not_found")
    anywhere = drafted(world, partner, organisation, region_ids=[])
    refused(organiser.get(f"/resources/{anywhere}"), 404, "not_found")
    here = drafted(world, partner, organisation)
    narrow = {item["id"] for item in ok(organiser.get("/resources"))["items"]}
    assert narrow == {made, here}
    theirs = ok(foreign.get("/resources", region_id=world.region_id(OTHER_COMMUNITY)))["items"]
    assert {item["id"] for item in theirs} == {made}
    assert {item["id"] for item in ok(partner.get("/resources"))["items"]} == {
        made, here, anywhere,
    }  # fmt: skip
    assert ok(partner.get("/resources", state="approved", q="义剪"))["items"][0]["id"] == made
    wide = body(world, organisation, region_ids=both)
    refused(organiser.post("/resources", wide), 403, "forbidden")
    refused(organiser.put(f"/resources/{here}", {"region_ids": both}), 403, "forbidden")
    refused(rival.post("/resources", body(world, organisation)), 403, "forbidden")
    assert row(here).region_ids == [UUID(world.region_id(COMMUNITY))]


def test_what_was_approved_and_is_changed_by_its_partner_is_handed_in_again(
    world: World, partner: Person, organiser: Person
) -> None:
    made = approved(world, partner, organiser)
    path = f"/resources/{made}"
    assert ok(partner.put(path, {"people": 4}))["state"] == "approved", "nothing changed"
    free = {"days_off": ["2026-10-01"], "most_per_month": 2, "from_time": "9:00"}
    answer = ok(partner.put(path, free))
    assert (answer["state"], answer["from_time"]) == ("approved", "09:00")
    assert ok(organiser.put(path, {"stations": 4}))["state"] == "approved"
    assert ok(partner.put(path, {"stations": 9}))["state"] == "submitted"
    refused(partner.put(path, {"stations": 1}), 409, "resource_not_editable")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "联系 13800001234"}, "title"),
        ({"people": 0}, "people"),
        ({"weekdays": [0]}, "weekdays"),
        ({"from_time": "12:00", "to_time": "9:00"}, "to_time"),
        ({"to_time": "24:00"}, "to_time"),
        ({"region_ids": [str(new_id())]}, "region_ids"),
        ({"organisation_id": str(new_id())}, "organisation_id"),
        ({"requires": ["gas"]}, "requires"),
    ],
)
def test_a_resource_that_makes_no_sense_is_refused_beside_the_field(
    world: World, partner: Person, organisation: str, wrong: dict[str, Any], field: str
) -> None:
    answer = partner.post("/resources", body(world, organisation) | wrong)
    assert field in refused(answer, 422, "validation_failed")["errors"]


def test_the_console_s_form_reads_what_is_written_in_words(
    world: World, desk: Desk, organiser: Person, organisation: str
) -> None:
    typed = form(organisation, weekdays="周末 周三", requires="桌椅、电",
                 days_off="2026-10-01至2026-10-03")  # fmt: skip
    wrong = desk.send(f"{LIST}new", **typed | {"regions": "天边", "weekdays": "初一"})
    page = wrong.get_data(as_text=True)
    assert (wrong.status_code, "看不懂「初一」" in page) == (422, True)
    assert 'value="天边"' in page, "what was typed stays"
    nowhere = desk.send(f"{LIST}new", **typed | {"regions": "天边"})
    assert "没有「天边」这个地区" in nowhere.get_data(as_text=True)
    answer = desk.send(f"{LIST}new", **typed)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    made = answer.headers["Location"].rsplit("/", 1)[-1]
    found = row(made)
    assert (found.weekdays, found.requires) == ([3, 6, 7], ["power", "table"])
    assert (len(found.days_off), found.region_ids) == (3, [UUID(world.region_id(COMMUNITY))])
    page = desk.read(f"{LIST}{made}")
    for words in ("周三、周六、周日", "2026-10-01至2026-10-03", "湖塘镇花园社区", "电、桌子"):
        assert words in page
    assert desk.send(f"{LIST}{made}/submit").status_code == 303
    assert "待审核的资源" in desk.waiting()
    assert desk.send(f"{LIST}{made}/return", reason="写明年龄").status_code == 303
    assert "写明年龄" in desk.read(f"{LIST}{made}")
    ok(organiser.post(f"/resources/{made}/submit"))
    assert desk.send(f"{LIST}{made}/approve").status_code == 303
    late = desk.send(f"{LIST}{made}/return", reason="我写了很久")
    assert late.status_code == 409
    assert "我写了很久" in late.get_data(as_text=True)
    listed = desk.read(f"{LIST}?state=approved&q=义剪&service_kind=haircut")
    assert f"{LIST}{made}" in listed
    assert "没有符合条件的资源" in desk.read(f"{LIST}?service_kind=legal")


def test_of_two_tabs_that_change_one_resource_nothing_is_lost(
    world: World, desk: Desk, organiser: Person, organisation: str
) -> None:
    made = drafted(world, organiser, organisation)
    shown = form(organisation, regions="湖塘镇花园社区", lead_days="0")
    base = '{"title": "义剪", "people": "4", "weekdays": ""}'
    edit = shown | {"version": "1", "base": base}
    del edit["organisation_id"]
    assert desk.send(f"{LIST}{made}/edit", **edit | {"people": "6"}).status_code == 303
    late = desk.send(f"{LIST}{made}/edit", **edit | {"weekdays": "周六"})
    page = late.get_data(as_text=True)
    assert (late.status_code, "「来几个人」" in page) == (409, True)
    assert 'value="6"' in page
    assert 'value="周六"' in page
    assert 'name="version" value="2"' in page
    assert (row(made).people, row(made).weekdays) == (6, [])
