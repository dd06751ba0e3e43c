"""The text of a rating: checked by WeChat before anybody reads it as checked.

The save never waits for WeChat: a job asks. Whatever WeChat can't or won't say leaves the text
to a person (docs/rules/wechat.md, Text check); while it can't be reached the job asks again.
"""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.core import jobs
from backend.core.context import composed
from backend.core.db import transaction
from backend.feedback.models import CommentState, Rating
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


@jobs.job("feedback.check_comment")
def check_comment(rating_id: str) -> None:
    """Ask WeChat about a comment that waits, and keep what it says.

    A second run finds nothing that waits. A comment that was changed while WeChat was asked is
    left to the job of the change.

    Raises WeChatError where asking again later may help; a person may look at it until then.
    """
    with transaction() as session:
        waiting = session.execute(
            select(Rating.comment, User.openid)
            .join(User, User.id == Rating.rated_by)
            .where(Rating.id == UUID(rating_id), Rating.comment_state.in_(_UNDECIDED))
        ).one_or_none()
    if waiting is None:
        return
    state, later = _verdict(waiting.openid, waiting.comment)
    with transaction() as session:
        session.execute(
            update(Rating)
            .where(
                Rating.id == UUID(rating_id),
                Rating.comment_state.in_(_UNDECIDED),
                Rating.comment == waiting.comment,
            )
            .values(comment_state=state)
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
