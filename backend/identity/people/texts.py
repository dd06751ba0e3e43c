"""What residents write: checked by WeChat before anybody reads it as checked.

The save never waits for WeChat: a job asks. Whatever WeChat can't or won't say leaves the text
to a person (docs/rules/wechat.md, Text check); while it can't be reached the job asks again.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, select, update
from sqlalchemy.orm import InstrumentedAttribute

from backend.core.context import composed
from backend.core.db import transaction
from backend.gateways.wechat import Suggestion, TextScene, WeChatError, WeChatGateway


class CommentState(StrEnum):
    NONE = "none"
    PENDING = "pending"  # waits for WeChat's text check; shown to nobody
    PASSED = "passed"
    REVIEW = "review"  # a person has to look
    REJECTED = "rejected"


_STATE_AFTER = {
    Suggestion.PASS: CommentState.PASSED,
    Suggestion.REVIEW: CommentState.REVIEW,
    Suggestion.RISKY: CommentState.REJECTED,
}
# A person's look at what WeChat could not say does not end in a state, so both may be asked about.
_UNDECIDED = (CommentState.PENDING, CommentState.REVIEW)


def have_checked(
    which: ColumnElement[bool],
    words: SQLColumnExpression[Any],
    state: InstrumentedAttribute[CommentState],
    whose: ScalarSelect[str | None],
) -> None:
    """Ask WeChat about words that wait, and keep what it says: the work of a job. A second run
    finds nothing that waits. Words that were changed while WeChat was asked are left to the job of
    the change.

    Args:
        which: of the rows of one table.
        whose: the openid of who has written them.

    Raises WeChatError where asking again later may help; a person may look at it until then.
    """
    with transaction() as session:
        waiting: Any = session.execute(
            select(words.label("words"), whose.label("openid")).where(
                which, state.in_(_UNDECIDED), words.is_not(None)
            )
        ).one_or_none()
    if waiting is None:
        return
    said, later = verdict_on(waiting.openid, waiting.words)
    with transaction() as session:
        session.execute(
            update(state.class_)
            .where(which, state.in_(_UNDECIDED), words == waiting.words)
            .values({state: said})
        )
    if later is not None:
        raise later


def verdict_on(openid: str | None, words: str) -> tuple[CommentState, WeChatError | None]:
    """What WeChat says of a text, as the state that follows, and the error after which it is to be
    asked again.

    Args:
        openid: of who has written it; None, as of a closed account: WeChat can't be asked.
    """
    if openid is None:
        return CommentState.REVIEW, None
    try:
        verdict = composed(WeChatGateway).check_text(openid, words, scene=TextScene.COMMENT)
    except WeChatError as error:
        return CommentState.REVIEW, error if error.retryable else None
    return _STATE_AFTER[verdict.suggest], None
