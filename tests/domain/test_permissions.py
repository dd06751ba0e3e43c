"""All of authorisation: what a role may do, and where (backend/core/permissions.py)."""

from uuid import UUID

import pytest

from backend.core.permissions import (
    OF_ONE_REGION,
    ROLE_PERMISSIONS,
    Actor,
    Grant,
    Permission,
    Role,
    may,
)

P = Permission
DISTRICT, TOWN, OTHER_TOWN, COMMUNITY = "320412", "320412100", "320412102", "320412100001"
OTHER_DISTRICT = "320404"
OURS, THEIRS = UUID(int=1), UUID(int=2)

ON_THE_SPOT = {
    P.ACTIVITY_SUMMARY, P.CODE_SHOW, P.CHECKIN_SCAN, P.CHECKIN_REVERT, P.ATTENDANCE_LIST,
    P.RESIDENT_FIND, P.RESIDENT_CONFIRM, P.TICKET_ISSUE, P.BOOKING_SEE, P.QUEUE_CALL,
    P.NEED_ENTER,
}  # fmt: skip
ORGANISING = ON_THE_SPOT | {
    P.ACTIVITY_SEE_DRAFT, P.ACTIVITY_EDIT, P.ACTIVITY_SUBMIT, P.ACTIVITY_PUBLISH, P.ACTIVITY_RUN,
    P.ACTIVITY_CANCEL, P.CODE_REVOKE, P.ORGANISATION_LIST, P.EVALUATION_SEE_ALL,
    P.RECTIFICATION_SEE, P.RECTIFICATION_HANDLE, P.REPORT_MAKE, P.CONSOLE_USE,
    P.NEED_SEE, P.NEED_HANDLE, P.RESOURCE_SEE, P.RESOURCE_EDIT, P.RESOURCE_APPROVE,
    P.STAFF_SEE, P.RESIDENT_LOOKUP, P.ORGANISATION_EDIT, P.CALL_LIST,
}  # fmt: skip
READING = {
    P.ACTIVITY_SEE_DRAFT, P.ACTIVITY_SUMMARY, P.ATTENDANCE_LIST, P.ORGANISATION_LIST,
    P.EVALUATION_SEE_ALL, P.RECTIFICATION_SEE, P.REPORT_MAKE, P.AUDIT_SEE, P.CONSOLE_USE,
    P.NEED_SEE, P.RESOURCE_SEE, P.STAFF_SEE,
}  # fmt: skip
EXPECTED = {
    Role.VOLUNTEER: ON_THE_SPOT,
    Role.PARTNER: {P.QUEUE_CALL, P.BOOKING_SEE, P.RESOURCE_SEE, P.RESOURCE_EDIT},
    Role.ORGANISER: ORGANISING,
    Role.ADMIN: set(Permission) - OF_ONE_REGION,
    Role.AUDITOR: READING,
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_what_each_role_may_do_at_home(role: Role, permission: Permission) -> None:
    """The whole table, said a second time: a change of it must be meant."""
    if role is Role.PARTNER:
        grant = Grant(role, organisation_id=OURS)
        allowed = grant.allows(permission, COMMUNITY, OURS)
    else:
        allowed = Grant(role, TOWN).allows(permission, COMMUNITY, None)
    assert allowed == (permission in EXPECTED[role])


def test_every_role_has_its_place_in_the_table() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)


@pytest.mark.parametrize(
    ("scope", "where", "allowed"),
    [
        (TOWN, TOWN, True),
        (TOWN, COMMUNITY, True),
        (DISTRICT, COMMUNITY, True),
        (COMMUNITY, COMMUNITY, True),
        (TOWN, DISTRICT, False),
        (COMMUNITY, TOWN, False),
        (TOWN, OTHER_TOWN, False),
        (TOWN, "320412102001", False),
        (COMMUNITY, "320412100002", False),
        (DISTRICT, OTHER_DISTRICT, False),
        (TOWN, None, False),
    ],
)
def test_a_region_holds_all_below_it_and_nothing_beside(
    scope: str, where: str | None, allowed: bool
) -> None:
    assert Grant(Role.VOLUNTEER, scope).allows(P.CHECKIN_SCAN, where, None) == allowed


