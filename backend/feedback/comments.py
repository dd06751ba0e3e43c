"""What residents write: checked by WeChat before anybody reads it as checked.

The save never waits for WeChat: a job asks. Whatever WeChat can't or won't say leaves the text
to a person (docs/rules/wechat.md, Text check); while it can't be reached the job asks again.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.core import jobs
from backend.core.context import composed
from backend.core.db import transaction
from backend.feedback.models import CommentState, Rating, Rectification, RectificationRound
from backend.gateways.wechat import Suggestion, TextScene, WeChatError, WeChatGateway
from backend.identity.models import User

_STATE_AFTER = {
    Suggestion.PASS: CommentState.PASSED,
    Suggestion.REVIEW: CommentState.REVIEW,
    Suggestion.RISKY: CommentState.REJECTED,
}
# A person's look at what WeChat could not say does not end in a state, so both may be asked about.
_UNDECIDED = (CommentState.PENDING, CommentState.REVIEW)


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
    _check(Rating.id == UUID(rating_id), Rating.comment, Rating.comment_state, whose)


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
    _check(ended.id == UUID(round_id), ended.words, ended.words_state, whose)


def _check(
    which: ColumnElement[bool],
    words: InstrumentedAttribute[str | None],
    state: InstrumentedAttribute[CommentState],
    whose: ScalarSelect[str | None],
) -> None:
    """A second run finds nothing that waits. Words that were changed while WeChat was asked are
    left to the job of the change."""
    with transaction() as session:
        waiting = session.execute(
            select(words.label("words"), whose.label("openid")).where(
                which, state.in_(_UNDECIDED), words.is_not(None)
            )
        ).one_or_none()
    if waiting is None:
        return
    said, later = _verdict(waiting.openid, waiting.words)
    with transaction() as session:
        session.execute(
            update(words.class_)
            .where(which, state.in_(_UNDECIDED), words == waiting.words)
            .values({state: said})
        )
    if later is not None:
        raise later


def _verdict(openid: str | None, comment: str) -> tuple[CommentState, WeChatError | None]:
    """What a comment becomes, and why it is to be asked about again."""
    if openid is None:
        return CommentState.REVIEW, None
    try:
        verdict = composed(WeChatGateway).check_text(openid, comment, scene=TextScene.COMMENT)
    except WeChatError as error:
        return CommentState.REVIEW, error if error.retryable else None
    return _STATE_AFTER[verdict.suggest], None


def readable_comment(comment: str | None, state: CommentState, *, may_handle: bool) -> str | None:
    """What staff may read of a comment: one that passed; one not checked yet, or doubtful, only
    who handles the rectification (they see the state beside it); a rejected one nobody."""
    if state is CommentState.PASSED:
        return comment
    unchecked = state in (CommentState.PENDING, CommentState.REVIEW)
    return comment if unchecked and may_handle else None
