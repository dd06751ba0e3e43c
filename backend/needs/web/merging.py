"""The console's pages on which needs are merged, and that is undone."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.core.config import titles
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.web.replies import render, see_other
from backend.needs.lifecycle import merging
from backend.needs.permissions import access_need, check_head
from backend.needs.web import forms, schemas
from backend.needs.web.pages import pages, show


@pages.page("/<uuid:need_id>/merge", access=Permission.NEED_HANDLE, query=forms.MergeQuery)
def choose_head(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    need_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Choose what to deal with a need as, and look at both before it is done."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    choices = merging.heads_to_choose(session, actor, need, query.get("into_id"), query.get("q"))
    head = next((one for one in choices if one.id == query.get("into_id")), None)
    both = merging.beside(session, [need, head] if head else [need])
    return render(
        "needs/merge.html",
        need=need,
        query=query,
        choices=choices,
        both=both,
        obstacle=merging.why_not(session, need, head) if head else None,
        kinds=titles("service_kinds"),
        problem=problem,
    )


@pages.form("/<uuid:need_id>/merge", access=Permission.NEED_HANDLE, body=schemas.MergeRequest,
            query=forms.MergeQuery, again=choose_head, said="已合并")  # fmt: skip
def merge(
    session: Session, actor: Actor, body: dict[str, UUID], query: dict[str, Any], need_id: UUID
) -> Response:
    """Deal with a need as one with another."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    head = check_head(session, actor, body["into_id"])
    merging.merge(session, actor, need, head)
    return see_other(".show", need_id=head.id)


@pages.form("/<uuid:need_id>/unmerge", access=Permission.NEED_HANDLE, again=show,
            said="已撤销合并")  # fmt: skip
def unmerge(session: Session, actor: Actor, need_id: UUID) -> Response:
    """Deal with it by itself again."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    merging.unmerge(session, actor, need)
    return see_other(".show", need_id=need_id)