@pytest.mark.parametrize("scope", [DISTRICT, TOWN, COMMUNITY])
def test_who_asks_is_for_the_clerks_of_that_region_alone(scope: str) -> None:
    found = [
        where
        for where in (DISTRICT, TOWN, COMMUNITY)
        if Grant(Role.ORGANISER, scope).allows(P.NEED_VOICES, where, None)
    ]
    assert found == [scope]


@pytest.mark.parametrize(
    ("organisation", "allowed"), [(OURS, True), (THEIRS, False), (None, False)]
)
def test_a_partner_acts_for_its_own_organisation_alone(
    organisation: UUID | None, allowed: bool
) -> None:
    grant = Grant(Role.PARTNER, organisation_id=OURS)
    assert grant.allows(P.QUEUE_CALL, COMMUNITY, organisation) == allowed


def test_a_grant_without_a_scope_allows_nothing() -> None:
    """There are none in the database; nowhere must not come to mean everywhere."""
    for role in Role:
        assert not any(Grant(role).allows(p, code, None) for p in P for code in (None, TOWN))


def test_a_region_role_does_not_depend_on_the_stalls_organisation() -> None:
    assert Grant(Role.VOLUNTEER, TOWN).allows(P.QUEUE_CALL, COMMUNITY, THEIRS)
    assert not Grant(Role.VOLUNTEER, OTHER_TOWN).allows(P.QUEUE_CALL, COMMUNITY, OURS)


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.ADMIN])
@pytest.mark.parametrize(("scope", "allowed"), [(DISTRICT, True), (TOWN, True), (COMMUNITY, False)])
def test_a_community_submits_and_those_above_publish(role: Role, scope: str, allowed: bool) -> None:
    """docs/states.md: a community's organiser submits, in their own community too."""
    grant = Grant(role, scope)
    assert grant.allows(P.ACTIVITY_PUBLISH, COMMUNITY, None) == allowed
    assert grant.allows(P.ACTIVITY_SUBMIT, COMMUNITY, None)


def test_an_actor_may_what_any_of_their_roles_allows() -> None:
    actor = Actor(
        OURS, OURS, None, (Grant(Role.VOLUNTEER, TOWN), Grant(Role.ORGANISER, "320412102001"))
    )
    assert actor.may(P.CHECKIN_SCAN, region_code=COMMUNITY)
    assert actor.may(P.ACTIVITY_EDIT, region_code="320412102001")
    assert not actor.may(P.ACTIVITY_EDIT, region_code=COMMUNITY), "roles don't add up elsewhere"


def test_may_anywhere_asks_for_the_permission_alone() -> None:
    actor = Actor(OURS, OURS, None, (Grant(Role.VOLUNTEER, TOWN),))
    assert actor.may_anywhere(P.CHECKIN_SCAN)
    assert not actor.may_anywhere(P.ACTIVITY_EDIT)
    assert not Actor(OURS, OURS).may_anywhere(P.CHECKIN_SCAN)


def test_lists_are_filtered_by_the_regions_of_a_permission() -> None:
    actor = Actor(
        OURS,
        OURS,
        None,
        (
            Grant(Role.VOLUNTEER, TOWN),
            Grant(Role.ORGANISER, COMMUNITY),
            Grant(Role.AUDITOR, OTHER_TOWN),
            Grant(Role.PARTNER, organisation_id=OURS),
        ),
    )
    assert actor.region_codes(P.ACTIVITY_SEE_DRAFT) == (COMMUNITY, OTHER_TOWN)
    assert actor.region_codes(P.ATTENDANCE_LIST) == (TOWN, COMMUNITY, OTHER_TOWN)
    assert actor.region_codes(P.ACTIVITY_PUBLISH) == (), "not from a community"
    assert actor.region_codes(P.BOOKING_SEE) == (TOWN, COMMUNITY), "a partner's is no region"


def test_a_visitor_may_nothing() -> None:
    assert not any(may(None, p, region_code=TOWN, organisation_id=OURS) for p in Permission)
    admin = Actor(OURS, OURS, None, (Grant(Role.ADMIN, DISTRICT),))
    below = set(Permission) - OF_ONE_REGION
    assert all(may(admin, p, region_code=TOWN) for p in below)
