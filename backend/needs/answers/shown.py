"""What the API says of needs: how many ask for them, never who."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, false, or_, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.pagination import Asked, Page, paginate
from backend.core.permissions import Actor
from backend.core.search import has_words
from backend.identity.models import Resident
from backend.needs.models import Need, NeedState, NeedVoice
from backend.needs.permissions import is_public, seen_by
from backend.needs.reasons import title_of, turn_to
from backend.needs.requests import NeedsAsked
from backend.needs.telling import planned_for
from backend.needs.voices.counting import count_voices
from backend.regions.models import Region

_STEPS = {
    "accept_need": "社区已受理",
    "decline_need": "没有受理",
    "withdraw_need": "提出的人撤回了",
    "plan_need": "已安排",
    "take_need_off": "要另作安排",
    "serve_need": "已服务",
    "evaluate_need": "已评价",
    "close_need_unsolved": "没能解决，已如实办结",
    "reopen_need": "还没解决，重新办理",
}


def list_needs(session: Session, actor: Actor | None, wanted: NeedsAsked, asked: Asked) -> Page:
    """Needs that everybody may read, and of the staff's regions all; the last raised first."""
    statement = (
        select(Need)
        .join(Region, Region.id == Need.region_id)
        .where(or_(is_public(), seen_by(actor)), *_filters(session, wanted))
    )
    page = paginate(
        session,
        statement,
        [(Need.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda need: (str(need.id),),
        descending=True,
    )
    return Page(_shown(session, page.items), page.next_cursor)


def _filters(session: Session, wanted: NeedsAsked) -> list[Any]:
    filters: list[Any] = []
    if wanted.region_id is not None:
        region = session.get(Region, wanted.region_id)
        filters.append(Region.code.startswith(region.code) if region else false())
    for column, value in (
        (Need.state, wanted.state),
        (Need.service_kind, wanted.service_kind),
        (Need.reason_code, wanted.reason_code),
    ):
        if value is not None:
            filters.append(column == value)
    if wanted.words is not None:
        filters.extend(has_words(wanted.words, Need.title))
    if wanted.late:
        filters.append((Need.state == NeedState.OPEN) & (Need.decide_by < clock.today()))
    return filters


def need_in_full(session: Session, actor: Actor | None, need: Need) -> dict[str, Any]:
    """A need with its timeline, and the caller's own voice in it."""
    (shown,) = _with_timelines(session, [need])
    return shown | {"mine": _mine(session, actor, need)}


def list_own(session: Session, actor: Actor, asked: Asked) -> Page:
    """The needs that the caller or a family member asks for, with their timelines; the last raised
    first."""
    own = or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id)
    voices = (
        select(NeedVoice.need_id)
        .join(Resident, Resident.id == NeedVoice.resident_id)
        .where(own, NeedVoice.withdrawn_at.is_(None))
    )
    page = paginate(
        session,
        select(Need).where(Need.id.in_(voices)),
        [(Need.id.expression, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda need: (str(need.id),),
        descending=True,
    )
    return Page(_with_timelines(session, page.items), page.next_cursor)


def _shown(session: Session, needs: Sequence[Need]) -> list[dict[str, Any]]:
    voices = count_voices(session, [need.id for need in needs])
    names = select(Region.id, Region.name).where(Region.id.in_(need.region_id for need in needs))
    regions = {row.id: row.name for row in session.execute(names)}
    return [
        {
            "id": need.id,
            "region": {"id": need.region_id, "name": regions[need.region_id]},
            "title": need.title,
            "details": need.details,
            "service_kind": need.service_kind,
            "for_whom": need.for_whom,
            "suits": need.suits or [],
            "source": need.source,
            "raised_on": need.raised_on,
            "decide_by": need.decide_by,
            "late": _is_late(need),
            "state": need.state,
            "reason_code": need.reason_code,
            "reason": _reason(need),
            "turn_to": turn_to(need.reason_code),
            "round": need.round,
            "served_at": need.served_at,
            "ended_at": need.ended_at,
            "voices": voices[need.id],
        }
        for need in needs
    ]


def _is_late(need: Need) -> bool:
    overdue = need.decide_by is not None and need.decide_by < clock.today()
    return need.state is NeedState.OPEN and overdue


def _reason(need: Need) -> str | None:
    if need.reason_code is None:
        return need.reason
    return need.reason or title_of(need.reason_code)


def _with_timelines(session: Session, needs: Sequence[Need]) -> list[dict[str, Any]]:
    steps = _timelines(session, needs)
    return [shown | {"timeline": steps[shown["id"]]} for shown in _shown(session, needs)]


def _timelines(session: Session, needs: Sequence[Need]) -> dict[UUID, list[dict[str, Any]]]:
    """What has become of needs, in plain words: nobody is named, and of a market what everybody
    may know."""
    found: dict[UUID, list[dict[str, Any]]] = {
        need.id: [{"at": need.created_at, "what": "提出", "reason": None}] for need in needs
    }
    named = AuditEntry.details["activity_id"].as_string()
    statement = (
        select(AuditEntry, Activity)
        .outerjoin(Activity, cast(Activity.id, Text) == named)
        .where(
            AuditEntry.object_type == Need.__tablename__,
            AuditEntry.object_id.in_(found),
            AuditEntry.action.in_(_STEPS),
        )
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    for row in session.execute(statement):
        entry, planned = row.AuditEntry, row.AuditEntry.action == "plan_need" and row.Activity
        what = planned_for(row.Activity) if planned else _STEPS[entry.action]
        step = {"at": entry.at, "what": what, "reason": entry.reason_in_words}
        found[entry.object_id].append(step)
    return found


def _mine(session: Session, actor: Actor | None, need: Need) -> dict[str, Any] | None:
    """The voice of the caller, or of a family member; None where none stands."""
    if actor is None:
        return None
    own = or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id)
    voices = (
        select(NeedVoice.role)
        .join(Resident, Resident.id == NeedVoice.resident_id)
        .where(own, NeedVoice.need_id == need.id, NeedVoice.withdrawn_at.is_(None))
        .order_by((Resident.id == actor.resident_id).desc(), NeedVoice.id)
        .limit(1)
    )
    role = session.execute(voices).scalar_one_or_none()
    return {"role": role} if role else None
