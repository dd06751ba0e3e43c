"""The image of a market's code: WeChat's, kept once fetched; a plain link where WeChat is away.

A code that people stand in front of must open something. WeChat's own image opens the
mini-program; it is fetched when an activity is announced, and again every few minutes until the
activity is over, since WeChat may be away just then. Until then a QR of a plain link serves.
"""

import io
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.activities.codes.scenes import MarketCodes, current_code
from backend.activities.models import Activity, ActivityState, CodeImage, MarketCode
from backend.core import clock
from backend.core.context import composed
from backend.core.db import transaction
from backend.core.jobs import job
from backend.gateways.wechat import WeChatError, WeChatGateway, WeChatUnavailable

if TYPE_CHECKING:
    import segno

#: People may come to these: their codes have an image fetched.
FETCHED_FOR = (ActivityState.PUBLISHED, ActivityState.LIVE)
QR_SCALE = 12
QR_BORDER = 4  # modules of quiet zone on each side (ISO 18004)


def kept_image(session: Session, activity_id: UUID) -> tuple[MarketCode, bytes | None]:
    """The activity's code, and WeChat's image of it where it has been fetched."""
    code = current_code(session, activity_id)
    png = session.execute(
        select(CodeImage.png).where(CodeImage.market_code_id == code.id)
    ).scalar_one_or_none()
    return code, png


def is_awaited(activity: Activity) -> bool:
    """Whether the image is being fetched: from the announcement until the activity is over."""
    return activity.state in FETCHED_FOR and activity.ends_at > clock.now()


def fetch_image(code_id: UUID, scene: str) -> bytes:
    """WeChat's image of a code, now kept.

    Talks to WeChat, so no transaction may be open.

    Raises WeChatError where WeChat can't be reached or refuses; the gateway has logged it.
    """
    png = composed(WeChatGateway).code_image(scene)
    with transaction() as session:
        session.execute(
            insert(CodeImage)
            .values(market_code_id=code_id, png=png, fetched_at=clock.now())
            .on_conflict_do_nothing()
        )
    return png


def image_or_link(code: MarketCode, png: bytes | None) -> bytes:
    """The image to show now: the kept one, WeChat's if it answers, or a plain link.

    Talks to WeChat, so no transaction may be open.
    """
    try:
        return png or fetch_image(code.id, code.scene)
    except WeChatError:
        return link_qr(code.scene)


def link_qr(scene: str, border: int = QR_BORDER) -> bytes:
    """A QR of the code as a plain link, which any scanner reads.

    Args:
        border: the quiet zone around it, in modules.
    """
    buffer = io.BytesIO()
    link_code(scene).save(buffer, kind="png", scale=QR_SCALE, border=border)
    return buffer.getvalue()


def link_code(scene: str) -> "segno.QRCode":
    """The QR of the code as a plain link, to be drawn."""
    import segno  # only here: its tables are made when it is loaded

    return segno.make(composed(MarketCodes).link(scene), error="m", micro=False)


@job("activities.fetch_code_image", retry=3)
def fetch_code_image(activity_id: str) -> None:
    """Fetch an announced activity's image ahead of the day; again and again does no harm.

    Raises WeChatError, so that a failure is seen as one and is tried again.
    """
    with transaction() as session:
        code, png = kept_image(session, UUID(activity_id))
    if png is None:
        fetch_image(code.id, code.scene)


@job("activities.fetch_missing_code_images", cron="*/5 * * * *", retry=0)
def fetch_missing_code_images() -> None:
    """Fetch what is still missing, one after the other, until the activities are over.

    Where WeChat can't be reached the rest would fail too, and is left to the next run. A code
    that it refuses keeps no other from being fetched.

    Raises the last WeChatError, so that a run that left something undone is seen as failed.
    """
    with transaction() as session:
        missing = session.execute(_missing()).all()
    refused: WeChatError | None = None
    for code_id, scene in missing:
        try:
            fetch_image(code_id, scene)
        except WeChatUnavailable:
            raise
        except WeChatError as refusal:
            refused = refusal
    if refused is not None:
        raise refused


def _missing() -> Select[UUID, str]:
    """Codes of announced activities that are not over, without WeChat's image; the next first."""
    return (
        select(MarketCode.id, MarketCode.scene)
        .join(Activity, Activity.id == MarketCode.activity_id)
        .outerjoin(CodeImage, CodeImage.market_code_id == MarketCode.id)
        .where(
            Activity.state.in_(FETCHED_FOR),
            Activity.ends_at > clock.now(),
            MarketCode.revoked_at.is_(None),
            CodeImage.market_code_id.is_(None),
        )
        .order_by(Activity.starts_at, MarketCode.id)
    )
