"""Walls by a link of their own: shown without a session, taken back, and nothing else with it."""

import re
from datetime import timedelta

from backend.core import clock
from backend.core.ids import new_id
from backend.core.permissions import Role
from tests.support.desk import Desk
from tests.support.market_day import MarketDay, at
from tests.support.world import COMMUNITY, DISTRICT, OTHER_SUBDISTRICT, SUBDISTRICT, World, ok

W = "/console/walls"


def address(page: str) -> str:
    """The new link's path, as the page shows it this once."""
    found = re.search(r'href="https?://[^/"]+(/console/walls/show/[\w-]+)"', page)
    assert found is not None, page
    return found[1]


def link_id(page: str) -> str:
    found = re.search(rf"{W}/([0-9a-f-]{{36}})/revoke", page)
    assert found is not None, page
    return found[1]


def test_a_market_s_wall_hangs_without_a_session(world: World, day: MarketDay) -> None:
    desk, wall = Desk(world, day.organiser), Desk(world)
    made = desk.send(f"{W}/board/{day.id}").location
    path = address(desk.read(made))
    assert address(desk.read(made)) == path, "reloaded, it is still there to be copied"
    assert path not in desk.read(f"{W}/"), "its secret is shown there alone"
    day.come(world.person())
    page = wall.read(path)
    assert "集市" in page
    assert f'data-live="{path}/now"' in page
    assert "自动退出登录" not in page
    assert "回到桌面版" not in page
    assert "到场" in wall.read(f"{path}/now")
    # It opens nothing else.
    assert wall.http.get(f"/console/board/{day.id}").status_code in (302, 303)
    assert desk.send(f"{W}/{link_id(desk.read(f'{W}/'))}/revoke").status_code == 303
    assert "/walls/show/" not in desk.read(made)
    for gone in (path, f"{path}/now"):
        refused = wall.read(gone, 404)
        assert "已经收回" in refused
        assert "没有任何内容被修改" not in refused, "nobody has sent anything"
    assert "没有" in desk.read(f"{W}/")


def test_it_ends_with_its_market(world: World) -> None:
    day = MarketDay.begin(world)
    desk = Desk(world, day.organiser)
    path = address(desk.read(desk.send(f"{W}/board/{day.id}").location))
    ((ends_at,),) = day.rows("SELECT ends_at FROM activity WHERE id = :id", id=day.id)
    wall = Desk(world)
    with at(ends_at + timedelta(hours=11)):
        wall.read(path)
    with at(ends_at + timedelta(hours=12)):
        wall.read(path, 404)


def test_a_region_s_wall_shows_that_region_alone(world: World, day: MarketDay) -> None:
    organiser = world.organiser(DISTRICT)
    desk, wall = Desk(world, organiser), Desk(world)
    form = {"region_id": world.region_id(COMMUNITY)}
    made = desk.send(f"{W}/region", _key=str(new_id()), **form).location
    path = address(desk.read(made))
    ((kept,),) = day.rows("SELECT count(*) FROM idempotency_record WHERE user_id = :id",
                          id=organiser.user_id)  # fmt: skip
    assert kept == 0, "the secret is kept as a hash alone"
    page = wall.read(path)
    assert "花园社区 吾社益心" in page
    assert f'data-live="{path}"' in page
    assert "返回" not in page
    wall.read(f"{path}/now", 404)
    wall.read(f"{W}/show/{'x' * 32}", 404)


def test_a_link_says_what_it_shows_who_made_it_and_when(world: World, day: MarketDay) -> None:
    """In the list and in the audit log."""
    maker = world.organiser(DISTRICT)
    desk, auditor = Desk(world, maker), Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    ((title,),) = day.rows("SELECT title FROM activity WHERE id = :id", id=day.id)
    for path, form, said in (
        ("region", {"region_id": world.region_id(SUBDISTRICT)}, "总览：湖塘镇"),
        (f"board/{day.id}", {}, f"现场：{title}"),
    ):
        desk.send(f"{W}/{path}", **form)
        page = desk.read(f"{W}/")
        link = link_id(page)
        row = page[page.index("<tbody>") : page.index("</tr>", page.index("<tbody>"))]
        assert said in row
        assert maker.name in row
        assert re.search(r"\d{1,2}:\d\d:\d\d</td>", row)
        assert desk.send(f"{W}/{link}/revoke").status_code == 303
        log = auditor.read(f"/console/audit/?object_id={link}")
        assert log.count(said) == 2, "made and taken back"


def test_who_runs_nothing_there_makes_and_takes_back_nothing(world: World, day: MarketDay) -> None:
    own = Desk(world, day.organiser)
    own.send(f"{W}/board/{day.id}")
    link = link_id(own.read(f"{W}/"))
    stranger = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    assert stranger.send(f"{W}/board/{day.id}").status_code == 403
    assert stranger.send(f"{W}/{link}/revoke").status_code == 404
    elsewhere = {"region_id": world.region_id(COMMUNITY)}
    assert stranger.send(f"{W}/region", **elsewhere).status_code == 403
    assert link not in stranger.read(f"{W}/")
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert auditor.send(f"{W}/board/{day.id}").status_code == 403


def test_a_region_s_calendar_is_subscribed_to_and_tells_what_becomes_of_it(world: World) -> None:
    organiser = world.organiser()
    desk, program = Desk(world, organiser), Desk(world)
    drafts = [
        world.draft(organiser, starts_at=clock.now() + timedelta(days=days), title=title)
        for days, title in ((3, "A, B; C"), (4, "名称很长的公益集市" * 6), (5, "还是草稿"))
    ]
    for draft in drafts[:2]:
        world.offering(organiser, world.stall(organiser, draft["id"])["id"])
        ok(organiser.post(f"/activities/{draft['id']}/publish"))
    answer = desk.send(f"{W}/calendar", region_id=world.region_id(SUBDISTRICT))
    made = desk.read(answer.location)
    (path,) = set(re.findall(r"https?://[^/\"]+(/console/walls/show/[\w-]+/calendar.ics)", made))
    first = program.http.get(path)
    assert first.content_type == "text/calendar; charset=utf-8"
    lines = first.get_data().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    text = first.get_data(as_text=True).replace("\r\n ", "")
    assert [text.count(f"UID:{one['id']}@wusheji") for one in drafts] == [1, 1, 0]
    escaped = r"A\, B\; C"
    assert f"SUMMARY:{escaped}" in text
    assert "名称很长的公益集市" * 6 in text
    assert "STATUS:CANCELLED" not in text
    etag = {"If-None-Match": first.headers["ETag"]}
    assert program.http.get(path, headers=etag).status_code == 304
    ok(organiser.post(f"/activities/{drafts[0]['id']}/cancel", {"reason": "大雨"}))
    changed = program.http.get(path, headers=etag).get_data(as_text=True)
    event = changed[changed.index(f"UID:{drafts[0]['id']}") :]
    assert event.index("STATUS:CANCELLED") < event.index("END:VEVENT")
    # It opens no wall, and is taken back like one.
    assert program.http.get(path.removesuffix("/calendar.ics")).status_code == 404
    assert "日历：" in desk.read(f"{W}/")
    assert "收回这个链接？订阅了它的日历不再更新" in desk.read(f"{W}/")
    assert desk.send(f"{W}/{link_id(desk.read(f'{W}/'))}/revoke").status_code == 303
    assert "链接已收回，订阅了它的日历不再更新" in desk.read(f"{W}/")
    assert program.http.get(path).status_code == 404
