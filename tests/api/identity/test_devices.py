"""「登录的设备」: one's own sessions are seen and ended, nobody else's."""

from flask import Flask
from sqlalchemy import Connection, text

from tests.api.identity.test_sessions import another_phone
from tests.support.desk import Desk
from tests.support.world import World, ok, refused

PAGE = "/console/account"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) MicroMessenger/8.0.50"


def test_desks_and_phones_are_listed_with_what_was_noted(world: World) -> None:
    person = world.organiser()
    desk = Desk(world)
    desk.http.environ_base |= {"HTTP_USER_AGENT": CHROME, "REMOTE_ADDR": "203.0.113.7"}
    ok(person.post(f"/console-logins/{desk.ask()}/confirm"), 204)
    assert desk.send("/console/login/qr/enter").status_code == 303
    phone, at_desk = ok(person.get("/me/sessions"))["items"]
    assert (phone["how"], phone["current"]) == ("phone", True)
    told = [at_desk[name] for name in ("how", "device", "address", "current")]
    assert told == ["scan", "Chrome · Windows", "203.0.113.7", False]
    page = desk.read(PAGE)
    row = page[page.index("Chrome · Windows") : page.index("这台设备")]
    assert "扫码" in row
    assert "203.0.113.7" in row
    assert "小程序" in page


def test_a_phone_s_login_notes_where_and_with_what(wechat_app: Flask) -> None:
    http = World(wechat_app).http
    for address in ("198.51.100.4", "203.0.113.7"):
        answer = http.post(
            "/api/v1/auth/wechat", json={"code": "ok:li"},
            headers={"User-Agent": IPHONE}, environ_overrides={"REMOTE_ADDR": address},
        )  # fmt: skip
    headers = {"Authorization": f"Bearer {ok(answer)['token']}"}
    one, before = ok(http.get("/api/v1/me/sessions", headers=headers))["items"]
    assert (one["device"], one["address"]) == ("微信 · iPhone", "203.0.113.7")
    assert before["address"] == "198.51.100.4"


def test_what_was_not_noted_is_said_to_be_unknown(world: World, outer: Connection) -> None:
    desk = Desk(world, world.organiser())
    outer.execute(text("UPDATE console_session SET address = NULL, device = NULL, how = NULL"))
    assert desk.read(PAGE).count("不知道") >= 3


def test_one_is_ended_and_again_is_no_harm(world: World, outer: Connection) -> None:
    person = world.person()
    second = another_phone(world, person, outer)
    (other,) = [one for one in ok(person.get("/me/sessions"))["items"] if not one["current"]]
    for _ in range(2):
        assert person.request("DELETE", f"/me/sessions/{other['id']}").status_code == 204
    refused(second.get("/me"), 401, "not_logged_in")
    assert len(ok(person.get("/me/sessions"))["items"]) == 1
    ended = text("SELECT count(*) FROM audit_entry WHERE action = 'end_own_session'")
    assert outer.execute(ended).scalar_one() == 1


def test_nobody_else_s_are_listed_or_ended(world: World) -> None:
    person, stranger = world.person(), world.organiser()
    desk = Desk(world, stranger)
    (mine,) = ok(person.get("/me/sessions"))["items"]
    refused(stranger.request("DELETE", f"/me/sessions/{mine['id']}"), 404, "not_found")
    assert mine["id"] not in desk.read(PAGE)
    assert desk.send(f"/console/account/sessions/{mine['id']}/end").status_code == 404
    ok(person.get("/me"))


def test_all_others_end_at_once(world: World) -> None:
    person, stranger = world.organiser(), world.person()
    desk, other = Desk(world, person), Desk(world, person)
    assert desk.send("/console/account/sessions/end-others").status_code == 303
    assert "2 台其他设备" in desk.read(PAGE)
    other.read(PAGE, 303)
    refused(person.get("/me"), 401, "not_logged_in")
    ok(stranger.get("/me"))
