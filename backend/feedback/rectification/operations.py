"""Use cases of rectification: what a bad rating asks for, who sees to it, call back and end."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.audit import AuditEntry
from backend.core.config import RATING
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.permissions import Actor, Permission
from backend.core.states import IllegalTransition, lock, transition
from backend.feedback.models import (
    RECTIFICATION_TRANSITIONS,
    Rating,
    Rectification,
    RectificationState,
)
from backend.feedback.permissions import RegionalRectification
from backend.feedback.rectification import telling
from backend.feedback.rectification.rounds import end_round, next_deadline
from backend.identity.models import Resident
from backend.identity.queries import Colleague, colleagues
from backend.identity.staff.offices import office_of
from backend.notices.about_people import LookUp, tell_looked_up

_CONTACT_STATES = (RectificationState.OPEN, RectificationState.REPLIED)


class NoContact(AppError):
    status = 409
    code = "no_contact"
    title = "评价人没有留下联系电话"


class OwnerUnsuitable(AppError):
    status = 422
    code = "owner_unsuitable"
    title = "这位同事在该地区没有整改的权限，请另选"


class RectificationOver(AppError):
    status = 409
    code = "rectification_over"
    title = "整改已办结，不能再改"


class UnsolvedReasonMissing(AppError):
    status = 422
    code = "unsolved_reason_missing"
    title = "居民仍不满意，办结要写明原因"

    def __init__(self) -> None:
        super().__init__(errors={"reason": ["请写明为什么没能解决"]})


class AnsweredByYou(AppError):
    status = 409
    code = "answered_by_you"
    title = "居民说没有解决，回复过的人不能自己办结，请同地区或上级的同事办结"


class CallUnwanted(AppError):
    status = 409
    code = "call_unwanted"
    title = "评价人不希望接到回访电话，或者资料已经删除"


class ContactOver(AppError):
    status = 409
    code = "contact_over"
    title = "已经回访，不能再查看评价人的电话"


def is_bad(score: int) -> bool:
    return score <= RATING.bad_score


def open_rectification(session: Session, rating: Rating, region_code: str) -> None:
    """What a bad rating asks for, due at the end of the day `rectify_days` from now.

    The entry names no actor: the rule opens it, and the log must not tell who complained.
    """
    rectification = Rectification(
        id=new_id(),
        rating_id=rating.id,
        activity_id=rating.activity_id,
        state=RectificationState.OPEN,
        opened_at=clock.now(),
        due_at=next_deadline(),
    )
    session.add(rectification)
    session.flush()
    telling.received(session, rectification)
    audit.record(
        session,
        None,
        "open_rectification",
        Rectification.__tablename__,
        rectification.id,
        region_code=region_code,
        to_state=rectification.state,
        details={"score": rating.score},
    )


def follow_change(session: Session, rating: Rating, before: int, region_code: str) -> None:
    """What a change between bad and good means for the rectification: never two for one rating."""
    existing = session.execute(
        select(Rectification).where(Rectification.rating_id == rating.id)
    ).scalar_one_or_none()
    if existing is None:
        open_rectification(session, rating, region_code)
        return
    audit.record(
        session,
        None,
        "rating_changed",
        Rectification.__tablename__,
        existing.id,
        region_code=region_code,
        from_state=existing.state,
        to_state=existing.state,
        details={"score_before": before, "score": rating.score},
    )


def name_owner(session: Session, actor: Actor, found: RegionalRectification, user_id: UUID) -> None:
    """Say who sees to a rectification.

    Raises RectificationOver (409) once it is closed, OwnerUnsuitable (422) for somebody who may
    not handle it.
    """
    row = lock(session, Rectification, found.row.id)
    if row.state is RectificationState.CLOSED:
        raise RectificationOver
    if user_id not in {colleague.user_id for colleague in handlers(session, found.region_code)}:
        raise OwnerUnsuitable
    before, row.owner_user_id = row.owner_user_id, user_id
    session.flush()
    audit.record(
        session,
        actor,
        "name_owner",
        Rectification.__tablename__,
        row.id,
        region_code=found.region_code,
        details={"from": str(before) if before else None, "to": str(user_id)},
    )


def handlers(session: Session, region_code: str) -> list[Colleague]:
    """Who may see to rectifications in a region."""
    return colleagues(session, region_code, Permission.RECTIFICATION_HANDLE)


def reply(session: Session, actor: Actor, found: RegionalRectification, text: str) -> None:
    """Say what was done about a bad rating, for the resident to read. Where they were called back
    and are not satisfied it may be answered anew; what was said before is kept as a round.

    Raises IllegalTransition (409) in any other state.
    """
    row = lock(session, Rectification, found.row.id)
    if row.state is RectificationState.CALLED_BACK:
        if not unsolved(row):
            raise _illegal(row, RectificationState.REPLIED)
        end_round(session, row)
    _move(session, actor, found, RectificationState.REPLIED, "reply")
    row.reply, row.replied_at = text, clock.now()
    session.flush()
    telling.measures(session, row)


def call_back(
    session: Session, actor: Actor, found: RegionalRectification, note: str, satisfied: bool
) -> None:
    """Keep what the resident said when they were called back.

    Raises IllegalTransition (409) unless there is a reply, CallUnwanted (409) also where nobody is
    left to be called.
    """
    row = found.row
    if ends_uncalled(session, row):
        raise CallUnwanted
    _move(session, actor, found, RectificationState.CALLED_BACK, "call_back",
          {"resident_satisfied": satisfied})  # fmt: skip
    row.call_back_note, row.resident_satisfied, row.called_back_at = note, satisfied, clock.now()
    session.flush()
    telling.called_back(session, row)


def close(
    session: Session, actor: Actor, found: RegionalRectification, reason: str | None = None
) -> None:
    """Close a rectification. One of which the resident has said that it is not solved is not closed
    by whoever has answered it; where they are not satisfied with the last answer it is closed
    unsolved, which the log says, with the reason.

    Args:
        reason: why it could not be solved; not kept where the resident has not said so.

    Raises IllegalTransition (409) before the call-back, unless there is nobody to call;
    AnsweredByYou (409), UnsolvedReasonMissing (422).
    """
    row = lock(session, Rectification, found.row.id)
    uncalled = row.state is RectificationState.REPLIED and ends_uncalled(session, row)
    if row.state is not RectificationState.CALLED_BACK and not uncalled:
        raise _illegal(row, RectificationState.CLOSED)
    if disputed(row):
        _close_disputed(session, actor, found, reason)
    else:
        _move(session, actor, found, RectificationState.CLOSED, "close")
    row.closed_at = clock.now()
    session.flush()
    telling.closed(session, row)


def _close_disputed(
    session: Session, actor: Actor, found: RegionalRectification, reason: str | None
) -> None:
    if actor.user_id in answered_by(session, found.row.id):
        raise AnsweredByYou
    if reason is None and unsolved(found.row):
        raise UnsolvedReasonMissing
    if reason is None:
        _move(session, actor, found, RectificationState.CLOSED, "close")
        return
    _move(session, actor, found, RectificationState.CLOSED, "close_unsolved", {"reason": reason})
    found.row.unsolved_reason = reason


def unsolved(row: Rectification) -> bool:
    """Whether the resident was called back and is still not satisfied."""
    return row.resident_satisfied is False


def disputed(row: Rectification) -> bool:
    """Whether the resident's last word is that it is not solved: in the call-back, or, where there
    was none since, by 「还没解决」."""
    if row.called_back_at is not None:
        return unsolved(row)
    return row.reopened_at is not None


def answered_by(session: Session, rectification_id: UUID) -> set[UUID]:
    """Who has answered a rectification, in any round, as the log has it."""
    entries = select(AuditEntry.actor_user_id).where(
        AuditEntry.object_type == Rectification.__tablename__,
        AuditEntry.object_id == rectification_id,
        AuditEntry.action == "reply",
    )
    return {user_id for user_id in session.execute(entries).scalars() if user_id}


def ends_uncalled(session: Session, row: Rectification) -> bool:
    """Whether it ends without a call-back: the resident wants none, or their data was deleted."""
    rating = session.get_one(Rating, row.rating_id)
    return rating.may_call is False or _is_removed(session, rating)


def _is_removed(session: Session, rating: Rating) -> bool:
    return session.get_one(Resident, rating.resident_id).removed_at is not None


def _illegal(row: Rectification, to: RectificationState) -> IllegalTransition:
    return IllegalTransition(extra={"from": row.state.value, "to": to.value})


def _move(
    session: Session,
    actor: Actor,
    found: RegionalRectification,
    to: RectificationState,
    action: str,
    details: audit.Details | None = None,
) -> None:
    transition(
        session,
        actor,
        RECTIFICATION_TRANSITIONS,
        found.row,
        to,
        action=action,
        region_code=found.region_code,
        details=details,
    )


@dataclass(frozen=True, slots=True)
class Contact:
    """A rater's number in full, and how far it is proven."""

    phone: str
    phone_state: str


