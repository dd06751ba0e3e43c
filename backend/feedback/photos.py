"""Photos of a complaint, as they were written anew (core/photos.py)."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import PHOTOS
from backend.core.errors import AppError, NotFound
from backend.core.photos import TooManyPhotos
from backend.feedback.models import Rating, RatingPhoto
from backend.feedback.operations import hold_editable
from backend.feedback.rectification.operations import is_bad


class NoComplaint(AppError):
    status = 409
    code = "no_complaint"
    title = "评价「不满意」时才能附照片"


def add_photo(session: Session, rating: Rating, photo_id: UUID, jpeg: bytes) -> None:
    """Keep a photo of a complaint; the same one again changes nothing.

    Args:
        photo_id: made by the phone, so that it may send it again.
        jpeg: through `made_safe`.

    Raises RatingClosed, NoComplaint, TooManyPhotos (409); NotFound (404) for another's photo.
    """
    hold_editable(session, rating)
    if not is_bad(rating.score):
        raise NoComplaint
    known = session.get(RatingPhoto, photo_id)
    if known is not None:
        if known.rating_id != rating.id:
            raise NotFound
        return
    if len(photos_of(session, [rating.id])[rating.id]) >= PHOTOS.most:
        raise TooManyPhotos
    session.add(RatingPhoto(id=photo_id, rating_id=rating.id, content=jpeg, created_at=clock.now()))
    session.flush()


def photos_of(session: Session, rating_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Which photos ratings have, in the order in which they came."""
    found: dict[UUID, list[UUID]] = {rating_id: [] for rating_id in rating_ids}
    statement = select(RatingPhoto.id, RatingPhoto.rating_id).where(
        RatingPhoto.rating_id.in_(rating_ids)
    )
    for row in session.execute(statement.order_by(RatingPhoto.created_at, RatingPhoto.id)):
        found[row.rating_id].append(row.id)
    return found


def photo_of(session: Session, rating_id: UUID, photo_id: UUID) -> bytes:
    """A photo of a rating, as it is kept.

    Raises NotFound (404) for one of another rating, too.
    """
    found = session.get(RatingPhoto, photo_id)
    if found is None or found.rating_id != rating_id:
        raise NotFound
    return found.content
