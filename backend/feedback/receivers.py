"""What ratings do when something happens to people (backend/identity/signals.py)."""

import base64
from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Attendance
from backend.core import audit
from backend.core.audit import AuditEntry
from backend.core.permissions import Actor
from backend.feedback.models import (
    Rating,
    RatingPhoto,
    Rectification,
    RectificationRound,
)
from backend.feedback.rectification.complaints import complaints_of
from backend.identity.people.texts import CommentState
from backend.identity.questions import exported
from backend.identity.signals import residents_merged, residents_removed

_EXPORTED = (
    "activity_id",
    "offering_id",
    "resident_id",
    "score",
    "items",
    "tags",
    "comment",
    "comment_state",
    "may_call",
    "created_at",
    "updated_at",
)


@residents_merged.connect
def move_ratings(session: Session, *, source_id: UUID, target_id: UUID) -> None:
    """Let one person's ratings become another's.

    Where both have rated the same visit (activity and day), the older rating is kept: a person
    has one word on it.
    """
    for pair in session.execute(_visits_rated_twice(source_id, target_id)):
        kept, dropped = sorted(
            ((pair.source_at, pair.source_rating), (pair.target_at, pair.target_rating))
        )
        _drop_rating(session, dropped[1], kept[1])
    session.execute(
        update(Rating).where(Rating.resident_id == source_id).values(resident_id=target_id)
    )


def _visits_rated_twice(source_id: UUID, target_id: UUID) -> Any:
    """By the rows that the ratings are bound to: whether the visits have been merged before, or
    will be after, makes no difference."""
    mine, theirs = aliased(Rating), aliased(Rating)
    my_visit, their_visit = aliased(Attendance), aliased(Attendance)
    return (
        select(
            mine.id.label("source_rating"),
            mine.created_at.label("source_at"),
            theirs.id.label("target_rating"),
            theirs.created_at.label("target_at"),
        )
        .join(my_visit, my_visit.id == mine.attendance_id)
        .join(
            their_visit,
            and_(
                their_visit.activity_id == my_visit.activity_id,
                their_visit.on_day == my_visit.on_day,
            ),
        )
        .join(theirs, theirs.attendance_id == their_visit.id)
        .where(mine.resident_id == source_id, theirs.resident_id == target_id)
    )


def _drop_rating(session: Session, dropped: UUID, kept: UUID) -> None:
    """Delete a rating; what it set going goes on under the kept one with its photos, unless that
    has its own. Who wanted no call, on either, is not called."""
    taken = select(Rectification.id).where(Rectification.rating_id == kept).exists()
    session.execute(
        update(RatingPhoto).where(RatingPhoto.rating_id == dropped, ~taken).values(rating_id=kept)
    )
    said = select(Rating.may_call).where(Rating.id == dropped).scalar_subquery()
    session.execute(
        # The least of a no, a yes and what was not asked.
        update(Rating).where(Rating.id == kept).values(may_call=func.least(Rating.may_call, said))
    )
    session.execute(
        update(Rectification)
        .where(Rectification.rating_id == dropped, ~taken)
        .values(rating_id=kept)
    )
    left = select(Rectification.id).where(Rectification.rating_id == dropped)
    session.execute(delete(RectificationRound).where(RectificationRound.rectification_id.in_(left)))
    session.execute(delete(Rectification).where(Rectification.rating_id == dropped))
    session.execute(delete(RatingPhoto).where(RatingPhoto.rating_id == dropped))
    session.execute(delete(Rating).where(Rating.id == dropped))
    audit.record(
        session, None, "drop_second_rating", Rating.__tablename__, dropped,
        details={"kept": str(kept)},
    )  # fmt: skip


@residents_removed.connect
def erase_texts(session: Session, *, actor: Actor | None, resident_ids: list[UUID]) -> None:
    """Forget what people wrote, and what was written to them and about them; how they scored and
    whether it was seen to stays, without a name."""
    theirs = select(Rating.id).where(Rating.resident_id.in_(resident_ids))
    opened = select(Rectification.id).where(Rectification.rating_id.in_(theirs))
    audit.forget_reasons(
        session,
        AuditEntry.object_type == Rectification.__tablename__,
        AuditEntry.object_id.in_(opened),
    )
    session.execute(
        update(Rectification)
        .where(Rectification.rating_id.in_(theirs))
        .values(reply=None, call_back_note=None, unsolved_reason=None)
    )
    session.execute(
        update(RectificationRound)
        .where(RectificationRound.rectification_id.in_(opened))
        .values(
            reply=None,
            call_back_note=None,
            unsolved_reason=None,
            words=None,
            words_state=CommentState.NONE,
        )
    )
    session.execute(delete(RatingPhoto).where(RatingPhoto.rating_id.in_(theirs)))
    session.execute(
        update(Rating)
        .where(Rating.resident_id.in_(resident_ids), Rating.comment.is_not(None))
        .values(comment=None, comment_state=CommentState.NONE)
    )


@exported.answered("ratings")
def export_ratings(session: Session, resident_ids: list[UUID]) -> list[dict[str, Any]]:
    """All that these people's ratings hold, with what became of the bad ones."""
    statement = (
        select(Rating.id, *(getattr(Rating, name) for name in _EXPORTED))
        .where(Rating.resident_id.in_(resident_ids))
        .order_by(Rating.id)
    )
    rows = [dict(row) for row in session.execute(statement).mappings()]
    ids = [row["id"] for row in rows]
    complaints, photos = complaints_of(session, ids), _photos(session, ids)
    return [
        row | {"complaint": complaints.get(row["id"]), "photos": photos[row.pop("id")]}
        for row in rows
    ]


def _photos(session: Session, rating_ids: list[UUID]) -> dict[UUID, list[str]]:
    """Their photos, as text: an export is one JSON document."""
    found: dict[UUID, list[str]] = defaultdict(list)
    statement = select(RatingPhoto).where(RatingPhoto.rating_id.in_(rating_ids))
    for photo in session.execute(statement.order_by(RatingPhoto.created_at)).scalars():
        found[photo.rating_id].append(base64.b64encode(photo.content).decode())
    return found
