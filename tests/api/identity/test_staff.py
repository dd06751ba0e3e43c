"""People and roles at the console: who sees whom, who gives and takes back what, and where."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import ROLE_PERMISSIONS, Actor, Grant, Permission, Role
from backend.identity import roles
from backend.identity.login import accounts
from backend.identity.models import RoleAssignment, User, UserState
from backend.identity.people import numbers
from backend.identity.roles import Scope
from backend.identity.staff import operations as staff
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.inbox import inbox, last
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)

STAFF = "/console/people/"
PHONE = "13912345678"


@pytest.fixture
def admin(world: World) -> Person:
    return world.staff(Role.ADMIN, DISTRICT)


@pytest.fixture
def desk(world: World, admin: Person) -> Desk:
    return Desk(world, admin)


def prove_phone(person: Person, phone: str = PHONE) -> None:
    with transaction() as session:
        actor = Actor(person.user_id, person.resident_id)
        numbers.bind_verified_phone(session, actor, phone)


def find(desk: Desk, who: str = PHONE) -> TestResponse:
    return desk.send(f"{STAFF}find", who=who)


def give(desk: Desk, person: Person, role: Role, **place: str) -> TestResponse:
    return desk.send(f"{STAFF}{person.user_id}/roles", role=role.value, **place)


def held(person: Person) -> list[RoleAssignment]:
    with transaction() as session:
        session.expire_all()
        return roles.active(session, person.user_id)


def take_back(desk: Desk, person: Person, assignment: UUID | None = None) -> TestResponse:
    one = assignment or held(person)[0].id
    return desk.send(f"{STAFF}{person.user_id}/roles/{one}/take-back")


def audited(action: str) -> list[AuditEntry]:
    with transaction() as session:
        statement = select(AuditEntry).where(AuditEntry.action == action)
        return list(session.execute(statement.order_by(AuditEntry.id)).scalars())


# ---------------------------------------------------------------------------- the list


def test_the_list_shows_who_holds_what_in_my_regions(world: World, desk: Desk) -> None:
    organisation = world.organisation("仁和卫生站")
    world.organiser()
    world.staff(Role.PARTNER, organisation_id=organisation)
    page = desk.read(STAFF)
    assert "组织者 · 湖塘镇" in page
    assert "合伙人 · 仁和卫生站" in page
    assert "管理员 <strong>1" in page
    town = Desk(world, world.organiser(OTHER_SUBDISTRICT)).read(STAFF)
    assert "组织者 · 牛塘镇" in town
    assert "湖塘镇" not in town
    assert "管理员 · 武进区" not in town


def test_the_list_is_filtered_and_paged(world: World, desk: Desk) -> None:
    _, with_account = world.volunteer(), world.volunteer()
    world.organiser()
    with transaction() as session:
        accounts.create_account(session, with_account.user_id, "hutang.li", "x" * 12)
    rows = desk.read(f"{STAFF}?role=volunteer").split("<tbody>")[1]
    assert "志愿者" in rows
    assert "组织者" not in rows
    other = world.region_id(OTHER_SUBDISTRICT)
    assert "没有符合条件的人员" in desk.read(f"{STAFF}?region_id={other}")
    assert "用户名 hutang.li" in desk.read(f"{STAFF}?q=hutang")
    assert "organiser小张" not in desk.read(f"{STAFF}?q=volunteer").split("<tbody>")[1]
    first = desk.read(f"{STAFF}?limit=1")
    assert "下一页" in first
    assert first.split("<tbody>")[1].count("<tr>") == 1


def test_somebody_out_of_my_regions_does_not_exist(world: World, desk: Desk) -> None:
    theirs = world.organiser(OTHER_SUBDISTRICT)
    town = Desk(world, world.staff(Role.ADMIN, SUBDISTRICT))
    town.read(f"{STAFF}{theirs.user_id}", 404)
    assert give(town, theirs, Role.VOLUNTEER, region_id=world.region_id(COMMUNITY)).status_code == (
        404
    )
    desk.read(f"{STAFF}{new_id()}", 404)
    desk.read(f"{STAFF}{world.person().user_id}", 404)
    assert "牛塘镇" in desk.read(f"{STAFF}{theirs.user_id}")


def test_organisers_and_auditors_see_and_change_nothing(world: World) -> None:
    volunteer = world.volunteer()
    for reader in (world.organiser(), world.staff(Role.AUDITOR, DISTRICT)):
        own = Desk(world, reader)
        assert "授予角色" not in own.read(STAFF)
        page = own.read(f"{STAFF}{volunteer.user_id}")
        assert "收回" not in page
        town = world.region_id(SUBDISTRICT)
        assert give(own, volunteer, Role.ORGANISER, region_id=town).status_code == 403
        assert take_back(own, volunteer).status_code == 403
        assert own.http.get(f"{STAFF}find").status_code == 403
    assert [one.role for one in held(volunteer)] == [Role.VOLUNTEER]


def test_pages_cost_the_same_however_many_there_are(world: World, desk: Desk) -> None:
    volunteer = world.volunteer()
    statements = Statements(world.app)
    sent = []
    for more in (0, 5):
        for _ in range(more):
            world.volunteer()
        for path in (STAFF, f"{STAFF}{volunteer.user_id}"):
            with statements:
                desk.read(path)
            sent.append(len(statements))
    assert sent[:2] == sent[2:]
    assert max(sent) <= 8, "six, one for the menu's badge, one for the form of the person's page"


# ---------------------------------------------------------------------------- to give


def test_a_role_is_given_to_who_was_found_by_their_number(world: World, desk: Desk) -> None:
    person = world.person("沈佳怡")
    prove_phone(person)
    answer = find(desk)
    assert answer.headers["Location"].endswith(f"{STAFF}{person.user_id}")
    page = desk.read(f"{STAFF}{person.user_id}")
    assert "沈*怡" in page
    assert "沈佳怡" not in page, "masked until they are on the staff"
    assert PHONE not in page
    town = world.region_id(SUBDISTRICT)
    assert give(desk, person, Role.VOLUNTEER, region_id=town).status_code == 303
    assert [one.role for one in held(person)] == [Role.VOLUNTEER]
    assert "沈佳怡" in desk.read(f"{STAFF}{person.user_id}")
    (entry,) = [entry for entry in audited("grant_role") if entry.object_id == person.user_id]
    assert (entry.to_state, entry.region_code) == ("volunteer", SUBDISTRICT)
    (looked,) = audited("look_up_resident")
    assert looked.details == {
        "by": "phone", "found": [str(person.resident_id)],
    }  # fmt: skip
    assert [notice["title"] for notice in inbox(person)] == [
        "有工作人员查看了您的信息", "您是湖塘镇的志愿者了",
    ]  # fmt: skip


def test_a_role_is_given_to_who_shows_their_code(world: World, desk: Desk) -> None:
    person = world.person()
    code = ok(person.get("/me/code"))["code"]
    assert find(desk, code).status_code == 303
    organisation = world.organisation()
    assert give(desk, person, Role.PARTNER, organisation_id=organisation).status_code == 303
    assert held(person)[0].organisation_id == UUID(organisation)
    assert "善乐社会工作服务站" in last(person)["title"]


def test_who_was_not_found_is_nobody(world: World, desk: Desk) -> None:
    """A typed number proves nothing; guests and family have no account; each try is counted."""
    person = world.person()
    ok(person.post("/me/phone", {"phone": PHONE}))
    ok(person.post("/me/family", {"name": "奶奶", "phone": PHONE}), 201)
    answer = find(desk)
    assert answer.status_code == 422
    assert "没有找到这个人" in answer.get_data(as_text=True)
    assert len(audited("look_up_resident")) == 1
    desk.read(f"{STAFF}{person.user_id}", 404)


def test_a_number_of_several_accounts_is_not_guessed_at(world: World, desk: Desk) -> None:
    for _ in range(2):
        prove_phone(world.person())
    answer = find(desk)
    assert answer.status_code == 409
    assert "请改用" in answer.get_data(as_text=True)


@pytest.mark.parametrize("who", ["1391234", "王秀英", "139123456789", "x" * 114])
def test_what_is_neither_number_nor_code_is_named(desk: Desk, who: str) -> None:
    answer = find(desk, who)
    assert answer.status_code == 422
    assert 'id="who-error"' in answer.get_data(as_text=True)
    assert who in answer.get_data(as_text=True)


def test_finding_holds_for_a_while_and_for_the_finder_alone(world: World, desk: Desk) -> None:
    person = world.person()
    prove_phone(person)
    find(desk)
    second = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    second.read(f"{STAFF}{person.user_id}", 404)


def test_an_admin_gives_nothing_beyond_their_region(world: World) -> None:
    town = Desk(world, world.staff(Role.ADMIN, SUBDISTRICT))
    volunteer = world.volunteer()
    for region in (DISTRICT, OTHER_SUBDISTRICT):
        answer = give(town, volunteer, Role.ORGANISER, region_id=world.region_id(region))
        assert answer.status_code == 403
    # An organisation belongs to where it is based: this one, to the district.
    answer = give(town, volunteer, Role.PARTNER, organisation_id=world.organisation())
    assert answer.status_code == 403
    assert [one.role for one in held(volunteer)] == [Role.VOLUNTEER]
    refused = [entry for entry in audited("refuse") if entry.details["code"] == "forbidden"]
    assert len(refused) == 1, "the same refusal stands for a minute"


def test_where_one_is_no_admin_one_gives_nothing(world: World) -> None:
    """Admin of one town and organiser of another: roles don't add up elsewhere."""
    person = world.staff(Role.ADMIN, SUBDISTRICT)
    other = world.region_id(OTHER_SUBDISTRICT)
    with transaction() as session:
        roles.grant(session, None, person.user_id, Role.ORGANISER, Scope(region_id=UUID(other)))
    own, volunteer = Desk(world, person), world.volunteer()
    assert give(own, volunteer, Role.VOLUNTEER, region_id=other).status_code == 403
    theirs = world.volunteer(OTHER_SUBDISTRICT)
    assert take_back(own, theirs).status_code == 403
    assert [one.role for one in held(theirs)] == [Role.VOLUNTEER]


