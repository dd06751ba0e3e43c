"""Use cases of resources: drafted, changed, handed in, decided on, given up.

Whoever writes has the row locked, through `access_resource`: of two who move one at once the
second meets the state that the first has left, and is told.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.config import titles
from backend.core.errors import AppError, EditedMeanwhile, Forbidden, ValidationFailed
from backend.core.given import UNSET, given, put
from backend.core.ids import new_id
from backend.core.permissions import Actor, Permission
from backend.core.states import transition
from backend.core.text import sentence
from backend.notices.models import NoticeKind
from backend.partners.models import Organisation
from backend.regions.models import CODE_LENGTHS, Region
from backend.resources import reading
from backend.resources.credentials.models import Credential
from backend.resources.models import RESOURCE_TRANSITIONS, Resource, ResourceState
from backend.resources.permissions import check_organisation, may
from backend.resources.requests import NewResource, ResourceEdit
from backend.resources.telling import tell_partners

Asked = TypeVar("Asked", NewResource, ResourceEdit)
EDITABLE = (ResourceState.DRAFT, ResourceState.APPROVED)
# Of these its partner may change what was approved, and it stays so: when it is free.
_WHEN_FREE = frozenset(
    {"weekdays", "from_time", "to_time", "days_off", "lead_days", "most_per_month"}
)
_LISTED = ("region_ids", "weekdays", "days_off", "requires", "credential_ids")
_AUDITED = (
    "title", "service_kind", "people", "stations", "minutes_per_person", "region_ids", "weekdays",
    "from_time", "to_time", "days_off", "lead_days", "most_per_month", "requires",
    "credential_ids",
)  # fmt: skip


class NotEditable(AppError):
    status = 409
    code = "resource_not_editable"
    title = "待审核、已暂停或已停用的资源不能修改"


def draft(session: Session, actor: Actor, new: NewResource) -> Resource:
    """A resource of an organisation, as a draft.

    Raises ValidationFailed (422), Forbidden (403) where the caller keeps neither the
    organisation's resources nor those of where it is to serve.
    """
    organisation = check_organisation(session, new.organisation_id)
    resource = Resource(
        **asdict(_ordered(new)),
        id=new_id(),
        region_id=_answering(session, organisation, new.region_ids).id,
        created_by=actor.user_id,
    )
    _check_hours(resource)
    _check_credentials(session, resource)
    session.add(resource)
    session.flush()
    session.refresh(resource)
    _check_place(actor, resource)
    audit.record(
        session,
        actor,
        "draft_resource",
        Resource.__tablename__,
        resource.id,
        region_code=resource.region_code,
        to_state=resource.state,
    )
    return resource


def change(session: Session, actor: Actor, resource: Resource, edit: ResourceEdit) -> None:
    """Change a locked resource; what is not named stays. Whoever may not approve it hands it in
    again by changing what was approved; when it is free may change at any time.

    Raises NotEditable, EditedMeanwhile (409), ValidationFailed (422), Forbidden (403) where it
    would serve beyond the caller's own regions.
    """
    if edit.version is not UNSET and edit.version != resource.version:
        raise EditedMeanwhile
    if resource.state not in EDITABLE:
        raise NotEditable
    if edit.organisation_id not in (UNSET, resource.organisation_id):
        raise ValidationFailed(errors={"organisation_id": ["不能改到别的单位名下"]})
    before = _facts(session, resource)
    put(resource, _ordered(edit), but=("organisation_id", "version"))
    _check_hours(resource)
    _check_credentials(session, resource)
    organisation = session.get_one(Organisation, resource.organisation_id)
    resource.region_id = _answering(session, organisation, resource.region_ids).id
    changed = audit.changes(before, _facts(session, resource))
    if not changed:
        return
    resource.version += 1
    session.flush()
    session.refresh(resource)
    _check_place(actor, resource)
    audit.record(
        session,
        actor,
        "edit_resource",
        Resource.__tablename__,
        resource.id,
        region_code=resource.region_code,
        details=changed,
    )
    names = {one["field"] for one in changed["changes"]}
    if resource.state is ResourceState.APPROVED and not (
        names <= _WHEN_FREE or may(actor, resource, Permission.RESOURCE_APPROVE)
    ):
        submit(session, actor, resource)


def submit(session: Session, actor: Actor, resource: Resource) -> None:
    """Hand a resource in, to be approved.

    Raises IllegalTransition (409), as every move below, when its state has none such.
    """
    _move(session, actor, resource, ResourceState.SUBMITTED, "submit_resource")
    resource.submitted_at = clock.now()


def approve(session: Session, actor: Actor, resource: Resource) -> None:
    """Let it be planned with; again, where it was suspended."""
    _move(session, actor, resource, ResourceState.APPROVED, "approve_resource")
    _tell(session, resource, "已通过", "可以安排到集市了。")


def send_back(session: Session, actor: Actor, resource: Resource, reason: str) -> None:
    """Return it to who handed it in, saying why."""
    _move(session, actor, resource, ResourceState.DRAFT, "return_resource", reason)
    _tell(session, resource, "被退回", f"改好以后请再提交。要改的是：{sentence(reason)}")


def suspend(session: Session, actor: Actor, resource: Resource, reason: str) -> None:
    """Plan with it no more for now, saying why."""
    _move(session, actor, resource, ResourceState.SUSPENDED, "suspend_resource", reason)
    _tell(session, resource, "已暂停", f"暂时不再安排。原因：{sentence(reason)}")


def retire(session: Session, actor: Actor, resource: Resource) -> None:
    """Give it up for good."""
    _move(session, actor, resource, ResourceState.RETIRED, "retire_resource")


def note_export(session: Session, actor: Actor, rows: int) -> None:
    """Keep that the list was taken as a file: of each region whose staff the caller is; what an
    organisation's people take is their own."""
    for code in actor.region_codes(Permission.RESOURCE_SEE):
        audit.record(
            session,
            actor,
            "export_resources",
            Resource.__tablename__,
            new_id(),
            region_code=code,
            details={"rows": rows},
        )


