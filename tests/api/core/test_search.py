"""A search with several words finds what has all of them, in whatever order, in every box."""

from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.permissions import Role
from tests.support.desk import Desk
from tests.support.world import COMMUNITY, DISTRICT, Person, World, ok

FOUND = ["百合 集市", "集市 百合", " 百合\u3000广场\u200b", "文化 百合社区"]
STAFF = "/console/people/"
NOT_FOUND = ["百合 义诊", "百_合", "百% 集市", "百合\\ 集市"]


@pytest.fixture(scope="module")
def market(world: World, organiser: Person) -> str:
    title = "百合社区公益集市"
    venue = {"name": "文化广场"}
    starts_at = clock.now() + timedelta(days=3)
    made = world.draft(organiser, title=title, venue=venue, starts_at=starts_at)
    world.stall(organiser, made["id"])
    ok(organiser.post(f"/activities/{made['id']}/submit"))
    ok(world.staff(Role.ADMIN, DISTRICT).post(f"/activities/{made['id']}/publish"))
    return title


@pytest.mark.parametrize("path", ["/console/schedule/", "/console/schedule/copy"])
def test_the_schedule(desk: Desk, market: str, path: str) -> None:
    for words in FOUND:
        assert market in desk.read(f"{path}?q={words}"), words
    for words in NOT_FOUND:
        assert market not in desk.read(f"{path}?q={words}"), words


def test_the_phone_s_list(world: World, market: str) -> None:
    def found(words: str) -> list[str]:
        items = ok(world.http.get("/api/v1/activities", query_string={"q": words}))["items"]
        return [item["title"] for item in items]

    assert [found(words) for words in FOUND] == [[market]] * len(FOUND)
    assert [found(words) for words in NOT_FOUND] == [[]] * len(NOT_FOUND)


def test_organisations(world: World, organiser: Person) -> None:
    world.organisation("常州市善乐社会工作服务站")
    for words, count in (("善乐 服务站", 1), ("服务站 常州", 1), ("善乐 维修", 0)):
        assert len(ok(organiser.get("/organisations", q=words))["items"]) == count
        page = Desk(world, organiser).read(f"/console/organisations/?q={words}")
        assert ("善乐社会" in page) == bool(count)


def test_regions(world: World) -> None:
    for words, codes in (("花园 社区", [COMMUNITY]), ("社区 3204", [COMMUNITY]), ("花园 镇", [])):
        items = ok(world.http.get("/api/v1/regions", query_string={"q": words}))["items"]
        assert [item["code"] for item in items if item["code"] == COMMUNITY] == codes


def test_staff_and_their_names(world: World) -> None:
    """However a name's parts are held together."""
    admin = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    colleague = world.volunteer()
    ok(colleague.put("/me", {"name": "Gul·Bahar 阿依古丽•买买提"}))
    for words in ("阿依古丽 买买提", "买买提 gul", "阿依古丽·买买提", "阿依古丽买买提"):
        assert "买买提" in admin.read(f"{STAFF}?q={words}").split("<tbody>")[1], words
    assert "没有符合条件的人员" in admin.read(f"{STAFF}?q=阿依古丽 王")