def contact(session: Session, actor: Actor, found: RegionalRectification, reason: str) -> Contact:
    """The rater's phone number, for the call-back: the only way to it, audited, and told to its
    person.

    The number of who gave the rating; where they left none, that of the family member it is
    about.

    Raises ContactOver (409) once they have been called back, CallUnwanted, NoContact (409).
    """
    row = lock(session, Rectification, found.row.id)
    if row.state not in _CONTACT_STATES:
        raise ContactOver
    rating = session.get_one(Rating, row.rating_id)
    if rating.may_call is False:
        raise CallUnwanted
    if _is_removed(session, rating):
        raise NoContact
    person = session.execute(
        select(Resident.id, Resident.phone_encrypted, Resident.phone_state)
        .where(
            (Resident.user_id == rating.rated_by) | (Resident.id == rating.resident_id),
            Resident.phone_encrypted.is_not(None),
        )
        .order_by(func.coalesce(Resident.user_id == rating.rated_by, False).desc())
        .limit(1)
    ).one_or_none()
    if person is None:
        raise NoContact
    audit.record(
        session,
        actor,
        "see_contact",
        Rectification.__tablename__,
        row.id,
        region_code=found.region_code,
        from_state=row.state,
        to_state=row.state,
        details={"reason": reason},
    )
    office = office_of(session, actor, Permission.RECTIFICATION_HANDLE, found.region_code)
    look = LookUp(office=office, did="为评价回访查看了{who}的电话号码", reason=reason)
    tell_looked_up(session, actor, [person.id], look)
    phone = composed(PhoneVault).decrypt(person.phone_encrypted)
    return Contact(phone, person.phone_state.value)
