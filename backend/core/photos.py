"""Photos that residents send: what somebody has sent is never kept as it came. It is looked at by
its content, and written anew as a JPEG of bounded size, without what a phone writes into its
pictures (where, when, with what)."""

import io
import threading
from typing import TYPE_CHECKING

from backend.core.config import PHOTOS
from backend.core.errors import AppError

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
