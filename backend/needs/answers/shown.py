"""What the API says of needs: how many ask for them, never who."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity, Venue
from backend.activities.permissions import ANNOUNCED
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.pagination import Asked, Page, paginate
from backend.core.permissions import Actor
from backend.core.search import has_words
from backend.identity.models import Resident
from backend.needs.models import Need, NeedState, NeedVerdict, NeedVoice
from backend.needs.permissions import is_public, seen_by
from backend.needs.photos import photos_of
from backend.needs.reasons import title_of, turn_to
from backend.needs.requests import NeedsAsked, SimilarAsked
from backend.needs.similar.finding import similar_needs
from backend.needs.telling import planned_for
from backend.needs.verdicts.counting import NOTHING, outcomes
from backend.needs.voices.counting import count_voices
from backend.regions.models import Region

_STEPS = {
    "accept_need": "社区已受理",
    "reword_need": "社区整理了公开的文字",
    "decline_need": "没有受理",
    "withdraw_need": "提出的人撤回了",
    "plan_need": "已安排",
    "take_need_off": "要另作安排",
    "serve_need": "已服务",
    "evaluate_need": "已评价",
    "close_need_unsolved": "没能解决，已如实办结",
    "reopen_need": "还没解决，重新办理",
    "take_up_need": "有能办的单位了，重新办理",
    "merge_need": "和相同的需求合在一起办",
    "unmerge_need": "改为单独办理",
}


def list_needs(session: Session, actor: Actor | None, wanted: NeedsAsked, asked: Asked) -> Page:
    """Needs that everybody may read, and of the staff's regions all; the last raised first. Of
    those that are dealt with as one, the one that stands for them."""
    statement = (
        select(Need)
        .join(Region, Region.id == Need.region_id)
        .where(
            or_(is_public(), seen_by(actor)),
            Need.merged_into.is_(None),
            *_filters(session, wanted),
        )
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


def list_similar(
    session: Session, actor: Actor | None, asked: SimilarAsked
) -> list[dict[str, Any]]:
    """Needs under way that are like the one which is about to be raised, the most alike first: of
    those that `list_needs` shows."""
    region = session.get(Region, asked.region_id)
    if region is None:
        return []
    visible = or_(is_public(), seen_by(actor))
    return _shown(session, similar_needs(session, region.code, asked.wording, visible))


def need_in_full(session: Session, actor: Actor | None, need: Need) -> dict[str, Any]:
    """A need with its timeline, and the voices of the caller and their family in it."""
    (shown,) = _in_full(session, actor, [need])
    return shown


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
    return Page(_in_full(session, actor, page.items), page.next_cursor)


def _shown(session: Session, needs: Sequence[Need]) -> list[dict[str, Any]]:
    """As the API answers them. What becomes of one that was merged is what becomes of the one that
    stands for it."""
    voices, heads = count_voices(session, [need.id for need in needs]), _heads(session, needs)
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
            "merged_into": need.merged_into,
            "voices": voices[need.id],
        }
        | _stands(heads[need.id])
        for need in needs
    ]


def _heads(session: Session, needs: Sequence[Need]) -> dict[UUID, Need]:
    """Of each need the one that stands for it: what it was merged into, or itself."""
    statement = select(Need).where(Need.id.in_([n.merged_into for n in needs if n.merged_into]))
    heads = {head.id: head for head in session.execute(statement).scalars()}
    return {need.id: heads.get(need.merged_into or need.id, need) for need in needs}


def _stands(need: Need) -> dict[str, Any]:
    """Where a need stands."""
    return {
        "decide_by": need.decide_by,
        "late": _is_late(need),
        "state": need.state,
        "reason_code": need.reason_code,
        "reason": _reason(need),
        "turn_to": turn_to(need.reason_code),
        "round": need.round,
        "served_at": need.served_at,
        "ended_at": need.ended_at,
    }


def _is_late(need: Need) -> bool:
    overdue = need.decide_by is not None and need.decide_by < clock.today()
    return need.state is NeedState.OPEN and overdue


def _reason(need: Need) -> str | None:
    if need.reason_code is None:
        return need.reason
    return need.reason or title_of(need.reason_code)


def _in_full(session: Session, actor: Actor | None, needs: Sequence[Need]) -> list[dict[str, Any]]:
    ids = [need.id for need in needs]
    steps, own = _timelines(session, needs), _own_voices(session, actor, ids)
    heads = {need.id: need.merged_into or need.id for need in needs}
    said, photos = outcomes(session, list(heads.values())), photos_of(session, ids)
    return [
        shown
        | {
            "timeline": steps[shown["id"]],
            "photos": photos[shown["id"]],
            "outcome": said[heads[shown["id"]]].get(shown["round"], NOTHING),
            "earlier": [
                {"round": n} | one
                for n, one in said[heads[shown["id"]]].items()
                if n != shown["round"]
            ],
            "mine": next(iter(own[shown["id"]]), None),
            "own_voices": own[shown["id"]],
        }
        for shown in _shown(session, needs)
    ]


def _timelines(session: Session, needs: Sequence[Need]) -> dict[UUID, list[dict[str, Any]]]:
    """What has become of needs, in plain words: nobody is named, and of a market what everybody
    may know. Of one that was merged also what its head was planned for then, and what has become
    of the head since."""
    found: dict[UUID, list[dict[str, Any]]] = {
        need.id: [{"at": need.created_at, "what": "提出", "reason": None, "activity_id": None}]
        for need in needs
    }
    followers: dict[UUID, list[Need]] = defaultdict(list)
    # What the head of one that is merged is planned for, as far as the log has been gone through.
    stood: dict[UUID, dict[str, Any]] = {}
    for need in needs:
        if need.merged_into is not None:
            followers[need.merged_into].append(need)
    named = AuditEntry.details["activity_id"].as_string()
    statement = (
        select(AuditEntry, Activity, Venue.name.label("place"))
        .outerjoin(Activity, cast(Activity.id, Text) == named)
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .where(
            AuditEntry.object_type == Need.__tablename__,
            AuditEntry.object_id.in_([*found, *followers]),
            AuditEntry.action.in_(_STEPS),
        )
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    for row in session.execute(statement):
        entry, planned = row.AuditEntry, row.AuditEntry.action == "plan_need" and row.Activity
        what = planned_for(row.Activity, row.place) if planned else _STEPS[entry.action]
        public = planned and row.Activity.state in ANNOUNCED
        step = {
            "at": entry.at,
            "what": what,
            "reason": entry.reason_in_words,
            "activity_id": row.Activity.id if public else None,
        }
        if entry.object_id in found:
            found[entry.object_id].append(step)
            if entry.action == "merge_need" and entry.object_id in stood:
                found[entry.object_id].append(stood.pop(entry.object_id) | {"at": entry.at})
        for need in followers[entry.object_id]:
            if need.merged_at is not None and entry.at > need.merged_at:
                found[need.id].append(step)
            elif entry.action == "plan_need":
                stood[need.id] = step
            elif entry.action == "take_need_off":
                stood.pop(need.id, None)
    return found


def _own_voices(
    session: Session, actor: Actor | None, need_ids: Sequence[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    """The voices that stand of the caller, who comes first, and of their family members, by need;
    with what they say of its round."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    if actor is None:
        return found
    head = aliased(Need)
    own = or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id)
    said = (NeedVerdict.voice_id == NeedVoice.id) & (
        NeedVerdict.round == func.coalesce(head.round, Need.round)
    )
    voices = (
        select(
            NeedVoice.need_id,
            NeedVoice.resident_id,
            NeedVoice.role,
            NeedVerdict.verdict,
            NeedVerdict.reason,
        )
        .join(Need, Need.id == NeedVoice.need_id)
        .outerjoin(head, head.id == Need.merged_into)
        .join(Resident, Resident.id == NeedVoice.resident_id)
        .outerjoin(NeedVerdict, said)
        .where(own, NeedVoice.need_id.in_(need_ids), NeedVoice.withdrawn_at.is_(None))
        .order_by((Resident.id == actor.resident_id).desc(), NeedVoice.id)
    )
    for row in session.execute(voices).mappings():
        voice = dict(row)
        found[voice.pop("need_id")].append(voice)
    return found
