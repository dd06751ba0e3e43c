"""Which resources wait for somebody (core/todos.py)."""

from sqlalchemy import false, or_, select

from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.resources.models import Resource, ResourceState


def _to_approve(actor: Actor) -> AnySelect:
    codes = actor.region_codes(Permission.RESOURCE_APPROVE)
    mine = or_(false(), *(Resource.region_code.startswith(code) for code in codes))
    return select(
        Resource.id, Resource.title.label("words"), Resource.submitted_at.label("at")
    ).where(mine, Resource.state == ResourceState.SUBMITTED)


TODOS_OF_RESOURCES = (
    ToDos(
        65, "待审核的资源", Permission.RESOURCE_APPROVE, "提交", _to_approve,
        ("resources.show", "resource_id"),
        ("resources.list_resources", {"state": ResourceState.SUBMITTED.value}),
    ),
)  # fmt: skip
