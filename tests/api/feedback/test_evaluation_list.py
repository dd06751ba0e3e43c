"""GET /evaluations: the organisers' list with totals over all that the filter finds."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from backend.core.config import RATING
from backend.core.permissions import Role
from backend.feedback.tasks import freeze_evaluations
from tests.support.fair import Fair, Statements
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Market,
    Person,
    World,
    ok,
    refused,
)

NOBODY = str(UUID(int=7))
NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
OTHER = {"region": OTHER_COMMUNITY}


def listed(person: Person, **query: Any) -> list[str]:
    return [item["activity_id"] for item in ok(person.get("/evaluations", **query))["items"]]


@pytest.fixture
def fair(world: World) -> Fair:
    """Of the tests alone that ask for it: the others count all there is."""
    return Fair.live(world)


@pytest.fixture
def admin(world: World) -> Person:
    return world.staff(Role.ADMIN, DISTRICT)


def test_an_item_is_the_evaluation_in_short(fair: Fair) -> None:
    fair.answers([5] * 9 + [1], unrated=10)
    fair.answers([4], visits=True)
    (item,) = ok(fair.organiser.get("/evaluations"))["items"]
    whole = fair.evaluation()
    for name in ("activity_id", "state", "served", "rated", "response_rate", "satisfied_share",
                 "verdict", "small_sample"):  # fmt: skip
        assert item[name] == whole[name], name
    assert (item["title"], item["region_name"]) == ("花园社区公益集市", "花园社区")
    assert (item["activity_state"], item["response_rate"]) == ("live", 0.5)


def test_small_samples_are_marked(fair: Fair) -> None:
    fair.answers([5] * (RATING.publish_from - 1))
    assert ok(fair.organiser.get("/evaluations"))["items"][0]["small_sample"] is True


def test_the_latest_activity_first_whatever_its_mean(world: World, admin: Person) -> None:
    fairs = [Fair.live(world, admin, starts_at=NOON + timedelta(days=day)) for day in (2, 0, 1)]
    for fair, score in zip(fairs, (1, 3, 5), strict=True):
        fair.answers([score] * 10)
    assert listed(admin) == [fairs[0].id, fairs[2].id, fairs[1].id]


def test_pages_end_and_totals_are_over_all_of_them(world: World, admin: Person) -> None:
    fairs = [Fair.live(world, admin, starts_at=NOON) for _ in range(3)]
    fairs[0].answers([5] * 8 + [1, 2], unrated=5)
    fairs[1].answers([3] * 4)
    fairs[2].answers([1], visits=True)
    first = ok(admin.get("/evaluations", limit=2))
    rest = ok(admin.get("/evaluations", limit=2, cursor=first["next_cursor"]))
    ids = [item["activity_id"] for item in first["items"] + rest["items"]]
    assert sorted(ids) == sorted(fair.id for fair in fairs)
    assert rest["next_cursor"] is None
    assert first["totals"] == rest["totals"]
    totals = first["totals"]
    assert (totals["activities"], totals["served"], totals["rated"]) == (3, 19, 15)
    assert totals["response_rate"] == pytest.approx(14 / 19)
    assert totals["satisfied_share"]["value"] == pytest.approx(12 / 15)


def test_totals_pool_frozen_and_live_ones(world: World, admin: Person) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        old = Fair.live(world, admin)
        old.answers([5] * 9 + [1], unrated=10)
        old.answers([2, 4], visits=True)
        old.close()
        before = ok(admin.get("/evaluations"))
        moment.shift(timedelta(days=RATING.window_days, hours=4))
        with world.app.app_context():
            freeze_evaluations()
        after = ok(admin.get("/evaluations"))
        assert after["items"][0].pop("state") == "frozen"
        assert before["items"][0].pop("state") == "live"
        assert after == before
        new = Fair.live(world, admin)
        new.answers([5] * 5, unrated=5)
        totals = ok(admin.get("/evaluations"))["totals"]
        assert (totals["activities"], totals["served"], totals["rated"]) == (2, 30, 17)
        assert totals["response_rate"] == pytest.approx(15 / 30)
        assert totals["satisfied_share"]["value"] == pytest.approx(15 / 17)


def test_nothing_found_has_empty_totals(world: World, admin: Person) -> None:
    answer = ok(admin.get("/evaluations"))
    assert answer == {
        "items": [],
        "next_cursor": None,
        "totals": {
            "activities": 0, "served": 0, "rated": 0, "response_rate": None,
            "satisfied_share": None,
        },
    }  # fmt: skip


def test_everybody_sees_their_own_regions_only(world: World, admin: Person) -> None:
    here = Fair.live(world, admin)
    there = Fair.live(world, admin, activity=OTHER)
    here.answers([5] * 3)
    there.answers([1] * 4)
    assert sorted(listed(admin)) == sorted([here.id, there.id])
    for reader, fair, rated in (
        (world.organiser(SUBDISTRICT), here, 3),
        (world.organiser(COMMUNITY), here, 3),
        (world.staff(Role.AUDITOR, OTHER_SUBDISTRICT), there, 4),
    ):
        answer = ok(reader.get("/evaluations"))
        assert [item["activity_id"] for item in answer["items"]] == [fair.id]
        assert (answer["totals"]["activities"], answer["totals"]["rated"]) == (1, rated)


def test_another_regions_id_finds_nothing(world: World, admin: Person) -> None:
    Fair.live(world, admin)
    stranger = world.organiser(OTHER_SUBDISTRICT)
    answer = ok(stranger.get("/evaluations", region_id=world.region_id(SUBDISTRICT)))
    assert answer["items"] == []
    assert answer["totals"]["activities"] == 0


def test_residents_volunteers_and_partners_have_no_list(world: World) -> None:
    partner = world.staff(Role.PARTNER, organisation_id=world.organisation())
    for reader in (world.person(), world.volunteer(), partner):
        refused(reader.get("/evaluations"), 403, "forbidden")
    refused(world.http.get("/api/v1/evaluations"), 401, "not_logged_in")


def test_filters(world: World, admin: Person) -> None:
    here = Fair.live(world, admin, starts_at=NOON)
    there = Fair.live(world, admin, starts_at=NOON + timedelta(days=1), activity=OTHER)
    assert listed(admin, region_id=world.region_id(COMMUNITY)) == [here.id]
    assert listed(admin, region_id=world.region_id(OTHER_SUBDISTRICT)) == [there.id]
    assert listed(admin, region_id=world.region_id(DISTRICT)) == [there.id, here.id]
    assert listed(admin, **{"from": "2026-05-02"}) == [there.id]
    assert listed(admin, to="2026-05-01") == [here.id]
    assert listed(admin, **{"from": "2026-05-01", "to": "2026-05-02"}) == [there.id, here.id]
    assert ok(admin.get("/evaluations", to="2026-05-01"))["totals"]["activities"] == 1


def test_a_day_is_a_day_in_shanghai(world: World, admin: Person) -> None:
    """23:59 of the first and 00:00 of the second; in UTC both are the first."""
    midnight = datetime(2026, 5, 1, 16, 0, tzinfo=UTC)
    before = Fair.live(world, admin, starts_at=midnight - timedelta(hours=5))
    after = Fair.live(world, admin, starts_at=midnight)
    assert listed(admin, to="2026-05-01") == [before.id]
    assert listed(admin, **{"from": "2026-05-02"}) == [after.id]


def test_only_what_has_begun_is_listed(world: World, admin: Person) -> None:
    """Drafts and cancelled activities never; published ones once somebody has come."""
    drafts = [world.ready(admin) for _ in range(4)]
    for draft in drafts[1:]:
        ok(admin.post(f"/activities/{draft['id']}/publish"))
    ok(admin.post(f"/activities/{drafts[3]['id']}/cancel", {"reason": "大雨"}))
    assert listed(admin) == []
    _came(world, drafts[2]["id"])
    assert listed(admin) == [drafts[2]["id"]]


def _came(world: World, activity_id: str) -> None:
    fair = Fair(world, Market(world.organiser(), activity_id, "", "", None))
    fair.visit(world.person().resident_id)


def test_it_costs_the_same_whatever_there_is(world: World, admin: Person) -> None:
    Fair.live(world, admin).answers([5])
    statements = Statements(world.app)
    with statements:
        listed(admin)
    few = len(statements)
    for _ in range(3):
        fair = Fair.live(world, admin)
        fair.answers([5, 4], fair.offering())
        fair.answers([3], visits=True)
    with statements:
        assert len(listed(admin)) == 4
    assert len(statements) == few


@pytest.mark.parametrize(
    ("field", "value"),
    [("region_id", "x"), ("region_id", NOBODY), ("from", "yesterday"), ("to", "2026-13-01"),
     ("cursor", "x"), ("limit", "0"), ("sort", "mean")],
)  # fmt: skip
def test_wrong_queries_are_refused(admin: Person, field: str, value: str) -> None:
    problem = refused(admin.get("/evaluations", **{field: value}), 422, "validation_failed")
    assert field in problem["errors"]
