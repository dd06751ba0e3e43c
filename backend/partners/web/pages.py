"""The console's pages of organisations (伙伴)."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.web import merging
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.partners import operations, queries
from backend.partners.permissions import (
    access_organisation,
    access_organisation_for_edit,
    check_base,
    may_edit,
)
from backend.partners.web import schemas
from backend.regions.models import Region
from backend.regions.queries import regions_to_choose

pages = Pages(
    "organisations", __name__, url_prefix="/console/organisations", template_folder="templates"
)


@pages.page("/", access=Permission.ORGANISATION_LIST, query=schemas.OrganisationListQuery)
def list_organisations(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """The organisations, with what they had in my regions."""
    regions = regions_to_choose(session, actor.region_codes(Permission.ORGANISATION_LIST))
    chosen = next((region for region in regions if region.id == query.get("region_id")), None)
    return render(
        "partners/organisations.html",
        query=query,
        regions=regions,
        page=queries.organisations_in_full(
            session,
            actor,
            words=query.get("q"),
            region_code=chosen.code if chosen else None,
            limit=query["limit"],
            cursor=query.get("cursor"),
        ),
        may_add=actor.may_anywhere(Permission.ORGANISATION_EDIT),
    )


@pages.page("/new", access=Permission.ORGANISATION_EDIT)
def new(session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None) -> str:
    """The form to enter an organisation."""
    regions = regions_to_choose(session, actor.region_codes(Permission.ORGANISATION_EDIT))
    return render("partners/new.html", regions=regions, typed=typed or {}, problem=problem)


@pages.form("/new", access=Permission.ORGANISATION_EDIT,
            body=schemas.OrganisationForm, again=new, said="已登记")  # fmt: skip
def add(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Enter an organisation."""
    region = check_base(session, actor, body["region_id"])
    added = operations.enter_organisation(session, actor, body["name"], region)
    return see_other(".show", organisation_id=added)


@pages.page("/<uuid:organisation_id>", access=Permission.ORGANISATION_LIST)
def show(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """An organisation, its people, and what it took part in."""
    one = access_organisation(session, actor, organisation_id)
    base = session.get_one(Region, one.region_id)
    return render(
        "partners/organisation.html",
        one=one,
        base=base,
        partners=queries.partners_of(session, one),
        sees_staff=actor.may(Permission.STAFF_SEE, region_code=base.code),
        activities=queries.activities_of(session, actor, one),
        may_edit=may_edit(session, actor, one),
        regions=regions_to_choose(session, actor.region_codes(Permission.ORGANISATION_EDIT)),
        problem=problem,
        labels={"name": "单位全称", "region_id": "所在地区"},
        **merging.opened(
            {"name": one.name, "region_id": one.region_id}, "version", one.version, typed, problem
        ),
    )


@pages.form("/<uuid:organisation_id>", access=Permission.ORGANISATION_EDIT,
            body=schemas.OrganisationEditForm, again=show)  # fmt: skip
def edit(session: Session, actor: Actor, body: dict[str, Any], organisation_id: UUID) -> Response:
    """Change an organisation."""
    one = access_organisation_for_edit(session, actor, organisation_id)
    region = check_base(session, actor, body["region_id"])
    operations.edit_organisation(
        session, actor, one, name=body["name"], region=region, version=body["version"]
    )
    return see_other(".show", organisation_id=organisation_id)
