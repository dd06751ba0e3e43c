"""A rectification goes in rounds: an answer that does not settle it is put away, and it is answered
anew; the resident who complained opens it again with 「还没解决」."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.core import clock
from backend.core.config import RATING
from backend.core.errors import AppError, NotFound
from backend.core.ids import new_id
from backend.core.states import lock, transition
from backend.feedback.comments import have_words_checked
from backend.feedback.models import (
    ANSWER,
    RECTIFICATION_TRANSITIONS,
    Rating,
    Rectification,
    RectificationRound,
    RectificationState,
)
from backend.feedback.rectification import telling


class ReopeningOver(AppError):
    status = 409
    code = "reopening_over"
    title = f"办结已超过 {RATING.reopen_days} 天，不能再重新办理"


def next_deadline() -> datetime:
    """When what is opened now is due: at the end of the day `rectify_days` on."""
    return clock.day_end(clock.today() + timedelta(days=RATING.rectify_days))


def reopen(session: Session, rating: Rating, words: str) -> None:
    """「还没解决」: the resident who complained opens it again, with a new deadline; what was said
    until then is kept as a round.

    Raises NotFound (404) where nothing follows the rating, ReopeningOver (409) some days after it
    was closed, IllegalTransition (409) while it has not been answered.
    """
    found = session.execute(
        select(Rectification, Activity.region_code)
        .join(Activity, Activity.id == Rectification.activity_id)
        .where(Rectification.rating_id == rating.id)
    ).one_or_none()
    if found is None:
        raise NotFound
    row = lock(session, Rectification, found.Rectification.id)
    now = clock.now()
    if row.closed_at is not None and now >= reopenable_until(row.closed_at):
        raise ReopeningOver
    transition(
        session, None, RECTIFICATION_TRANSITIONS, row, RectificationState.OPEN,
        action="reopen", region_code=found.region_code,
    )  # fmt: skip
    ended = end_round(session, row)
    ended.words, ended.ended_at = words, now
    row.due_at, row.reopened_at = next_deadline(), now
    have_words_checked(session, ended)
    telling.reopened(session, row)


def reopenable_until(closed_at: datetime) -> datetime:
    return closed_at + timedelta(days=RATING.reopen_days)


def end_round(session: Session, row: Rectification) -> RectificationRound:
    """Put away what was said and done, so that it can be done anew."""
    ended = RectificationRound(id=new_id(), rectification_id=row.id, ended_at=clock.now())
    for name in ANSWER:
        setattr(ended, name, getattr(row, name))
        setattr(row, name, None)
    session.add(ended)
    session.flush()
    return ended
