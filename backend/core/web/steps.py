"""What a form asks once more before it is done: kept for its sender, so that the page which asks
has an address of its own. Going back to it, reloading it or logging in again shows it as things
then stand.

It is kept where answers are (idempotency.py), and as long; erasing somebody erases it too.
"""

from collections.abc import Iterable
from uuid import UUID

import orjson
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from backend.core import idempotency
from backend.core.errors import AppError, BodyTooLarge, EditedMeanwhile
from backend.core.idempotency import StoredAnswer
from backend.core.ids import new_id

# That a key is a step's: the key of any other answer has another hash.
_MEANING = idempotency.fingerprint("step")
# The longest of our forms, an activity's facts with all that they showed, is less than 20,000.
MOST_BYTES = 30_000


class StepOver(AppError):
    status = 409
    code = "step_over"
    title = "这一步已经完成，或内容已有变化。下面是现在的情况"


def keep(session: Session, user_id: UUID, fields: Iterable[tuple[str, str]]) -> str:
    """Keep what somebody has sent; answers the key under which it is found.

    Raises BodyTooLarge (413) for more than any of our forms has.
    """
    key, body = str(new_id()), orjson.dumps(list(fields))
    if len(body) > MOST_BYTES:
        raise BodyTooLarge
    kept = StoredAnswer(200, body, "application/json")
    idempotency.store(session, user_id, key, _MEANING, kept)
    return key


def find(session: Session, user_id: UUID, key: str) -> MultiDict[str, str]:
    """What somebody has sent before.

    Raises StepOver (409) when it is not theirs, or was kept long enough.
    """
    if not idempotency.is_key(key):
        raise StepOver
    try:
        kept = idempotency.find(session, user_id, key, _MEANING)
    except idempotency.IdempotencyKeyReused:
        raise StepOver from None
    if kept is None:
        raise StepOver
    return MultiDict(orjson.loads(kept.body))


def why_over(refusal: AppError) -> str:
    """What the form's page says of a step that can't be gone on with: the refusal's own words. That
    somebody has edited it meanwhile was mostly its sender, who has gone back to what is done."""
    if isinstance(refusal, StepOver | EditedMeanwhile):
        return StepOver.title
    messages = [one for found in (refusal.errors or {}).values() for one in found]
    reasons = [one for one in (refusal.detail, *messages) if isinstance(one, str)]
    return "：".join(filter(None, (refusal.title, "；".join(reasons))))
