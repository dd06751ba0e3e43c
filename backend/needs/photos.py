"""Photos of a need, as they were written anew (core/photos.py): from whoever raised it or wrote it
down, until it is decided on; read by whoever reads the need."""

import base64
from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import PHOTOS
from backend.core.errors import AppError, NotFound
from backend.core.photos import TooManyPhotos
from backend.core.states import lock
from backend.needs.models import Need, NeedPhoto, NeedState


class NeedDecided(AppError):
    status = 409
    code = "need_decided"
    title = "社区已经看过这条需求，不能再加照片"


def add_photo(session: Session, need: Need, photo_id: UUID, jpeg: bytes) -> None:
    """Keep a photo of a need; the same one again changes nothing.

    Args:
        photo_id: made by the phone, so that it may send it again.
        jpeg: through `made_safe`.

    Raises NeedDecided, TooManyPhotos (409); NotFound (404) for another's photo.
    """
    lock(session, Need, need.id)
    known = session.get(NeedPhoto, photo_id)
    if known is not None:
        if known.need_id != need.id:
            raise NotFound
        return
    if need.state is not NeedState.OPEN:
        raise NeedDecided
    if len(photos_of(session, [need.id])[need.id]) >= PHOTOS.most:
        raise TooManyPhotos
    session.add(NeedPhoto(id=photo_id, need_id=need.id, content=jpeg, created_at=clock.now()))
    session.flush()


def photos_of(session: Session, need_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Which photos needs have, in the order in which they came."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    statement = select(NeedPhoto.id, NeedPhoto.need_id).where(NeedPhoto.need_id.in_(need_ids))
    for row in session.execute(statement.order_by(NeedPhoto.created_at, NeedPhoto.id)):
        found[row.need_id].append(row.id)
    return found


def photo_of(session: Session, need_id: UUID, photo_id: UUID) -> bytes:
    """A photo of a need, as it is kept.

    Raises NotFound (404) for one of another need, too.
    """
    found = session.get(NeedPhoto, photo_id)
    if found is None or found.need_id != need_id:
        raise NotFound
    return found.content


def forget_photos(session: Session, which: ColumnElement[bool]) -> None:
    """Delete these photos."""
    session.execute(delete(NeedPhoto).where(which).execution_options(synchronize_session=False))


def photos_in_text(session: Session, need_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Photos of needs, as text: an export is one JSON document."""
    found: dict[UUID, list[str]] = defaultdict(list)
    statement = select(NeedPhoto.need_id, NeedPhoto.content).where(NeedPhoto.need_id.in_(need_ids))
    for row in session.execute(statement.order_by(NeedPhoto.created_at, NeedPhoto.id)):
        found[row.need_id].append(base64.b64encode(row.content).decode())
    return found
