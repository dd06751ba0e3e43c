"""Roles: granted and taken back by operations that audit them; valid from the next request."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import NoResultFound

from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Actor, Role
from backend.identity import roles
from backend.identity.roles import Scope, WrongScope
from tests.support.world import COMMUNITY, SUBDISTRICT, Person, World, ok, refused


@pytest.fixture
def person(world: World) -> Person:
    return world.person()


def town(world: World) -> Scope:
    return Scope(region_id=UUID(world.region_id(SUBDISTRICT)))


def change(world: World, how: Any, person: Person, role: Role, scope: Scope) -> bool:
    admin = world.person("管理员")
    with world.app.app_context(), transaction() as session:
        actor = Actor(admin.user_id, admin.resident_id)
        done: bool = how(session, actor, person.user_id, role, scope)
        return done


def audited(outer: Connection, person: Person) -> list[Any]:
    statement = text(
        "SELECT action, from_state, to_state, details FROM audit_entry"
        " WHERE object_type = 'user_account' AND object_id = :id ORDER BY id"
    )
    return [tuple(row) for row in outer.execute(statement, {"id": person.user_id})]


def test_a_role_holds_from_the_next_request_until_it_is_taken_back(
    world: World, person: Person
) -> None:
    market = world.live_market()
    path = f"/activities/{market.id}/attendances"
    refused(person.get(path), 403, "forbidden")
    assert change(world, roles.grant, person, Role.VOLUNTEER, town(world))
    ok(person.get(path))
    assert [role["role"] for role in ok(person.get("/me"))["roles"]] == ["volunteer"]
    assert change(world, roles.revoke, person, Role.VOLUNTEER, town(world))
    refused(person.get(path), 403, "forbidden")
    assert ok(person.get("/me"))["roles"] == []


def test_every_change_is_audited_with_its_scope(
    world: World, person: Person, outer: Connection
) -> None:
    scope, organisation = town(world), world.organisation()
    partner = Scope(organisation_id=UUID(organisation))
    change(world, roles.grant, person, Role.ORGANISER, scope)
    change(world, roles.grant, person, Role.PARTNER, partner)
    change(world, roles.revoke, person, Role.ORGANISER, scope)
    region = {"region_id": str(scope.region_id), "organisation_id": None}
    assert audited(outer, person) == [
        ("grant_role", None, "organiser", region),
        ("grant_role", None, "partner", {"region_id": None, "organisation_id": organisation}),
        ("revoke_role", "organiser", None, region),
    ]


def test_who_changed_it_is_audited(world: World, person: Person, outer: Connection) -> None:
    with world.app.app_context(), transaction() as session:
        roles.grant(session, None, person.user_id, Role.AUDITOR, town(world))
    change(world, roles.revoke, person, Role.AUDITOR, town(world))
    statement = text("SELECT actor_user_id FROM audit_entry WHERE object_id = :id ORDER BY id")
    by = list(outer.execute(statement, {"id": person.user_id}).scalars())
    assert by[0] is None, "the command line"
    assert by[1] is not None


def test_the_same_role_twice_changes_nothing(
    world: World, person: Person, outer: Connection
) -> None:
    assert change(world, roles.grant, person, Role.VOLUNTEER, town(world))
    assert not change(world, roles.grant, person, Role.VOLUNTEER, town(world))
    assert len(audited(outer, person)) == 1
    assert change(world, roles.revoke, person, Role.VOLUNTEER, town(world))
    assert not change(world, roles.revoke, person, Role.VOLUNTEER, town(world))
    assert len(audited(outer, person)) == 2
    assert change(world, roles.grant, person, Role.VOLUNTEER, town(world)), "and again later"


def test_another_role_or_scope_is_not_the_one(world: World, person: Person) -> None:
    change(world, roles.grant, person, Role.VOLUNTEER, town(world))
    community = Scope(region_id=UUID(world.region_id(COMMUNITY)))
    assert not change(world, roles.revoke, person, Role.ORGANISER, town(world))
    assert not change(world, roles.revoke, person, Role.VOLUNTEER, community)
    assert change(world, roles.grant, person, Role.VOLUNTEER, community)
    assert len(ok(person.get("/me"))["roles"]) == 2


@pytest.mark.parametrize("role", Role)
def test_a_partners_scope_is_an_organisation_every_other_ones_a_region(
    world: World, person: Person, role: Role
) -> None:
    organisation = Scope(organisation_id=UUID(world.organisation()))
    right, wrong = town(world), organisation
    if role is Role.PARTNER:
        right, wrong = wrong, right
    with pytest.raises(WrongScope):
        change(world, roles.grant, person, role, wrong)
    assert change(world, roles.grant, person, role, right)


def test_nobody_gets_a_role_who_is_not_there(app: Flask, world: World) -> None:
    with app.app_context(), pytest.raises(NoResultFound), transaction() as session:
        roles.grant(session, None, new_id(), Role.VOLUNTEER, town(world))


def test_the_database_wants_exactly_one_scope(world: World, person: Person, app: Flask) -> None:
    """The second guard, behind the rule."""
    with (
        app.app_context(),
        pytest.raises(Exception, match="ck_role_assignment_one_scope"),
        transaction() as session,
    ):
        session.execute(
            text(
                "INSERT INTO role_assignment (id, user_id, role, granted_at)"
                " VALUES (:id, :user, 'volunteer', now())"
            ),
            {"id": new_id(), "user": person.user_id},
        )
