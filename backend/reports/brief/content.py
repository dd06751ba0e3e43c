"""简报: one activity on one page of A4, for those above."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityRecord, Offering, Programme, Venue
from backend.bookings.models import Booking, BookingState
from backend.core.config import load
from backend.core.db import transaction
from backend.feedback.evaluation.queries import evaluated
from backend.feedback.models import Rating
from backend.feedback.queries import stands
from backend.reports.ledger import Market, markets_of
from backend.reports.making import CannotMake, NoteProgress, Order, makes
from backend.reports.models import ReportKind


@dataclass(frozen=True, slots=True)
class Brief:
    """All that a brief says; `market` as the ledger has it."""

    market: Market
    programme: Programme
    starts_at: datetime
    ends_at: datetime
    venue: str
    funds: Any
    offerings: int
    services: Sequence[tuple[str, int]]
    tags: Sequence[tuple[str, int]]

    @property
    def banner(self) -> str:
        return "公益集市简报" if self.programme is Programme.MARKET else "活动简报"


@makes(ReportKind.BRIEF)
def make_brief(order: Order, note: NoteProgress) -> bytes:
    """A brief of one activity.

    Raises CannotMake where it has not begun.
    """
    note(0, 2)
    with transaction() as session:
        brief = _read(session, order)
    note(1, 2)
    # Imported here: python-docx and lxml take 8 MB, and most processes never write a brief.
    from backend.reports.brief.document import write_document

    content = write_document(brief, order)
    note(2, 2)
    return content


def _read(session: Session, order: Order) -> Brief:
    activity_id = UUID(order.parameters["activity_id"])
    columns = (Activity.ends_at, Venue.name.label("venue_name"), Venue.address,
               ActivityRecord.funds_yuan)  # fmt: skip
    row = session.execute(
        evaluated(session, order.reader)
        .add_columns(*columns)
        .join(Venue, Venue.id == Activity.venue_id)
        .outerjoin(ActivityRecord, ActivityRecord.activity_id == Activity.id)
        .where(Activity.id == activity_id)
    ).one_or_none()
    if row is None:
        raise CannotMake("这场活动还没有开始，等举办以后再做简报")
    (market,) = markets_of(session, order, [activity_id])
    address = f"（{row.address}）" if row.address else ""
    services = _services(session, activity_id)
    return Brief(
        market=market,
        programme=row.programme,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        venue=f"{row.venue_name}{address}",
        funds=row.funds_yuan,
        offerings=len(services),
        services=services,
        tags=_tags(session, activity_id),
    )


def _services(session: Session, activity_id: UUID) -> list[tuple[str, int]]:
    """Each service with how often it was served, the most used first; one that was dropped only
    where somebody was served before."""
    served = func.count(Booking.id)
    rows = session.execute(
        select(Offering.title, served)
        .outerjoin(
            Booking,
            (Booking.offering_id == Offering.id) & (Booking.state == BookingState.SERVED),
        )
        .where(Offering.activity_id == activity_id)
        .group_by(Offering.id)
        .having(or_(Offering.dropped_at.is_(None), served > 0))
        .order_by(served.desc(), Offering.letter)
    )
    return [(title, n) for title, n in rows]


def _tags(session: Session, activity_id: UUID) -> list[tuple[str, int]]:
    """What the answers that count say by their tags, the most frequent first."""
    asked: dict[str, str] = load("evaluation")["tags"]
    said = (
        select(func.jsonb_array_elements_text(Rating.tags).label("tag"))
        .where(Rating.activity_id == activity_id, stands())
        .subquery()
    )
    rows = session.execute(select(said.c.tag, func.count()).group_by(said.c.tag))
    # A tag that the configuration has no more is not asked, and not told.
    counted = [(tag, n) for tag, n in rows if tag in asked]
    order = list(asked)
    counted.sort(key=lambda said: (-said[1], order.index(said[0])))
    return [(asked[tag], n) for tag, n in counted]
