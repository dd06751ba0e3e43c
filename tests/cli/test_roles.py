"""`flask admin create`, `flask roles …`, `flask organisations add`: setting a deployment up."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from backend.core.audit import AuditEntry
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.db import transaction
from backend.core.permissions import Role
from backend.identity import operations as identity
from backend.identity.login import sessions
from backend.identity.models import PhoneState, Resident, RoleAssignment, User, UserState
from backend.partners.models import Organisation
from tests.support.commands import Run, done, failed
from tests.support.desk import Desk
from tests.support.world import (
    COMMUNITY,
    DISTRICT,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
    ok,
    refused,
)

OPENID = "oDemo_openid-0001"
PHONE = "13812345678"
Actions = Callable[[], list[tuple[str, str | None, str | None]]]


@pytest.fixture
def actions(app: Flask) -> Actions:
    """The audit entries about users, as (action, from, to)."""

    def read() -> list[tuple[str, str | None, str | None]]:
        with app.app_context(), transaction() as session:
            entries = session.execute(
                select(AuditEntry)
                .where(AuditEntry.object_type == User.__tablename__)
                .order_by(AuditEntry.id)
            ).scalars()
            return [(entry.action, entry.from_state, entry.to_state) for entry in entries]

    return read


def counted(app: Flask, model: type[User | RoleAssignment | Organisation]) -> int:
    """How many rows of a kind there are."""
    with app.app_context(), transaction() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def roles_of(person: Person) -> list[tuple[str, str]]:
    """What `/me` tells a person of their roles: role and the scope's name."""
    me = ok(person.get("/me"))
    return [(role["role"], role["scope"]["name"]) for role in me["roles"]]


# ---------------------------------------------------------------------------- admin create


def test_an_admin_is_made_before_their_first_login(
    app: Flask, world: World, run: Run, actions: Actions
) -> None:
    """Who then logs in with that openid is the admin."""
    output = done(
        run("admin", "create", "--openid", OPENID, "--region", DISTRICT, "--name", " 张三 ")
    )
    assert "已新建用户" in output
    assert "已授予：管理员 admin 320412 武进区" in output
    with app.app_context(), transaction() as session:
        login = identity.log_in(session, OPENID, None)
        actor = sessions.authenticate(session, login.token)
        assert actor is not None
        assert [(grant.role, grant.region_code) for grant in actor.grants] == [
            (Role.ADMIN, DISTRICT)
        ]
        assert session.get_one(Resident, actor.resident_id).name == "张三"
    assert actions() == [("grant_role", None, "admin")]


def test_an_admin_who_is_one_already_is_left_and_said_so(
    app: Flask, world: World, run: Run, actions: Actions
) -> None:
    create = ("admin", "create", "--openid", OPENID, "--region", DISTRICT)
    done(run(*create))
    output = done(run(*create))
    assert "用户已存在" in output
    assert "已经有这个角色，没有改动：管理员 admin 320412 武进区" in output
    assert counted(app, User) == 1
    assert counted(app, RoleAssignment) == 1
    assert len(actions()) == 1


