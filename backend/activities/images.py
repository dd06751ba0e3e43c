"""The image of a market's code: WeChat's, kept once fetched; a plain QR where WeChat is away."""

import io
import logging
from uuid import UUID

import segno
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.activities.codes import current_code
from backend.activities.models import CodeImage, MarketCode
from backend.core import clock
from backend.core.context import composed
from backend.core.db import transaction
from backend.core.jobs import job
from backend.gateways.wechat import WeChatError, WeChatGateway

log = logging.getLogger(__name__)

QR_SCALE = 12
QR_BORDER = 4  # modules of quiet zone on each side (ISO 18004)


def kept_image(session: Session, activity_id: UUID) -> tuple[MarketCode, bytes | None]:
    """The activity's code, and WeChat's image of it where it has been fetched."""
    code = current_code(session, activity_id)
    png = session.execute(
        select(CodeImage.png).where(CodeImage.market_code_id == code.id)
    ).scalar_one_or_none()
    return code, png


def fetch_image(code_id: UUID, scene: str) -> bytes | None:
    """WeChat's image of a code, now kept; None where WeChat can't be reached or refuses.

    Talks to WeChat, so no transaction may be open.
    """
    try:
        png = composed(WeChatGateway).code_image(scene)
    except WeChatError as error:
        log.warning("no code image from WeChat", extra={"errcode": error.errcode})
        return None
    with transaction() as session:
        session.execute(
            insert(CodeImage)
            .values(market_code_id=code_id, png=png, fetched_at=clock.now())
            .on_conflict_do_nothing()
        )
    return png


def plain_qr(text: str, border: int = QR_BORDER) -> bytes:
    """A QR of the code itself, which the mini-program's scanner reads just as well.

    Args:
        border: the quiet zone around it, in modules.
    """
    buffer = io.BytesIO()
    qr = segno.make(text, error="m", micro=False)
    qr.save(buffer, kind="png", scale=QR_SCALE, border=border)
    return buffer.getvalue()


@job("activities.fetch_code_image", retry=5)
def fetch_code_image(activity_id: str) -> None:
    """Fetch a published activity's image ahead of the day; again and again does no harm."""
    with transaction() as session:
        code, png = kept_image(session, UUID(activity_id))
    if png is None:
        fetch_image(code.id, code.scene)
