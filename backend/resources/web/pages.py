"""The console's pages of resources (资源清单)."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.core.config import titles
from backend.core.errors import AppError, ValidationFailed
from backend.core.pagination import Asked
from backend.core.permissions import Actor, Permission
from backend.core.web import merging
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.partners.queries import organisations_to_choose
from backend.regions.queries import regions_to_choose
from backend.resources import operations, queries, reading
from backend.resources.credentials.permissions import may_access
from backend.resources.models import Resource
from backend.resources.permissions import access_resource, may, own_organisations
from backend.resources.places import find_regions
from backend.resources.requests import NewResource, ResourceEdit, ResourcesAsked
from backend.resources.web import forms, schemas

pages = Pages("resources", __name__, url_prefix="/console/resources", template_folder="templates")
# What the form's fields are called where two have changed them.
LABELS = {
    "title": "名称", "service_kind": "服务类别", "people": "来几个人", "stations": "同时能服务几人",
    "minutes_per_person": "每人几分钟", "regions": "服务地区", "weekdays": "星期几能来",
    "from_time": "最早几点", "to_time": "最晚几点", "days_off": "不能来的日子",
    "lead_days": "提前几天约", "most_per_month": "每月最多几场", "requires": "场地要准备",
}  # fmt: skip


@pages.page("/", access=Permission.RESOURCE_SEE, query=forms.ResourceQuery)
def list_resources(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The resources that I see, with how many there are in each state."""
    wanted = asked_for(query)
    asked = Asked(cursor=query.get("cursor"), limit=query["limit"])
    return render(
        "resources/list.html",
        query=query,
        regions=regions_to_choose(session, actor.region_codes(Permission.RESOURCE_SEE)),
        organisations=queries.organisations_offering(session, actor),
        counts=queries.count_by_state(session, actor, wanted),
        page=queries.list_resources(session, actor, wanted, asked),
        kinds=titles("service_kinds"),
        may_add=actor.may_anywhere(Permission.RESOURCE_EDIT),
        problem=problem,
    )


def asked_for(query: dict[str, Any]) -> ResourcesAsked:
    """The filter that a query asks for."""
    return ResourcesAsked(
        organisation_id=query.get("organisation_id"),
        region_id=query.get("region_id"),
        service_kind=query.get("service_kind"),
        state=query.get("state"),
        words=query.get("q"),
        expiring=query.get("expiring", False),
    )


@pages.page("/new", access=Permission.RESOURCE_EDIT)
def new(session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None) -> str:
    """The form to draft a resource."""
    own = own_organisations(actor)
    known = organisations_to_choose(session)
    staff = actor.region_codes(Permission.RESOURCE_EDIT)
    return render(
        "resources/new.html",
        organisations=[one for one in known if staff or one.id in own],
        kinds=titles("service_kinds"),
        typed=typed or {"lead_days": 0},
        problem=problem,
    )


@pages.form("/new", access=Permission.RESOURCE_EDIT, body=forms.ResourceForm, again=new,
            said="已登记，核对后请提交审核")  # fmt: skip
