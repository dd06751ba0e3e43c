"""What becomes of a complaint, told to whoever made it, in the transaction in which it happens
(docs/rules/messages.md). Nobody of the staff is named in it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Offering, Venue
from backend.activities.words import quoted
from backend.core import clock
from backend.core.config import RATING
from backend.core.dates import day, moment
from backend.core.text import sentence as as_sentence
from backend.feedback.models import Rating, Rectification
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.notices.models import NoticeKind
from backend.notices.news import Facts, News
from backend.notices.operations import tell

# A last line of what is told of it; the phone's page has the button.
_NOT_SOLVED = "还没解决的话，请点开这条消息，点「还没解决」。"


def received(session: Session, row: Rectification) -> None:
    """A bad rating was taken on."""
    _tell(
        session, row, NoticeKind.COMPLAINT_RECEIVED, "已受理",
        lambda of: f"{of}已受理，{_last_day(row.due_at)}前核实、整改并答复您。"
        "服务人员看不到是谁评的。",
    )  # fmt: skip


def measures(session: Session, row: Rectification) -> None:
    """It was answered: what was found and done."""
    _tell(
        session, row, NoticeKind.COMPLAINT_MEASURES, "有答复了",
        lambda of: f"{of}，整改情况：{row.reply}",
    )  # fmt: skip


def called_back(session: Session, row: Rectification) -> None:
    """Somebody has spoken with the resident."""
    at = row.called_back_at or clock.now()
    said = "认可整改" if row.resident_satisfied else "仍不满意，我们会再处理"
    _tell(
        session, row, NoticeKind.COMPLAINT_CALL_BACK, "已回访",
        lambda of: f"{of}，{moment(at)}回访了您，记录为：{said}。"
        f"记得不对，请点开这条消息，点「还没解决」。",
    )  # fmt: skip


def closed(session: Session, row: Rectification) -> None:
    """It is over, solved or not."""
    reopening = f"{RATING.reopen_days} 天内{_NOT_SOLVED}"
    if row.unsolved_reason is None:
        _tell(
            session, row, NoticeKind.COMPLAINT_CLOSED, "已办结",
            lambda of: f"{of}已办结。{reopening}",
        )  # fmt: skip
        return
    why = as_sentence(row.unsolved_reason)
    _tell(
        session, row, NoticeKind.COMPLAINT_CLOSED, "没能解决",
        lambda of: f"{of}里说的问题没能解决，很抱歉，已办结。原因：{why}{reopening}",
        what="问题",
    )  # fmt: skip


def reopened(session: Session, row: Rectification) -> None:
    """The resident's 「还没解决」 has arrived."""
    _tell(
        session, row, NoticeKind.COMPLAINT_REOPENED, "重新办理",
        lambda of: f"{of}，您说「还没解决」，已重新办理，{_last_day(row.due_at)}前答复您。",
    )  # fmt: skip


def _tell(
    session: Session, row: Rectification, kind: NoticeKind, title: str,
    sentence: Callable[[str], str], what: str = "评价",
) -> None:  # fmt: skip
    """Tell the account that complained, while it acts for the person whom it is about.

    Args:
        title: what has become of it, in a word.
        sentence: makes the text of what the complaint was of.
        what: of what the title says that.
    """
    found = session.execute(
        select(
            Rating.rated_by,
            Rating.resident_id,
            Resident.name,
            Resident.user_id,
            Activity.id.label("activity_id"),
            Activity.title.label("activity_title"),
            Offering.title.label("offering_title"),
            Venue.name.label("venue_name"),
        )
        .join(Resident, Resident.id == Rating.resident_id)
        .join(Activity, Activity.id == Rating.activity_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .outerjoin(Offering, Offering.id == Rating.offering_id)
        .where(
            Rating.id == row.rating_id,
            Resident.removed_at.is_(None),
            or_(
                Resident.user_id == Rating.rated_by,
                Resident.guardian_user_id == Rating.rated_by,
            ),
        )
    ).one_or_none()
    if found is None:
        return
    subject = found.offering_title or found.activity_title
    news = News(
        user_id=found.rated_by,
        kind=kind,
        title=f"{what}{title}：{subject}",
        text=sentence(_of(found)),
        page=f"/pages/complaint/complaint?id={row.rating_id}",
        activity_id=found.activity_id,
        resident_ids=(found.resident_id,),
        facts=_facts(found, title),
    )
    tell(session, [news])


def _of(found: Any) -> str:
    """您对「花园社区公益集市」的「义剪」的评价"""
    whose = "您" if found.user_id else f"您替{own_name(found.name)}"
    service = f"的{quoted(found.offering_title)}" if found.offering_title else ""
    return f"{whose}对{quoted(found.activity_title)}{service}的评价"


def _facts(found: Any, title: str) -> Facts:
    now = clock.now()
    return Facts(
        activity=found.activity_title,
        place=found.venue_name,
        at=now,
        until=now + timedelta(days=RATING.reopen_days),
        note=title,
    )


def _last_day(due_at: datetime) -> str:
    """The last day that ends at an instant."""
    return day(clock.local_day(due_at - timedelta(seconds=1)))