def _tell(session: Session, resource: Resource, became: str, text: str) -> None:
    tell_partners(
        session,
        resource.organisation_id,
        NoticeKind.RESOURCE_DECIDED,
        f"资源{became}：{resource.title}",
        text,
    )


def _move(
    session: Session,
    actor: Actor,
    resource: Resource,
    to: ResourceState,
    action: str,
    reason: str | None = None,
) -> None:
    transition(
        session,
        actor,
        RESOURCE_TRANSITIONS,
        resource,
        to,
        action=action,
        region_code=resource.region_code,
        details={"reason": reason} if reason else None,
    )
    resource.reason = reason
    resource.version += 1
    session.flush()


def _ordered(what: Asked) -> Asked:
    """A request with what it lists in order, each once."""
    ordered: dict[str, Any] = {
        name: sorted(set(values)) for name, values in given(what).items() if name in _LISTED
    }
    return replace(what, **ordered)


def _check_hours(resource: Resource) -> None:
    first, last = resource.from_time, resource.to_time
    if first is not None and last is not None and first >= last:
        raise ValidationFailed(errors={"to_time": ["结束时间要晚于开始时间"]})


def _check_credentials(session: Session, resource: Resource) -> None:
    """Raises ValidationFailed (422) for a credential that is none of its organisation's."""
    theirs = select(func.count()).where(
        Credential.id.in_(resource.credential_ids),
        Credential.organisation_id == resource.organisation_id,
    )
    named = len(resource.credential_ids)
    if named and session.execute(theirs).scalar_one() != named:
        raise ValidationFailed(errors={"credential_ids": ["这个单位没有这份资质"]})


def _answering(
    session: Session, organisation: Organisation, region_ids: Collection[UUID]
) -> Region:
    """Whose clerks decide on it: the smallest region that holds all these; without any, where the
    organisation is based.

    Raises ValidationFailed (422) for a region that there is none of.
    """
    if not region_ids:
        return session.get_one(Region, organisation.region_id)
    codes = session.execute(select(Region.code).where(Region.id.in_(region_ids))).scalars().all()
    if len(codes) != len(set(region_ids)):
        raise ValidationFailed(errors={"region_ids": ["没有这个地区"]})
    above = select(Region).where(Region.code.in_(_shared(codes))).order_by(Region.code.desc())
    found = session.execute(above.limit(1)).scalar_one_or_none()
    return found or session.get_one(Region, organisation.region_id)


def _shared(codes: Sequence[str]) -> list[str]:
    """The codes of the levels that all of these have in common."""
    beginnings = (codes[0][:length] for length in CODE_LENGTHS if length <= len(codes[0]))
    return [one for one in beginnings if all(code.startswith(one) for code in codes)]


def _check_place(actor: Actor, resource: Resource) -> None:
    if not may(actor, resource, Permission.RESOURCE_EDIT):
        raise Forbidden("服务地区超出您负责的范围，请由上级登记，或缩小服务地区")


def _facts(session: Session, resource: Resource) -> dict[str, Any]:
    """A resource as the audit log compares it: in words where they name no person."""
    regions = select(Region.name).where(Region.id.in_(resource.region_ids)).order_by(Region.code)
    words = {
        "service_kind": titles("service_kinds")[resource.service_kind],
        "region_ids": "、".join(session.execute(regions).scalars()),
        "weekdays": reading.say_weekdays(resource.weekdays),
        "from_time": reading.say_time(resource.from_time),
        "to_time": reading.say_time(resource.to_time),
        "days_off": reading.say_days(resource.days_off),
        "requires": reading.say_equipment(resource.requires),
        "credential_ids": "、".join(map(str, resource.credential_ids)),
    }
    facts = {name: getattr(resource, name) for name in _AUDITED}
    return facts | {name: audit.Known(said) for name, said in words.items()}
