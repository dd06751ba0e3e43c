"""Photos of a complaint: what somebody has sent is never kept as it came. It is looked at by its
content, and written anew as a JPEG of bounded size, without what a phone writes into its pictures
(where, when, with what)."""

import io
import threading
from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import PHOTOS
from backend.core.errors import AppError, NotFound
from backend.feedback.models import Rating, RatingPhoto
from backend.feedback.operations import hold_editable
from backend.feedback.rectification.operations import is_bad

if TYPE_CHECKING:
    from PIL.Image import Image

MIMETYPE = "image/jpeg"
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 85
# What Pillow raises for a file that lies, is cut off, or would be too large to look at.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, OverflowError)
# A picture is some tens of megabytes while it is looked at: of a process's threads one does that.
_ONE_AT_A_TIME = threading.Lock()
_ORIENTATION = 0x0112
# How a picture is to be turned, by what EXIF says of how the phone was held.
_TURNS = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
    6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip


class PhotoUnusable(AppError):
    status = 422
    code = "photo_unusable"
    title = "这个文件不是照片，或者已经损坏，请换一张（JPEG、PNG 或 WebP）"


class PhotoTooLarge(AppError):
    status = 413
    code = "photo_too_large"
    title = f"照片太大，请换一张小一点的（最大 {PHOTOS.most_bytes // 1_000_000} MB）"


class TooManyPhotos(AppError):
    status = 409
    code = "too_many_photos"
    title = f"最多 {PHOTOS.most} 张照片"


class NoComplaint(AppError):
    status = 409
    code = "no_complaint"
    title = "评价「不满意」时才能附照片"


def made_safe(sent: bytes) -> bytes:
    """A photo as it is kept: upright, a JPEG, its longest side at most `side` pixels.

    Raises PhotoTooLarge (413), PhotoUnusable (422).
    """
    if len(sent) > PHOTOS.most_bytes:
        raise PhotoTooLarge
    with _ONE_AT_A_TIME:
        try:
            return _written_anew(sent)
        except _BROKEN:
            raise PhotoUnusable from None


def _written_anew(sent: bytes) -> bytes:
    from PIL import Image  # only here: few processes are ever sent a photo

    try:
        with Image.open(io.BytesIO(sent), formats=_FORMATS) as image:
            # Said in its head: nothing has been unpacked yet.
            if image.width * image.height > PHOTOS.most_pixels:
                raise PhotoTooLarge
            image.draft("RGB", (PHOTOS.side, PHOTOS.side))
            image.thumbnail((PHOTOS.side, PHOTOS.side))
            upright = _upright(image).convert("RGBA")
    except Image.DecompressionBombError:
        raise PhotoTooLarge from None
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(upright, mask=upright)
    written = io.BytesIO()
    plain.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()


def _upright(image: "Image") -> "Image":
    """A picture as it was seen; as it lies where what was written beside it can't be read. That is
    only read, never written again: phones write much that is no EXIF."""
    from PIL.Image import Transpose

    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # whatever it is, it is not the picture
        return image
    return image.transpose(Transpose[turn]) if turn else image


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
