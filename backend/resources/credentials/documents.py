"""Documents of credentials: told by their content, whatever they are called. A picture is written
anew without what the phone wrote into it (core/photos.py); a PDF is kept as it came, unless it is
broken, locked, or does something by itself."""

import re

from backend.core import photos
from backend.core.config import CREDENTIALS
from backend.core.errors import AppError
from backend.resources.credentials.requests import Document

PDF = "application/pdf"
_HEAD = re.compile(rb"%PDF-[12]\.[0-9]")
# Beyond the mark of its end there is at most what a mail programme has added.
_TAIL = 1024
# What runs, opens or carries other files; and what nobody could look into.
_ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFile|EmbeddedFiles|RichMedia|XFA|Encrypt)\b"
)


class DocumentUnusable(AppError):
    status = 422
    code = "document_unusable"
    title = "这个文件不能用，请换成照片（JPEG、PNG、WebP）或没有加密、没有脚本的 PDF"
    field = "document"


class DocumentTooLarge(AppError):
    status = 413
    code = "document_too_large"
    title = f"文件太大，请换一个小一点的（最大 {CREDENTIALS.most_bytes // 1_000_000} MB）"


def made_safe(sent: bytes) -> Document:
    """A document as it is kept.

    Raises DocumentTooLarge, PhotoTooLarge (413), DocumentUnusable (422).
    """
    if len(sent) > CREDENTIALS.most_bytes:
        raise DocumentTooLarge
    if _HEAD.match(sent):
        if b"%%EOF" not in sent[-_TAIL:] or _ACTIVE.search(sent):
            raise DocumentUnusable
        return Document(sent, PDF)
    try:
        return Document(photos.made_safe(sent), photos.MIMETYPE)
    except photos.PhotoUnusable:
        raise DocumentUnusable from None
