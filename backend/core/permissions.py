"""All of authorisation on one page.

A role is granted with a scope: a region (and all below it) or an organisation. What a role may
do stands in ROLE_PERMISSIONS; whether it may do it *there* is a comparison of region codes,
because a region's code begins with its parent's (6 digits a district, 9 a subdistrict, 12 a
community).

Features load rows through `access_<thing>(session, actor, id, Permission.X)`: 404 when the
actor may not see the row, 403 when they see it and may not do that with it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    VOLUNTEER = "volunteer"
    PARTNER = "partner"
    ORGANISER = "organiser"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Permission(StrEnum):
    ACTIVITY_SEE_DRAFT = "activity.see_draft"
    ACTIVITY_EDIT = "activity.edit"
    ACTIVITY_SUBMIT = "activity.submit"
    ACTIVITY_PUBLISH = "activity.publish"
    ACTIVITY_RUN = "activity.run"
    ACTIVITY_CANCEL = "activity.cancel"
    ACTIVITY_SUMMARY = "activity.summary"
    CODE_SHOW = "code.show"
    CODE_REVOKE = "code.revoke"
    CHECKIN_SCAN = "checkin.scan"
    CHECKIN_REVERT = "checkin.revert"
    ATTENDANCE_LIST = "attendance.list"
    RESIDENT_FIND = "resident.find"
    RESIDENT_CONFIRM = "resident.confirm"
    TICKET_ISSUE = "ticket.issue"
    BOOKING_SEE = "booking.see"
    QUEUE_CALL = "queue.call"
    CALL_LIST = "call_list.use"
    ORGANISATION_LIST = "organisation.list"
    EVALUATION_SEE_ALL = "evaluation.see_all"
    RECTIFICATION_SEE = "rectification.see"
    RECTIFICATION_HANDLE = "rectification.handle"
    NEED_SEE = "need.see"
    NEED_HANDLE = "need.handle"
    NEED_ENTER = "need.enter"
    NEED_VOICES = "need.voices"
    RESOURCE_SEE = "resource.see"
    RESOURCE_EDIT = "resource.edit"
    RESOURCE_APPROVE = "resource.approve"
    STAFF_SEE = "staff.see"
    ROLE_GRANT = "role.grant"
    RESIDENT_LOOKUP = "resident.lookup"
    ORGANISATION_EDIT = "organisation.edit"
    REGION_IMPORT = "region.import"
    REPORT_MAKE = "report.make"
    AUDIT_SEE = "audit.see"
    CONSOLE_USE = "console.use"


_ON_THE_SPOT = frozenset(
    {
        Permission.ACTIVITY_SUMMARY,
        Permission.CODE_SHOW,
        Permission.CHECKIN_SCAN,
        Permission.CHECKIN_REVERT,
        Permission.ATTENDANCE_LIST,
        Permission.RESIDENT_FIND,
        Permission.RESIDENT_CONFIRM,
        Permission.TICKET_ISSUE,
        Permission.BOOKING_SEE,
        Permission.QUEUE_CALL,
        Permission.NEED_ENTER,
    }
)
_ORGANISING = _ON_THE_SPOT | {
    Permission.ACTIVITY_SEE_DRAFT,
    Permission.ACTIVITY_EDIT,
    Permission.ACTIVITY_SUBMIT,
    Permission.ACTIVITY_RUN,
    Permission.ACTIVITY_CANCEL,
    Permission.CODE_REVOKE,
    Permission.CALL_LIST,
    Permission.ORGANISATION_LIST,
    Permission.EVALUATION_SEE_ALL,
    Permission.RECTIFICATION_SEE,
    Permission.RECTIFICATION_HANDLE,
    Permission.NEED_SEE,
    Permission.NEED_HANDLE,
    Permission.NEED_VOICES,
    Permission.RESOURCE_SEE,
    Permission.RESOURCE_EDIT,
    Permission.RESOURCE_APPROVE,
    Permission.STAFF_SEE,
    Permission.RESIDENT_LOOKUP,
    Permission.ORGANISATION_EDIT,
    Permission.REPORT_MAKE,
    Permission.CONSOLE_USE,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VOLUNTEER: _ON_THE_SPOT,
    # A partner's scope is its organisation: what it may do, it may do at its own stalls, and with
    # what its organisation offers.
    Role.PARTNER: frozenset(
        {
            Permission.QUEUE_CALL,
            Permission.BOOKING_SEE,
            Permission.RESOURCE_SEE,
            Permission.RESOURCE_EDIT,
        }
    ),
    Role.ORGANISER: _ORGANISING | {Permission.ACTIVITY_PUBLISH},
    Role.ADMIN: frozenset(Permission),
    Role.AUDITOR: frozenset(
        {
            Permission.ACTIVITY_SEE_DRAFT,
            Permission.ACTIVITY_SUMMARY,
            Permission.ATTENDANCE_LIST,
            Permission.ORGANISATION_LIST,
            Permission.EVALUATION_SEE_ALL,
            Permission.RECTIFICATION_SEE,
            Permission.NEED_SEE,
            Permission.RESOURCE_SEE,
            Permission.STAFF_SEE,
            Permission.REPORT_MAKE,
            Permission.AUDIT_SEE,
            Permission.CONSOLE_USE,
        }
    ),
}

COMMUNITY_CODE_LENGTH = 12
# A community's organiser submits; these take a scope above the community (docs/states.md).
ABOVE_COMMUNITY = frozenset({Permission.ACTIVITY_PUBLISH})
# Who asks for a need is for those whose scope is its region itself: neither above nor below it.
OF_ONE_REGION = frozenset({Permission.NEED_VOICES})


@dataclass(frozen=True, slots=True)
class Grant:
    """One role with its scope; exactly one of the two scopes is set."""

    role: Role
    region_code: str | None = None
    organisation_id: UUID | None = None

    def allows(
        self, permission: Permission, region_code: str | None, organisation_id: UUID | None
    ) -> bool:
        if permission not in ROLE_PERMISSIONS[self.role]:
            return False
        if self.region_code is None:
            return organisation_id is not None and organisation_id == self.organisation_id
        if permission in ABOVE_COMMUNITY and len(self.region_code) >= COMMUNITY_CODE_LENGTH:
            return False
        if permission in OF_ONE_REGION:
            return region_code == self.region_code
        return region_code is not None and region_code.startswith(self.region_code)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: a logged-in user with their own resident row and their grants."""

    user_id: UUID
    resident_id: UUID
    session_id: UUID | None = None
    grants: tuple[Grant, ...] = field(default=())

    def may(
        self,
        permission: Permission,
        *,
        region_code: str | None = None,
        organisation_id: UUID | None = None,
    ) -> bool:
        """Whether any grant allows `permission` in a region or for an organisation."""
        return any(grant.allows(permission, region_code, organisation_id) for grant in self.grants)

    def may_anywhere(self, permission: Permission) -> bool:
        """Whether the actor holds `permission` in any scope at all."""
        return any(permission in ROLE_PERMISSIONS[grant.role] for grant in self.grants)

    def region_codes(self, permission: Permission) -> tuple[str, ...]:
        """The codes of the regions where the actor holds `permission`, for filtering lists."""
        return tuple(
            grant.region_code
            for grant in self.grants
            if grant.region_code is not None and grant.allows(permission, grant.region_code, None)
        )


def may(
    actor: Actor | None,
    permission: Permission,
    *,
    region_code: str | None = None,
    organisation_id: UUID | None = None,
) -> bool:
    """`Actor.may` for endpoints that are open to visitors too (actor None may nothing)."""
    return actor is not None and actor.may(
        permission, region_code=region_code, organisation_id=organisation_id
    )