def test_a_name_is_kept_where_none_is_given(app: Flask, world: World, run: Run) -> None:
    create = ("admin", "create", "--openid", OPENID, "--region", DISTRICT)
    done(run(*create, "--name", "张三"))
    done(run(*create))
    with app.app_context(), transaction() as session:
        names = session.execute(select(Resident.name).where(Resident.name.is_not(None)))
        assert names.scalars().all() == ["张三"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--openid", "微信", "--region", DISTRICT), "--openid：应为字母"),
        (("--openid", "o" * 129, "--region", DISTRICT), "--openid：应为字母"),
        (("--openid", "", "--region", DISTRICT), "--openid：应为字母"),
        (("--openid", OPENID, "--region", "320499"), "--region：没有代码为 320499 的地区"),
        (("--openid", OPENID, "--region", ""), "--region：不能为空"),
        (("--openid", OPENID, "--region", DISTRICT, "--name", ""), "--name：不能为空"),
        (("--openid", OPENID, "--region", DISTRICT, "--name", "张" * 51), "--name：最多 50 个字"),
        (("--openid", OPENID, "--region", DISTRICT, "--name", "\u200b"), "--name：不能为空"),
        (("--openid", OPENID), "缺少 --region"),
        (("--region", DISTRICT), "--phone 和 --openid 要写一个"),
        (("--openid", OPENID, "--phone", PHONE, "--region", DISTRICT), "--phone 和 --openid"),
        (("--phone", "1380000", "--region", DISTRICT), "--phone：应为 11 位手机号"),
        (("--phone", PHONE, "--region", DISTRICT), "--phone：没有用户核实过这个手机号"),
    ],
)
def test_a_bad_option_is_named_and_nothing_is_made(
    app: Flask, world: World, run: Run, options: tuple[str, ...], complaint: str
) -> None:
    error = failed(run("admin", "create", *options))
    assert error.startswith(complaint), error
    assert "\n" not in error
    assert counted(app, User) == 0


def phone_of(app: Flask, person: Person, state: PhoneState) -> None:
    """The person has this number in their own account, proven so far."""
    with app.app_context(), transaction() as session:
        own = session.execute(select(Resident).where(Resident.user_id == person.user_id))
        resident = own.scalar_one()
        resident.phone_hash = composed(PhoneVault).lookup_hash(PHONE)
        resident.phone_state = state


def test_a_person_is_found_by_the_number_that_wechat_has_verified(
    app: Flask, world: World, run: Run
) -> None:
    """Nobody knows their openid. A number that was only typed may be anybody's."""
    written = f"+86 {PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}"
    create = ("admin", "create", "--phone", written, "--region", DISTRICT)
    impostor, person = world.person(), world.person()
    phone_of(app, impostor, PhoneState.TYPED)
    assert "自己填写的不算" in failed(run(*create))
    phone_of(app, person, PhoneState.VERIFIED)
    assert str(person.user_id) in done(run(*create))
    done(run("roles", "grant", written, "auditor", "--region", DISTRICT))
    assert [role for role, _ in roles_of(person)] == ["admin", "auditor"]
    assert roles_of(impostor) == []


def test_a_number_that_two_have_verified_is_nobody_s(app: Flask, world: World, run: Run) -> None:
    """It has changed hands."""
    people = [world.person(), world.person()]
    for person in people:
        phone_of(app, person, PhoneState.VERIFIED)
    error = failed(run("admin", "create", "--phone", PHONE, "--region", DISTRICT))
    assert all(str(person.user_id) in error for person in people)
    assert counted(app, RoleAssignment) == 0


# ---------------------------------------------------------------------------- grant, revoke


def test_a_role_counts_from_the_next_request_on(world: World, run: Run, actions: Actions) -> None:
    """Granted and taken back by user id; both audited."""
    person = world.person()
    refused(person.get("/organisations"), 403, "forbidden")
    arguments = (person.user_id, "organiser", "--region", SUBDISTRICT)
    granted = done(run("roles", "grant", *arguments))
    assert granted == "已授予：组织者 organiser 320412100 湖塘镇\n"
    ok(person.get("/organisations"))
    assert roles_of(person) == [("organiser", "湖塘镇")]
    assert done(run("roles", "revoke", *arguments)) == (
        "已收回：组织者 organiser 320412100 湖塘镇\n"
    )
    refused(person.get("/organisations"), 403, "forbidden")
    assert actions() == [("grant_role", None, "organiser"), ("revoke_role", "organiser", None)]


def test_several_users_are_given_a_role_or_none_is(app: Flask, world: World, run: Run) -> None:
    people = [world.person() for _ in range(3)]
    ids = [person.user_id for person in people]
    command = ("roles", "grant", *ids, "volunteer", "--region", SUBDISTRICT)
    assert failed(run(*command[:4], "oNobody", *command[4:])).startswith("USER：")
    assert counted(app, RoleAssignment) == 0
    assert done(run(*command)).count("已授予：志愿者") == 3
    assert all(roles_of(person) == [("volunteer", "湖塘镇")] for person in people)
    assert done(run(*command)).count("已经有这个角色") == 3


