"""What becomes of voices when people are erased, or turn out to be somebody we know; and what of
them stands in a person's data."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from backend.core import clock
from backend.identity.people.texts import CommentState
from backend.needs.lifecycle.moves import ENDS
from backend.needs.models import Need, NeedPhoto, NeedVerdict, NeedVoice, VoiceRole
from backend.needs.photos import forget_photos, photos_in_text

_EXPORTED = ("round", "asked_at", "asked_again_at", "verdict", "reason", "answered_at")


def cut_all_of(session: Session, resident_ids: Collection[UUID]) -> None:
    """Cut the link between these people, who are being erased, and their voices."""
    cut(session, NeedVoice.resident_id.in_(resident_ids))


def cut(session: Session, which: ColumnElement[bool]) -> None:
    """Cut the link between voices and whose they are. They count as before, with what they have
    judged; the words beside it go, and the photos of what they have raised: whose those were
    nobody could find any more, to have them deleted.

    Args:
        which: of the voices.
    """
    raised = select(NeedVoice.need_id).where(which, NeedVoice.role == VoiceRole.RAISER)
    forget_photos(session, NeedPhoto.need_id.in_(raised))
    voices = select(NeedVoice.id).where(which)
    session.execute(
        update(NeedVerdict)
        .where(NeedVerdict.voice_id.in_(voices), NeedVerdict.reason.is_not(None))
        .values(reason=None, reason_state=CommentState.NONE)
        .execution_options(synchronize_session=False)
    )
    _keep_who_is_one(session, which)
    session.execute(
        update(NeedVoice)
        .where(which)
        .values(resident_id=None)
        .execution_options(synchronize_session=False)
    )


def _keep_who_is_one(session: Session, which: ColumnElement[bool]) -> None:
    """Note of people whose voices are cut which of these are one person's, among needs that are
    dealt with as one: how many ask for those does not change."""
    group = func.coalesce(Need.merged_into, Need.id)
    first = func.first_value(NeedVoice.id).over(
        partition_by=(NeedVoice.resident_id, group), order_by=NeedVoice.id
    )
    people = select(NeedVoice.resident_id).where(which, NeedVoice.resident_id.is_not(None))
    theirs = (
        select(NeedVoice.id, first.label("first"))
        .join(Need, Need.id == NeedVoice.need_id)
        .where(NeedVoice.resident_id.in_(people))
        .subquery()
    )
    session.execute(
        update(NeedVoice)
        .where(NeedVoice.id == theirs.c.id, NeedVoice.counts_as.is_(None))
        .values(counts_as=theirs.c.first)
        .execution_options(synchronize_session=False)
    )


def merge(session: Session, source_id: UUID, target_id: UUID) -> None:
    """One person's voices become another's. Where both ask for one need they are one voice: it
    raised the need if one of them did, and stands if one of them does."""
    theirs = {
        voice.need_id: voice
        for voice in session.execute(
            select(NeedVoice).where(NeedVoice.resident_id == target_id).with_for_update()
        ).scalars()
    }
    mine = select(NeedVoice).where(NeedVoice.resident_id == source_id).with_for_update()
    for voice in session.execute(mine).scalars().all():
        twin = theirs.get(voice.need_id)
        if twin is None:
            voice.resident_id = target_id
        else:
            _join(session, voice, twin)
    session.flush()


def _join(session: Session, gone: NeedVoice, kept: NeedVoice) -> None:
    raised = VoiceRole.RAISER in (gone.role, kept.role)
    stands = gone.withdrawn_at is None or kept.withdrawn_at is None
    _join_verdicts(session, gone, kept)
    # First: a need has at most one that raised it.
    session.execute(delete(NeedVoice).where(NeedVoice.id == gone.id))
    kept.role = VoiceRole.RAISER if raised else VoiceRole.SUPPORTER
    kept.withdrawn_at = None if stands else kept.withdrawn_at
    session.flush()


def _join_verdicts(session: Session, gone: NeedVoice, kept: NeedVoice) -> None:
    """Of each round one verdict stays: the one that was answered, the last one of two."""
    statement = select(NeedVerdict).where(NeedVerdict.voice_id.in_((gone.id, kept.id)))
    by_round: dict[int, list[NeedVerdict]] = defaultdict(list)
    for verdict in session.execute(statement).scalars():
        by_round[verdict.round].append(verdict)
    for of_round in by_round.values():
        stays = max(of_round, key=_answered)
        for verdict in of_round:
            if verdict is not stays:
                session.delete(verdict)
        session.flush()
        stays.voice_id = kept.id
    session.flush()


def _answered(verdict: NeedVerdict) -> tuple[bool, datetime]:
    return verdict.answered_at is not None, verdict.answered_at or verdict.asked_at


def active(_session: Session, since: date) -> Select[Any]:
    """Who asks for a need that is on its way, or has asked for one since a day."""
    head = aliased(Need)
    asking = (
        select(NeedVoice.resident_id)
        .join(Need, Need.id == NeedVoice.need_id)
        .outerjoin(head, head.id == Need.merged_into)
        .where(NeedVoice.resident_id.is_not(None))
    )
    state = func.coalesce(head.state, Need.state)
    on_its_way = NeedVoice.withdrawn_at.is_(None) & state.not_in(ENDS)
    return asking.where(on_its_way | (NeedVoice.created_at >= clock.day_start(since)))


def export(session: Session, resident_ids: list[UUID]) -> list[dict[str, Any]]:
    """The needs that these people ask or have asked for, with what they said of how it was
    solved, round by round, and the photos of what they have raised."""
    voices = session.execute(
        select(
            NeedVoice.id,
            NeedVoice.resident_id,
            NeedVoice.role,
            NeedVoice.created_at,
            NeedVoice.withdrawn_at,
            Need.id.label("need_id"),
            Need.title,
            Need.details,
            Need.service_kind,
            Need.for_whom,
            Need.suits,
            Need.state,
        )
        .join(Need, Need.id == NeedVoice.need_id)
        .where(NeedVoice.resident_id.in_(resident_ids))
        .order_by(NeedVoice.id)
    )
    rows = [dict(row) for row in voices.mappings()]
    verdicts = _verdicts_of(session, [row["id"] for row in rows])
    raised = [row["need_id"] for row in rows if row["role"] is VoiceRole.RAISER]
    photos = photos_in_text(session, raised)
    return [
        row | {"verdicts": verdicts[row.pop("id")], "photos": photos[row["need_id"]]}
        for row in rows
    ]


def _verdicts_of(session: Session, voice_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    columns = [getattr(NeedVerdict, name) for name in _EXPORTED]
    statement = select(NeedVerdict.voice_id, *columns).where(NeedVerdict.voice_id.in_(voice_ids))
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(statement.order_by(NeedVerdict.round)).mappings():
        said = dict(row)
        found[said.pop("voice_id")].append(said)
    return found
