"""A repeated write gives the first answer.

A phone that lost the answer sends the same request again, with the same `Idempotency-Key` (or
the UUID that the contract gives the body for this: `press_id`). The answer is stored in the
transaction that did the work, so there is no moment in which the work is done and the answer is
not known. Twins, at once or hours apart, both do the work; the second to store its answer finds
the first one's, rolls its own work back and answers what the first answered.

Refusals (409) are kept too: the same request stays refused even if a place has come free since.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Index, Text, delete, false, func, or_
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core import clock
from backend.core.db import Base, RunAgain
from backend.core.db.statement import Statement
from backend.core.errors import AppError

KEEP = timedelta(hours=48)
MAX_KEY_LENGTH = 100


class IdempotencyKeyReused(AppError):
    status = 409
    code = "idempotency_key_reused"
    title = "这次提交与之前的内容不一致，请返回重新操作"


class IdempotencyRecord(Base):
    __tablename__ = "idempotency_record"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int]
    body: Mapped[bytes]
    content_type: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_idempotency_record_created_at", "created_at"),)


_FIND = Statement(
    """
    SELECT request_hash, status, body, content_type FROM idempotency_record
     WHERE user_id = :user_id AND key = :key
    """
)
_STORE = Statement(
    """
    INSERT INTO idempotency_record (user_id, key, request_hash, status, body, content_type,
                                    created_at)
    VALUES (:user_id, :key, :request_hash, :status, :body, :content_type, :created_at)
    ON CONFLICT DO NOTHING
    RETURNING status
    """
)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    status: int
    body: bytes
    content_type: str


# When a body is sent says nothing of what it asks: a phone that sends it again says it anew.
SENT_AT = "sent_at"


def fingerprint(*parts: Any) -> bytes:
    """A hash of a request's meaning: JSON with its keys sorted, so that the same content in
    another order of keys is the same request; `sent_at` of a body is left out."""
    canonical = orjson.dumps([_meaning(part) for part in parts], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).digest()


def _meaning(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in part.items() if name != SENT_AT}


def is_key(text: str) -> bool:
    """Whether a text may be a key: it is kept, and an index has only so much room for it."""
    return 0 < len(text) <= MAX_KEY_LENGTH and text.isascii() and text.isprintable()


def find(session: Session, user_id: UUID, key: str, request_hash: bytes) -> StoredAnswer | None:
    """The answer given to this key before.

    Raises IdempotencyKeyReused (409) when the key came with another request.
    """
    row = _FIND.first(session, user_id=user_id, key=key)
    if row is None:
        return None
    if row.request_hash != request_hash:
        raise IdempotencyKeyReused
    return StoredAnswer(row.status, row.body, row.content_type)


def store(
    session: Session, user_id: UUID, key: str, request_hash: bytes, answer: StoredAnswer
) -> None:
    """Keep the answer, in the transaction of the work.

    Raises RunAgain when a twin's answer is there already.
    """
    stored = _STORE.first(
        session,
        user_id=user_id,
        key=key,
        request_hash=request_hash,
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type,
        created_at=clock.now(),
    )
    if stored is None:
        raise RunAgain


def forget(session: Session, user_id: UUID, *, about: UUID | None = None) -> None:
    """Delete a user's answers before their time, because personal data in them is erased.

    Args:
        about: only the answers that name the row with this id.
    """
    statement = delete(IdempotencyRecord).where(IdempotencyRecord.user_id == user_id)
    if about is not None:
        answer = func.convert_from(IdempotencyRecord.body, "UTF8", type_=Text)
        statement = statement.where(answer.contains(str(about)))
    session.execute(statement)


def forget_naming(session: Session, words: Sequence[str]) -> None:
    """Delete everybody's answers in which one of these words stands: how people who are erased
    were shown.

    Another of the same masked name loses the answer to a repeat with them: the repeat is done
    anew, and the rules behind it refuse what may not be done twice.
    """
    answer = func.convert_from(IdempotencyRecord.body, "UTF8", type_=Text)
    session.execute(
        delete(IdempotencyRecord).where(
            or_(false(), *(answer.contains(word, autoescape=True) for word in words))
        )
    )


def purge(session: Session) -> int:
    """Delete answers that no phone will ask for again; returns how many."""
    result = session.execute(
        delete(IdempotencyRecord).where(IdempotencyRecord.created_at < clock.now() - KEEP)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