def draft(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Draft a resource."""
    resource = operations.draft(session, actor, NewResource(**_with_regions(session, body)))
    return see_other(".show", resource_id=resource.id)


def _with_regions(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """A form's fields with the regions that its words mean.

    Raises ValidationFailed (422).
    """
    try:
        return body | {"region_ids": find_regions(session, body.pop("regions"))}
    except reading.Unreadable as error:
        raise ValidationFailed(errors={"regions": [str(error)]}) from None


@pages.page("/<uuid:resource_id>", access=Permission.RESOURCE_SEE)
def show(
    session: Session,
    actor: Actor,
    resource_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """A resource, what has become of it, and what to do next."""
    resource = access_resource(session, actor, resource_id, Permission.RESOURCE_SEE)
    return render(
        "resources/resource.html",
        resource=resource,
        full=queries.resource_in_full(session, resource),
        steps=queries.history(session, resource),
        kinds=titles("service_kinds"),
        may_edit=may(actor, resource, Permission.RESOURCE_EDIT),
        may_approve=may(actor, resource, Permission.RESOURCE_APPROVE),
        editable=resource.state in operations.EDITABLE,
        may_see_credentials=may_access(
            session, actor, resource.organisation_id, Permission.RESOURCE_SEE
        ),
        typed=typed or {},
        problem=problem,
    )


@pages.page("/<uuid:resource_id>/edit", access=Permission.RESOURCE_EDIT)
def edit(
    session: Session,
    actor: Actor,
    resource_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The form to change a resource."""
    resource = access_resource(session, actor, resource_id, Permission.RESOURCE_EDIT)
    now = _as_typed(session, resource)
    return render(
        "resources/edit.html",
        resource=resource,
        kinds=titles("service_kinds"),
        may_approve=may(actor, resource, Permission.RESOURCE_APPROVE),
        labels=LABELS,
        problem=problem,
        **merging.opened(now, "version", resource.version, typed, problem),
    )


def _as_typed(session: Session, resource: Resource) -> dict[str, Any]:
    """A resource as its form's fields show it."""
    said = {
        "regions": "、".join(queries.region_labels(session, resource.region_ids).values()),
        "weekdays": reading.say_weekdays(resource.weekdays),
        "from_time": reading.say_time(resource.from_time),
        "to_time": reading.say_time(resource.to_time),
        "days_off": reading.say_days(resource.days_off),
        "requires": reading.say_equipment(resource.requires),
    }
    return {name: said[name] if name in said else getattr(resource, name) for name in LABELS}


@pages.form("/<uuid:resource_id>/edit", access=Permission.RESOURCE_EDIT,
            body=forms.ResourceEditForm, again=edit)  # fmt: skip
def change(session: Session, actor: Actor, body: dict[str, Any], resource_id: UUID) -> Response:
    """Change a resource."""
    resource = access_resource(session, actor, resource_id, Permission.RESOURCE_EDIT, lock=True)
    body.pop("base", None)
    operations.change(session, actor, resource, ResourceEdit(**_with_regions(session, body)))
    return see_other(".show", resource_id=resource_id)


@pages.form("/<uuid:resource_id>/submit", access=Permission.RESOURCE_EDIT, again=show,
            said="已提交，等待审核")  # fmt: skip
def submit(session: Session, actor: Actor, resource_id: UUID) -> Response:
    """Hand it in."""
    resource = access_resource(session, actor, resource_id, Permission.RESOURCE_EDIT, lock=True)
    operations.submit(session, actor, resource)
    return see_other(".show", resource_id=resource_id)


@pages.form("/<uuid:resource_id>/approve", access=Permission.RESOURCE_APPROVE, again=show,
            said="已通过，可以安排到集市")  # fmt: skip
def approve(session: Session, actor: Actor, resource_id: UUID) -> Response:
    """Let it be planned with."""
    resource = access_resource(session, actor, resource_id, Permission.RESOURCE_APPROVE, lock=True)
    operations.approve(session, actor, resource)
    return see_other(".show", resource_id=resource_id)


@pages.form("/<uuid:resource_id>/return", access=Permission.RESOURCE_APPROVE,
            body=schemas.ResourceReason, again=show, said="已退回")  # fmt: skip
def send_back(session: Session, actor: Actor, body: dict[str, str], resource_id: UUID) -> Response:
    """Return it, with a reason."""
    resource = access_resource(session, actor, resource_id, Permission.RESOURCE_APPROVE, lock=True)
    operations.send_back(session, actor, resource, body["reason"])
    return see_other(".show", resource_id=resource_id)


@pages.form("/<uuid:resource_id>/suspend", access=Permission.RESOURCE_APPROVE,
            body=schemas.ResourceReason, again=show, said="已暂停")  # fmt: skip
def suspend(session: Session, actor: Actor, body: dict[str, str], resource_id: UUID) -> Response:
    """Plan with it no more for now, with a reason."""
    resource = access_resource(session, actor, resource_id, Permission.RESOURCE_APPROVE, lock=True)
    operations.suspend(session, actor, resource, body["reason"])
    return see_other(".show", resource_id=resource_id)


@pages.form("/<uuid:resource_id>/retire", access=Permission.RESOURCE_EDIT, again=show,
            said="已停用")  # fmt: skip
def retire(session: Session, actor: Actor, resource_id: UUID) -> Response:
    """Give it up for good."""
    resource = access_resource(session, actor, resource_id, Permission.RESOURCE_EDIT, lock=True)
    operations.retire(session, actor, resource)
    return see_other(".show", resource_id=resource_id)
