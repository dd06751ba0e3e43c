"""The console's pages of people: the staff with their roles, and looking a resident up."""

from typing import Any
from uuid import UUID

from flask import Response, make_response
from sqlalchemy.orm import Session

from backend.core.errors import AppError
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.web.flashes import done_here
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.identity.people import lookups
from backend.identity.permissions import access_colleague
from backend.identity.roles import Scope
from backend.identity.staff import operations, queries
from backend.identity.web import schemas
from backend.regions.queries import regions_to_choose

pages = Pages("people", __name__, url_prefix="/console/people", template_folder="templates")
_LOOK_UP = Limit("look_up", done_only=True)


@pages.page("/", access=Permission.STAFF_SEE, query=schemas.StaffQuery)
def list_staff(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """Who holds which role where, in my regions."""
    regions = regions_to_choose(session, actor.region_codes(Permission.STAFF_SEE))
    chosen = next((region for region in regions if region.id == query.get("region_id")), None)
    wanted = queries.StaffFilter(
        role=query.get("role"),
        region_code=chosen.code if chosen else None,
        words=query.get("q"),
    )
    return render(
        "identity/staff.html",
        query=query,
        regions=regions,
        counts=queries.count_by_role(session, actor, wanted.region_code),
        page=queries.list_staff(
            session, actor, wanted, limit=query["limit"], cursor=query.get("cursor")
        ),
        may_grant=actor.may_anywhere(Permission.ROLE_GRANT),
    )


@pages.page("/find", access=Permission.ROLE_GRANT)
def find(session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None) -> str:
    """The form to find whom to give a role."""
    return render("identity/find.html", typed=typed or {}, problem=problem, limit=_LOOK_UP.rules)


@pages.form("/find", access=Permission.ROLE_GRANT, body=schemas.FindForm, again=find,
            limit=_LOOK_UP, said=None)  # fmt: skip
def find_person(session: Session, actor: Actor, body: dict[str, str]) -> Response:
    """Find whom to give a role."""
    user_id = lookups.find_account(session, actor, body["who"])
    if user_id is None:
        # Answered, not raised: the look-up must be audited, and what raises is rolled back.
        unknown = lookups.PersonNotFound()
        return make_response(find(session, actor, body, unknown), unknown.status)
    return see_other(".show", user_id=user_id)


@pages.page("/<uuid:user_id>", access=Permission.STAFF_SEE)
def show(
    session: Session,
    actor: Actor,
    user_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Somebody's roles and logins, and what an admin may change of them."""
    person = access_colleague(session, actor, user_id)
    codes = actor.region_codes(Permission.ROLE_GRANT)
    return render(
        "identity/colleague.html",
        one=queries.colleague(session, actor, person),
        own=user_id == actor.user_id,
        grant_codes=codes,
        regions=regions_to_choose(session, codes),
        organisations=queries.organisations_to_choose(session, codes) if codes else [],
        typed=typed or {},
        problem=problem,
    )


@pages.form("/<uuid:user_id>/roles", access=Permission.ROLE_GRANT,
            body=schemas.GrantForm, again=show, said="已授予角色")  # fmt: skip
def give_role(session: Session, actor: Actor, body: dict[str, Any], user_id: UUID) -> Response:
    """Give a role."""
    access_colleague(session, actor, user_id)
    role = body.pop("role")
    operations.give(session, actor, user_id, role, Scope(**body))
    return see_other(".show", user_id=user_id)


def show_again(
    session: Session,
    actor: Actor,
    user_id: UUID,
    assignment_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The page that the roles stand on, after a refusal that names one of them."""
    page: str = show(session, actor, user_id, problem=problem)
    return page


@pages.form("/<uuid:user_id>/roles/<uuid:assignment_id>/take-back",
            access=Permission.ROLE_GRANT, again=show_again, page=".show",
            said="已收回角色")  # fmt: skip
def take_role_back(session: Session, actor: Actor, user_id: UUID, assignment_id: UUID) -> Response:
    """Take a role back."""
    access_colleague(session, actor, user_id)
    operations.take_back(session, actor, user_id, assignment_id)
    return see_other(".show", user_id=user_id)


@pages.form(
    "/<uuid:user_id>/log-out", access=Permission.ROLE_GRANT, again=show, said="这些电脑已退出登录"
)
def log_out(session: Session, actor: Actor, user_id: UUID) -> Response:
    """End somebody's console sessions."""
    access_colleague(session, actor, user_id)
    operations.end_console_sessions(session, actor, user_id)
    return see_other(".show", user_id=user_id)


@pages.page("/residents", access=Permission.RESIDENT_LOOKUP)
def residents(
    session: Session,
    actor: Actor,
    typed: Any = None,
    problem: AppError | None = None,
    found: list[lookups.Found] | None = None,
) -> str:
    """The form to look a resident up; nobody is listed without a question."""
    return render(
        "identity/residents.html",
        typed=typed or {},
        problem=problem,
        found=found,
        limit=_LOOK_UP.rules,
    )


@pages.form("/residents", access=Permission.RESIDENT_LOOKUP,
            body=schemas.LookUpForm, again=residents, limit=_LOOK_UP)  # fmt: skip
def look_up(session: Session, actor: Actor, body: dict[str, str]) -> str:
    """Look a resident up, once: what is found stands in no address and no history."""
    found = lookups.find_residents(session, actor, body["who"], body["reason"])
    done_here()
    page: str = residents(session, actor, typed={"reason": body["reason"]}, found=found)
    return page
