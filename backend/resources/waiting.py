"""Which resources and credentials wait for somebody (core/todos.py)."""

from datetime import timedelta

from sqlalchemy import ColumnElement, SQLColumnExpression, case, false, func, or_, select

from backend.core import clock
from backend.core.config import CREDENTIALS, titles
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.partners.models import Organisation
from backend.resources.credentials.models import Credential, CredentialState
from backend.resources.credentials.queries import renewed
from backend.resources.models import Resource, ResourceState


def _mine(actor: Actor, code: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether something is the caller's to decide on."""
    codes = actor.region_codes(Permission.RESOURCE_APPROVE)
    return or_(false(), *(code.startswith(one) for one in codes))


def _to_approve(actor: Actor) -> AnySelect:
    return select(
        Resource.id, Resource.title.label("words"), Resource.submitted_at.label("at")
    ).where(_mine(actor, Resource.region_code), Resource.state == ResourceState.SUBMITTED)


def _credentials_to_approve(actor: Actor) -> AnySelect:
    return (
        select(Credential.id, _named().label("words"), Credential.handed_in_at.label("at"))
        .join(Organisation, Organisation.id == Credential.organisation_id)
        .where(_mine(actor, Credential.region_code), Credential.state == CredentialState.SUBMITTED)
    )


def _ending(actor: Actor) -> AnySelect:
    """What counts and ends soon, or has ended, and nothing of the kind is valid longer."""
    soon = clock.today() + timedelta(days=max(CREDENTIALS.told_days))
    end = func.timezone("Asia/Shanghai", Credential.valid_until + timedelta(days=1))
    return (
        select(Credential.id, _named().label("words"), end.label("at"))
        .join(Organisation, Organisation.id == Credential.organisation_id)
        .where(
            _mine(actor, Credential.region_code),
            Credential.state == CredentialState.APPROVED,
            Credential.valid_until <= soon,
            ~renewed(),
        )
    )


def _named() -> ColumnElement[str]:
    kind = case(titles("credential_kinds"), value=Credential.kind, else_=Credential.kind)
    return func.concat(Organisation.name, " · ", kind)


TODOS_OF_RESOURCES = (
    ToDos(
        65, "待审核的资源", Permission.RESOURCE_APPROVE, "提交", _to_approve,
        ("resources.show", "resource_id"),
        ("resources.list_resources", {"state": ResourceState.SUBMITTED.value}),
    ),
    ToDos(
        66, "待审核的资质", Permission.RESOURCE_APPROVE, "登记", _credentials_to_approve,
        ("credentials.show", "credential_id"),
    ),
    ToDos(
        67, "快到期的资质", Permission.RESOURCE_APPROVE, "有效期到", _ending,
        ("credentials.show", "credential_id"), ends_a_day=True,
    ),
)  # fmt: skip