def test_a_user_may_be_named_by_openid(app: Flask, world: World, run: Run) -> None:
    with app.app_context(), transaction() as session:
        identity.find_or_create_user(session, OPENID)
    done(run("roles", "grant", OPENID, "volunteer", "--region", SUBDISTRICT))
    assert counted(app, RoleAssignment) == 1


def test_a_partner_s_role_is_for_an_organisation(world: World, run: Run) -> None:
    person = world.person()
    done(run("organisations", "add", "善乐社会工作服务站", "--region", DISTRICT))
    done(run("roles", "grant", person.user_id, "partner", "--organisation", "善乐社会工作服务站"))
    assert roles_of(person) == [("partner", "善乐社会工作服务站")]


@pytest.mark.parametrize(
    ("role", "scope"),
    [("partner", ("--region", DISTRICT)), ("volunteer", ("--organisation", "善乐社工站"))],
)
def test_a_role_in_the_wrong_kind_of_scope_is_refused(
    app: Flask, world: World, run: Run, role: str, scope: tuple[str, ...]
) -> None:
    done(run("organisations", "add", "善乐社工站", "--region", DISTRICT))
    error = failed(run("roles", "grant", world.person().user_id, role, *scope))
    assert "角色的范围不对" in error
    assert counted(app, RoleAssignment) == 0


def test_a_role_given_twice_is_one(app: Flask, world: World, run: Run) -> None:
    arguments = ("roles", "grant", world.person().user_id, "auditor", "--region", DISTRICT)
    done(run(*arguments))
    assert done(run(*arguments)).startswith("已经有这个角色，没有改动")
    assert counted(app, RoleAssignment) == 1


def test_who_loses_the_last_role_of_the_console_is_logged_out_of_it(world: World, run: Run) -> None:
    organiser = world.organiser()
    desk = Desk(world, organiser)
    desk.read("/console/needs/")
    done(run("roles", "revoke", str(organiser.user_id), "organiser", "--region", SUBDISTRICT))
    desk.read("/console/needs/", 303)


def test_the_last_admin_s_role_stays(world: World, run: Run) -> None:
    admin = world.staff(Role.ADMIN, DISTRICT)
    command = ("roles", "revoke", str(admin.user_id), "admin", "--region", DISTRICT)
    assert "请先设另一位管理员" in failed(run(*command))
    world.staff(Role.ADMIN, DISTRICT)
    assert "已收回" in done(run(*command))


def test_taking_back_what_nobody_has_changes_nothing(
    world: World, run: Run, actions: Actions
) -> None:
    """A role elsewhere is another role."""
    person = world.person()
    done(run("roles", "grant", person.user_id, "organiser", "--region", SUBDISTRICT))
    output = done(run("roles", "revoke", person.user_id, "organiser", "--region", DISTRICT))
    assert output.startswith("没有这个角色，没有改动")
    assert roles_of(person) == [("organiser", "湖塘镇")]
    assert len(actions()) == 1


@pytest.mark.parametrize("command", ["grant", "revoke"])
@pytest.mark.parametrize(
    ("role", "scope", "complaint"),
    [
        ("boss", ("--region", DISTRICT), "ROLE：应为 volunteer、partner、organiser、admin、"),
        ("admin", (), "--region 和 --organisation 要写一个"),
        ("admin", ("--region", DISTRICT, "--organisation", "x"), "--region 和 --organisation"),
        ("admin", ("--region", "999999"), "--region：没有代码为 999999 的地区"),
        ("partner", ("--organisation", "没有的"), "--organisation：没有名为「没有的」的单位"),
        ("partner", ("--organisation", " "), "--organisation：不能为空"),
    ],
)
def test_a_bad_argument_is_named(
    world: World, run: Run, command: str, role: str, scope: tuple[str, ...], complaint: str
) -> None:
    error = failed(run("roles", command, world.person().user_id, role, *scope))
    assert error.startswith(complaint), error
    assert "\n" not in error


