"""Use cases of the list of needs: to raise one, to decide on it, and to end it.

Of two who move a need at once the second meets the state that the first has left, and is told
(core/states.py).
"""

from dataclasses import asdict

from sqlalchemy.orm import Session

from backend.core import audit, clock, jobs
from backend.core.config import NEEDS
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.permissions import Actor, Permission
from backend.core.states import lock
from backend.core.workdays import workdays_on
from backend.identity.people.texts import CommentState
from backend.needs import telling
from backend.needs.lifecycle.moves import begin_anew, move
from backend.needs.models import UNMET, Need, NeedState, VoiceRole
from backend.needs.reasons import NO_RESOURCE
from backend.needs.requests import Asker, Ended, NewNeed, PublicWords
from backend.needs.similar.finding import kept_grams
from backend.needs.texts import check_text
from backend.needs.voices.counting import may_be_asked
from backend.needs.voices.operations import add_voice
from backend.regions.models import Region


class NotWaiting(AppError):
    status = 409
    code = "not_waiting"
    title = "只有因为没有能办的单位而办结的，才能重新办理"


class JudgedByVoices(AppError):
    status = 409
    code = "judged_by_voices"
    title = "解决了没有，由提出和附议的人自己说，不用代答"


def raise_need(session: Session, actor: Actor, new: NewNeed, asker: Asker) -> Need:
    """Register a need of a region, with who asks for it. What residents write is checked before
    others read it; that they have is no entry of the audit log, for it would tell who asked."""
    region = session.get_one(Region, new.region_id)
    values = asdict(new) | {"suits": [str(one) for one in new.suits] or None}
    need = Need(
        **values,
        created_by=asker.entered_by,
        grams=kept_grams(region.code, new.title, new.details),
        text_state=CommentState.NONE if asker.entered_by else CommentState.PENDING,
        decide_by=workdays_on(clock.today(), NEEDS.decide_days),
    )
    session.add(need)
    session.flush()
    if asker.resident_id is not None or asker.counted:
        add_voice(session, need, asker, VoiceRole.RAISER)
    if asker.entered_by is None:
        jobs.defer(session, check_text, need_id=str(need.id))
        return need
    audit.record(
        session,
        actor,
        "raise_need",
        Need.__tablename__,
        need.id,
        region_code=region.code,
        to_state=NeedState.OPEN,
    )
    return need


def accept(session: Session, actor: Actor, need: Need, words: PublicWords | None = None) -> None:
    """Take a need on: everybody reads it from now on. Whoever does has read it, so what WeChat's
    check left to a person is seen.

    Args:
        words: what everybody reads of it; None: as it was written.

    Raises IllegalTransition (409), as every move below, when its state has none such.
    """
    move(session, actor, need, NeedState.ACCEPTED, "accept_need", leaves=(NeedState.OPEN,))
    need.decided_at = clock.now()
    session.flush()
    reworded = words is not None and reword(session, actor, need, words)
    telling.accepted(session, need, reworded=reworded)


def reword(session: Session, actor: Actor, need: Need, words: PublicWords) -> bool:
    """Put what everybody reads of a need into a clerk's words, for a resident's may tell who
    somebody is, or how ill; whether anything has changed by it. The log keeps neither the old
    words nor the new: what was taken out would stand there for ever."""
    lock(session, Need, need.id)
    text_stays = (need.title, need.details) == (words.title, words.details)
    if text_stays and need.service_kind == words.service_kind:
        return False
    need.service_kind = words.service_kind
    if not text_stays:
        need.title, need.details = words.title, words.details
        need.grams = kept_grams(need.region_code, words.title, words.details)
        need.text_state = CommentState.NONE
    audit.record(
        session, actor, "reword_need" if not text_stays else "sort_need",
        Need.__tablename__, need.id, region_code=need.region_code,
    )  # fmt: skip
    session.flush()
    return not text_stays


def decline(session: Session, actor: Actor, need: Need, why: Ended) -> None:
    """Refuse a need, saying why."""
    move(session, actor, need, NeedState.DECLINED, "decline_need", **asdict(why))
    need.decided_at = clock.now()
    session.flush()
    telling.declined(session, need)


def evaluate(session: Session, actor: Actor, need: Need) -> None:
    """Keep that it is solved, as the clerk has been told. Only of a need whom nobody else can be
    asked about: else those who asked judge it themselves.

    Raises JudgedByVoices (409).
    """
    if may_be_asked(session, need):
        raise JudgedByVoices
    move(session, actor, need, NeedState.EVALUATED, "evaluate_need")


def close_unsolved(session: Session, actor: Actor, need: Need, why: Ended) -> None:
    """End a need that could not be solved, and say so honestly."""
    move(session, actor, need, NeedState.CLOSED_UNSOLVED, "close_need_unsolved", **asdict(why))
    telling.unsolved(session, need)


def reopen(session: Session, actor: Actor, need: Need, reason: str) -> None:
    """Begin a new round of a need, because staff were told that it isn't solved."""
    begin_anew(session, actor, need, reason)


def take_up(session: Session, actor: Actor, need: Need) -> None:
    """Take on anew what ended because nobody could do it: now somebody can.

    Raises NotWaiting (409) for what ended for another reason.
    """
    lock(session, Need, need.id)
    if need.reason_code != NO_RESOURCE:
        raise NotWaiting
    move(session, actor, need, NeedState.ACCEPTED, "take_up_need", leaves=UNMET)
    need.round += 1
    session.flush()
    telling.taken_up(session, need)


def note_export(session: Session, actor: Actor, rows: int, filters: dict[str, str]) -> None:
    """Keep that the list was taken as a file: no resident stands in it, and it is audited all the
    same."""
    for code in actor.region_codes(Permission.NEED_SEE):
        audit.record(
            session,
            actor,
            "export_needs",
            Need.__tablename__,
            new_id(),
            region_code=code,
            details={"rows": rows, "filters": filters},
        )