def test_nobody_gives_more_than_they_hold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were organisers ever to give roles, they could not make admins."""
    more = ROLE_PERMISSIONS[Role.ORGANISER] | {Permission.ROLE_GRANT}
    monkeypatch.setitem(ROLE_PERMISSIONS, Role.ORGANISER, more)
    own = Desk(world, world.organiser())
    volunteer, town = world.volunteer(), world.region_id(SUBDISTRICT)
    assert give(own, volunteer, Role.ADMIN, region_id=town).status_code == 403
    assert give(own, volunteer, Role.ORGANISER, region_id=town).status_code == 303
    assert take_back(own, world.staff(Role.ADMIN, SUBDISTRICT)).status_code == 403


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"role": "organiser"}, "region_id"),
        ({"role": "partner"}, "organisation_id"),
        ({"role": "king"}, "role"),
        ({}, "role"),
        ({"role": "organiser", "region_id": str(UUID(int=1))}, "region_id"),
    ],
)
def test_a_form_without_its_place_is_refused_beside_the_field(
    world: World, desk: Desk, fields: dict[str, Any], field: str
) -> None:
    volunteer = world.volunteer()
    answer = desk.send(f"{STAFF}{volunteer.user_id}/roles", **fields)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.get_data(as_text=True)


def test_a_role_that_is_held_already_is_said(world: World, desk: Desk) -> None:
    volunteer = world.volunteer()
    answer = give(desk, volunteer, Role.VOLUNTEER, region_id=world.region_id(SUBDISTRICT))
    assert answer.status_code == 409
    assert "已经有这个角色" in answer.get_data(as_text=True)


def test_a_closed_account_gets_nothing(world: World, desk: Desk) -> None:
    volunteer = world.volunteer()
    with transaction() as session:
        session.get_one(User, volunteer.user_id).state = UserState.BLOCKED
    answer = give(desk, volunteer, Role.ORGANISER, region_id=world.region_id(SUBDISTRICT))
    assert answer.status_code == 409
    assert "已注销或停用" in desk.read(f"{STAFF}{volunteer.user_id}")


# ---------------------------------------------------------------------------- to take back


def test_a_role_that_was_taken_back_is_worth_nothing_at_once(world: World, desk: Desk) -> None:
    organiser = world.organiser()
    own = Desk(world, organiser)
    own.read("/console/needs/")
    assert take_back(desk, organiser).status_code == 303
    own.read("/console/needs/", 303)  # to the login: their console session is over
    assert organiser.get("/rectifications").status_code == 403, "their phone's goes on, as nobody"
    page = desk.read(f"{STAFF}{organiser.user_id}")
    assert "已收回" in page, "who was on the staff can be looked at"
    assert [entry.from_state for entry in audited("revoke_role")] == ["organiser"]
    (ended,) = audited("end_console_sessions")
    assert (ended.region_code, ended.details) == (SUBDISTRICT, {"sessions": 1})
    assert last(organiser)["title"] == "湖塘镇的组织者角色收回了"


def test_with_another_role_left_the_console_stays_open(world: World, desk: Desk) -> None:
    organiser = world.organiser()
    give(desk, organiser, Role.AUDITOR, region_id=world.region_id(SUBDISTRICT))
    own = Desk(world, organiser)
    assert take_back(desk, organiser).status_code == 303
    assert "登记需求" not in own.read("/console/needs/")


def test_a_second_admin_is_told_that_the_first_was_quicker(world: World, desk: Desk) -> None:
    volunteer = world.volunteer()
    one = held(volunteer)[0].id
    assert take_back(desk, volunteer, one).status_code == 303
    late = take_back(desk, volunteer, one)
    assert late.status_code == 409
    assert "刚刚已被收回" in late.get_data(as_text=True)
    assert take_back(desk, volunteer, new_id()).status_code == 404
    other = held(world.volunteer())[0].id
    assert take_back(desk, volunteer, other).status_code == 404, "of somebody else"


def test_a_town_s_admin_takes_nothing_from_outside(world: World) -> None:
    town = Desk(world, world.staff(Role.ADMIN, SUBDISTRICT))
    both = world.organiser(SUBDISTRICT)
    with transaction() as session:
        scope = Scope(region_id=UUID(world.region_id(OTHER_COMMUNITY)))
        roles.grant(session, None, both.user_id, Role.VOLUNTEER, scope)
    ours, theirs = held(both)
    page = town.read(f"{STAFF}{both.user_id}")
    assert str(ours.id) in page
    assert str(theirs.id) not in page
    assert take_back(town, both, theirs.id).status_code == 403
    assert town.send(f"{STAFF}{both.user_id}/log-out").status_code == 403


def test_one_s_own_admin_role_and_the_last_admin_s_stay(
    world: World, desk: Desk, admin: Person
) -> None:
    answer = take_back(desk, admin)
    assert answer.status_code == 409
    assert "不能收回自己的管理员角色" in answer.get_data(as_text=True)
    second = world.staff(Role.ADMIN, DISTRICT)
    with transaction() as session:
        session.get_one(User, admin.user_id).state = UserState.BLOCKED
        actor = Actor(admin.user_id, admin.resident_id, None, (Grant(Role.ADMIN, DISTRICT),))
        last = roles.active(session, second.user_id)[0]
        with pytest.raises(roles.LastAdmin):
            staff.take_back(session, actor, second.user_id, last.id)


def test_the_last_admin_cannot_close_their_account(world: World, admin: Person) -> None:
    refused(admin.delete("/me"), 409, "last_admin")
    assert ok(admin.get("/me"))["roles"], "nothing was changed"
    world.staff(Role.ADMIN, DISTRICT)
    assert admin.delete("/me").status_code == 204


def test_a_town_s_admin_can_go_while_the_district_has_one(world: World, desk: Desk) -> None:
    town = world.staff(Role.ADMIN, SUBDISTRICT)
    assert take_back(desk, town).status_code == 303
    assert held(town) == []


# ---------------------------------------------------------------------------- console logins


def test_an_admin_ends_a_colleague_s_console_sessions(world: World, desk: Desk) -> None:
    organiser = world.organiser()
    desks = [Desk(world, organiser) for _ in range(2)]
    assert "2 台电脑" in desk.read(f"{STAFF}{organiser.user_id}")
    assert desk.send(f"{STAFF}{organiser.user_id}/log-out").status_code == 303
    for own in desks:
        own.read("/console/needs/", 303)
    assert "0 台电脑" in desk.read(f"{STAFF}{organiser.user_id}")
    desk.send(f"{STAFF}{organiser.user_id}/log-out")
    assert len(audited("end_console_sessions")) == 1, "nothing was ended the second time"


def test_who_has_no_role_left_has_no_console(world: World) -> None:
    """A volunteer can't log in; a session that is left all the same says what is the matter."""
    organiser = world.organiser()
    own = Desk(world, organiser)
    with transaction() as session:
        for one in roles.active(session, organiser.user_id):
            one.revoked_at = clock.now()
    answer = own.http.get("/console/")
    assert answer.status_code == 403
    assert "没有工作台的权限" in answer.get_data(as_text=True)