@pytest.mark.parametrize("command", ["grant", "revoke"])
@pytest.mark.parametrize("user", ["oNobody", "00000000-0000-7000-8000-000000000000", "\udcff", ""])
def test_an_unknown_user_is_named(world: World, run: Run, command: str, user: str) -> None:
    error = failed(run("roles", command, user, "admin", "--region", DISTRICT))
    assert error.startswith("USER：")


@pytest.mark.parametrize("state", [UserState.BLOCKED, UserState.CLOSED])
def test_an_account_that_is_closed_or_blocked_gets_no_role(
    app: Flask, world: World, run: Run, state: UserState
) -> None:
    with app.app_context(), transaction() as session:
        user_id = identity.find_or_create_user(session, OPENID)
        session.get_one(User, user_id).state = state
    for command in (
        ("roles", "grant", user_id, "admin", "--region", DISTRICT),
        ("admin", "create", "--openid", OPENID, "--region", DISTRICT),
    ):
        assert failed(run(*command)).startswith("USER：这个账户已注销或停用")
    assert counted(app, RoleAssignment) == 0


# ---------------------------------------------------------------------------- list


def test_roles_are_listed_with_their_scopes(world: World, run: Run) -> None:
    """Of everybody, or of one user; what was taken back is not among them."""
    assert done(run("roles", "list")) == "没有任何角色\n"
    first, second = world.person(), world.person()
    done(run("organisations", "add", "善乐社工站", "--region", DISTRICT))
    for arguments in (
        (first.user_id, "organiser", "--region", COMMUNITY),
        (second.user_id, "partner", "--organisation", "善乐社工站"),
        (second.user_id, "volunteer", "--region", OTHER_SUBDISTRICT),
    ):
        done(run("roles", "grant", *arguments))
    done(run("roles", "revoke", second.user_id, "volunteer", "--region", OTHER_SUBDISTRICT))
    expected = [
        f"{first.user_id}  组织者 organiser  320412100001 花园社区",
        f"{second.user_id}  合伙人 partner  善乐社工站",
    ]
    assert sorted(done(run("roles", "list")).splitlines()) == sorted(expected)
    assert done(run("roles", "list", second.user_id)).splitlines() == expected[1:]


def test_listing_an_unknown_user_is_an_error(world: World, run: Run) -> None:
    assert failed(run("roles", "list", "oNobody")).startswith("USER：没有这个用户")


# ---------------------------------------------------------------------------- organisations


def test_an_organisation_is_added_once(app: Flask, world: World, run: Run) -> None:
    """With an audit entry of its region; a second time says so and keeps its place."""
    add = ("organisations", "add", " 善乐社会工作服务站 ", "--region")
    assert done(run(*add, SUBDISTRICT)).startswith("已登记：善乐社会工作服务站")
    assert done(run(*add, DISTRICT)).startswith("已经登记过，没有改动：善乐社会工作服务站")
    with app.app_context(), transaction() as session:
        (organisation,) = session.execute(select(Organisation)).scalars()
        assert str(organisation.region_id) == world.region_id(SUBDISTRICT)
        entries = session.execute(
            select(AuditEntry).where(AuditEntry.object_id == organisation.id)
        ).scalars()
        assert [(e.action, e.region_code) for e in entries] == [("add_organisation", SUBDISTRICT)]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("善乐", "--region", "1"), "--region：没有代码为 1 的地区"),
        (("善乐",), "缺少 --region"),
        ((" ", "--region", DISTRICT), "NAME：不能为空"),
        (("善" * 61, "--region", DISTRICT), "NAME：最多 60 个字"),
        (("善乐", "服务站", "--region", DISTRICT), "参数太多"),
    ],
)
def test_a_bad_organisation_is_refused(
    app: Flask, world: World, run: Run, arguments: tuple[str, ...], complaint: str
) -> None:
    assert failed(run("organisations", "add", *arguments)).startswith(complaint)
    assert counted(app, Organisation) == 0
