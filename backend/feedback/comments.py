"""What residents write of a service: checked by WeChat before anybody reads it as checked
(identity/people/texts.py)."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import jobs
from backend.feedback.models import Rating, Rectification, RectificationRound
from backend.identity.models import User
from backend.identity.people.texts import CommentState, have_checked


def put_comment(session: Session, rating: Rating, comment: str | None) -> None:
    """Write a rating's comment and have a new one checked; the job goes with the transaction."""
    text = comment or None
    if text == rating.comment:
        return
    rating.comment = text
    rating.comment_state = CommentState.PENDING if text else CommentState.NONE
    session.flush()
    if text:
        jobs.defer(session, check_comment, rating_id=str(rating.id))


def have_words_checked(session: Session, ended: RectificationRound) -> None:
    """Have what a resident wrote of an answer checked; the job goes with the transaction."""
    ended.words_state = CommentState.PENDING
    session.flush()
    jobs.defer(session, check_words, round_id=str(ended.id))


@jobs.job("feedback.check_comment")
def check_comment(rating_id: str) -> None:
    """Ask WeChat about a comment that waits, and keep what it says.

    Raises WeChatError where asking again later may help; a person may look at it until then.
    """
    whose = select(User.openid).where(User.id == Rating.rated_by).scalar_subquery()
    have_checked(Rating.id == UUID(rating_id), Rating.comment, Rating.comment_state, whose)


@jobs.job("feedback.check_words")
def check_words(round_id: str) -> None:
    """The same of what a resident wrote of an answer.

    Raises WeChatError where asking again later may help.
    """
    ended = RectificationRound
    whose = (
        select(User.openid)
        .join(Rating, Rating.rated_by == User.id)
        .join(Rectification, Rectification.rating_id == Rating.id)
        .where(Rectification.id == ended.rectification_id)
        .scalar_subquery()
    )
    have_checked(ended.id == UUID(round_id), ended.words, ended.words_state, whose)


def readable_comment(comment: str | None, state: CommentState, *, may_handle: bool) -> str | None:
    """What staff may read of a comment: one that passed; one not checked yet, or doubtful, only
    who handles the rectification (they see the state beside it); a rejected one nobody."""
    if state is CommentState.PASSED:
        return comment
    unchecked = state in (CommentState.PENDING, CommentState.REVIEW)
    return comment if unchecked and may_handle else None
