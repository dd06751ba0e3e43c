"""Needs that are dealt with as one. Merging is a link: what is merged keeps its state, its raiser,
its day and its history, and what becomes of the one that it was merged into, the head, becomes of
it. Undone, it is as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.search import has_words
from backend.core.states import lock
from backend.needs import telling
from backend.needs.models import UNDER_WAY, Need, NeedState, NeedVerdict, NeedVoice
from backend.needs.voices.counting import count_voices
from backend.regions.models import Region
from backend.regions.queries import within

# A subdistrict's code; needs of two of them are never one.
_SUBDISTRICT = 9
_MERGED_FROM = (NeedState.OPEN, NeedState.ACCEPTED)
_CHOICES = 60


class NotMergeable(AppError):
    status = 409
    code = "not_mergeable"
    title = "这两条需求不能合并"


class NotMerged(AppError):
    status = 409
    code = "not_merged"
    title = "这条需求没有并入别的需求，请刷新后再看"


class AskedMeanwhile(AppError):
    status = 409
    code = "asked_meanwhile"
    title = "已经问过居民解决了没有，不能再撤销合并"


@dataclass(frozen=True, slots=True)
class Merged:
    """A need that was merged, or may be, beside the one that it is merged into."""

    row: Need
    region_name: str
    voices: int


def merge(session: Session, actor: Actor, need: Need, head: Need) -> None:
    """Deal with a need as one with another, the head. Both are locked, by id: of two clerks who
    merge, plan or end them at once the second meets what the first has left.

    Raises NotMergeable (409).
    """
    for need_id in sorted((need.id, head.id)):
        lock(session, Need, need_id)
    obstacle = why_not(session, need, head)
    if obstacle is not None:
        raise NotMergeable(obstacle)
    need.merged_into, need.merged_at = head.id, clock.now()
    session.flush()
    _record(session, actor, "merge_need", need, head.id)
    telling.merged(session, need)


def why_not(session: Session, need: Need, head: Need) -> str | None:
    """What keeps a need from being merged into another, in words; None: nothing."""
    if need.id == head.id:
        return "不能并入自己"
    if need.region_code[:_SUBDISTRICT] != head.region_code[:_SUBDISTRICT]:
        return "只能合并同一个镇（街道）的需求"
    if need.merged_into is not None:
        return "这条已经并入别的需求，先撤销再合并"
    if head.merged_into is not None:
        return "选的那条已经并入别的需求，请直接并入那一条"
    if not is_mergeable(need):
        return "这条已经安排或办过，请把另一条并入这一条"
    if head.state not in UNDER_WAY:
        return "选的那条已经办过或办结"
    if head.state is NeedState.OPEN and need.state is NeedState.ACCEPTED:
        return "这条已经受理，选的那条还没有：先受理那一条"
    if merged_into(session, need):
        return "已有需求并入这一条，请把另一条并入这一条"
    return None


def is_mergeable(need: Need) -> bool:
    """Whether a need is where it can be merged from: by itself, and nothing was done for it yet."""
    return need.merged_into is None and need.state in _MERGED_FROM and need.round == 1


def unmerge(session: Session, actor: Actor, need: Need) -> None:
    """Undo it: the need is as it was before, with whoever asks for it now.

    Raises NotMerged (409); AskedMeanwhile (409) once those who ask for it have been asked about
    the head.
    """
    lock(session, Need, need.id)
    if need.merged_into is None:
        raise NotMerged
    asked = select(NeedVerdict.id).join(NeedVoice, NeedVoice.id == NeedVerdict.voice_id)
    if session.execute(asked.where(NeedVoice.need_id == need.id).limit(1)).first():
        raise AskedMeanwhile
    head_id = need.merged_into
    need.merged_into = need.merged_at = None
    session.flush()
    _record(session, actor, "unmerge_need", need, head_id)
    telling.unmerged(session, need)


def _record(session: Session, actor: Actor, action: str, need: Need, head_id: UUID) -> None:
    audit.record(
        session,
        actor,
        action,
        Need.__tablename__,
        need.id,
        region_code=need.region_code,
        details={"into": str(head_id)},
    )


def head_of(session: Session, need: Need) -> Need:
    """What a need is dealt with as: the one that it was merged into, or itself."""
    return session.get_one(Need, need.merged_into) if need.merged_into else need


def merged_into(session: Session, head: Need) -> Sequence[Need]:
    """The needs that were merged into this one, the first raised first."""
    statement = select(Need).where(Need.merged_into == head.id).order_by(Need.id)
    return session.execute(statement).scalars().all()


def heads_to_choose(
    session: Session, actor: Actor, need: Need, first: UUID | None = None, words: str | None = None
) -> list[Need]:
    """What a need may be merged into, of its subdistrict and the caller's regions; its own
    community's and kind's first, then the last raised.

    Args:
        first: the one that is looked at.
        words: of the title.
    """
    statement = (
        select(Need)
        .join(Region, Region.id == Need.region_id)
        .where(
            Region.code.startswith(need.region_code[:_SUBDISTRICT]),
            within(actor.region_codes(Permission.NEED_HANDLE)),
            *(has_words(words, Need.title) if words else ()),
            Need.state.in_(UNDER_WAY),
            Need.merged_into.is_(None),
            Need.id != need.id,
        )
        .order_by(
            (Need.id == first).desc().nulls_last(),
            (Need.region_id == need.region_id).desc(),
            (Need.service_kind == need.service_kind).desc().nulls_last(),
            Need.id.desc(),
        )
        .limit(_CHOICES)
    )
    return list(session.execute(statement).scalars())


def beside(session: Session, needs: Sequence[Need]) -> list[Merged]:
    """Needs with their places and how many ask for each, for whoever compares them."""
    if not needs:
        return []
    counts = count_voices(session, [one.id for one in needs])
    names = select(Region.id, Region.name).where(Region.id.in_({one.region_id for one in needs}))
    places = {row.id: row.name for row in session.execute(names)}
    return [Merged(one, places[one.region_id], counts[one.id]) for one in needs]
