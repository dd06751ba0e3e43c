"""Use cases of ratings: one's word on a service or a visit, and changing it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.days import ratable_until
from backend.activities.models import Activity, Attendance
from backend.core import clock
from backend.core.config import RATING
from backend.core.errors import AppError, on_constraint
from backend.core.given import UNSET, or_else, put
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import lock
from backend.feedback.comments import put_comment
from backend.feedback.models import EvaluationChecklist, Rating
from backend.feedback.permissions import Subject
from backend.feedback.rectification.operations import follow_change, is_bad, open_rectification
from backend.feedback.requests import NewRating, RatingEdit
from backend.identity.people.texts import CommentState


class NotServed(AppError):
    status = 409
    code = "not_served"
    title = "接受服务或签到后才能评价"


class AlreadyRated(AppError):
    status = 409
    code = "already_rated"
    title = "您已经评价过了，可以在「我的评价」中修改"


class RatingClosed(AppError):
    status = 409
    code = "rating_closed"
    title = "评价时间已过，谢谢您的关心"


on_constraint("uq_rating_booking_id", AlreadyRated)
on_constraint("uq_rating_attendance_id", AlreadyRated)


def editable_until(created_at: datetime, ratable: datetime) -> datetime:
    """Until when a rating can be changed: `edit_hours`, and never past the activity's window,
    because the checklist is frozen then."""
    return min(created_at + timedelta(hours=RATING.edit_hours), ratable)


def rate(session: Session, actor: Actor, subject: Subject, new: NewRating) -> Rating:
    """Keep a resident's word on a service or a visit; a bad one opens a rectification.

    Args:
        subject: through `access_service` or `access_visit`.

    Raises NotServed, AlreadyRated, RatingClosed (409); of two at once the second meets the
    unique constraint, which is AlreadyRated too.
    """
    if not subject.delivered:
        raise NotServed
    if _is_rated(session, subject):
        raise AlreadyRated
    activity = _hold(session, subject.activity_id)
    now = clock.now()
    if activity.frozen or now >= activity.ratable_until:
        raise RatingClosed
    rating = Rating(
        id=new_id(),
        activity_id=subject.activity_id,
        offering_id=subject.offering_id,
        booking_id=subject.booking_id,
        attendance_id=subject.attendance_id,
        resident_id=subject.resident_id,
        rated_by=actor.user_id,
        score=new.score,
        items=new.items,
        tags=new.tags,
        may_call=or_else(new.may_call, None),
        comment_state=CommentState.NONE,
        created_at=now,
        updated_at=now,
    )
    session.add(rating)
    session.flush()
    put_comment(session, rating, or_else(new.comment, None))
    if is_bad(rating.score):
        open_rectification(session, rating, activity.region_code)
    return rating


def change_rating(session: Session, rating: Rating, edit: RatingEdit) -> Rating:
    """Change one's own rating; what is not named stays, and what it is bound to always does.

    A rating that turns bad opens a rectification. One that turns good leaves the rectification
    as it is, noted in the audit: who complained has been heard, not persuaded away.

    Raises RatingClosed (409) after `edit_hours`.
    """
    activity = hold_editable(session, rating)
    before = rating.score
    put(rating, edit, but=("comment", "may_call"))
    if isinstance(edit.may_call, bool):
        rating.may_call = edit.may_call
    if edit.comment is not UNSET:
        put_comment(session, rating, edit.comment)
    rating.updated_at = clock.now()
    session.flush()
    if is_bad(before) != is_bad(rating.score):
        follow_change(session, rating, before, activity.region_code)
    return rating


@dataclass(frozen=True, slots=True)
class _HeldActivity:
    ratable_until: datetime
    region_code: str
    frozen: bool


def hold_editable(session: Session, rating: Rating) -> _HeldActivity:
    """The rating, locked, while it can be changed; and its activity.

    Raises RatingClosed (409) after `edit_hours`.
    """
    activity = _hold(session, rating.activity_id)
    lock(session, Rating, rating.id)
    if activity.frozen or clock.now() >= editable_until(rating.created_at, activity.ratable_until):
        raise RatingClosed
    return activity


def _hold(session: Session, activity_id: UUID) -> _HeldActivity:
    """The activity, locked so that it can't be frozen before this transaction has ended."""
    activity = session.execute(
        select(Activity.ends_at, Activity.closed_at, Activity.region_code)
        .where(Activity.id == activity_id)
        .with_for_update(read=True, key_share=True, of=Activity)
    ).one()
    # A statement of its own: it sees what was committed while the first one waited.
    frozen = session.get(EvaluationChecklist, activity_id) is not None
    return _HeldActivity(
        ratable_until(activity.ends_at, activity.closed_at), activity.region_code, frozen
    )


def _is_rated(session: Session, subject: Subject) -> bool:
    statement = select(Rating.id)
    if subject.booking_id is not None:
        statement = statement.where(Rating.booking_id == subject.booking_id)
    else:
        # By person and day: a visit that was undone and scanned again is the same visit.
        statement = statement.join(Attendance, Attendance.id == Rating.attendance_id).where(
            Rating.activity_id == subject.activity_id,
            Rating.resident_id == subject.resident_id,
            Attendance.on_day == subject.on_day,
        )
    return session.execute(statement.limit(1)).first() is not None
