"""Some time after a need's end nobody can find out any more who asked for it."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.core import clock
from backend.core.config import NEEDS
from backend.core.db import transaction
from backend.core.jobs import job
from backend.needs.models import Need, NeedState, NeedVoice
from backend.needs.voices.people import cut

# Voices in one transaction.
BATCH = 500


@job("needs.cut_links", cron="53 * * * *")
def cut_links() -> None:
    """Some at a time: a run that is cut off keeps what it has done, and a
    second one finds nothing left to do."""
    done = BATCH
    while done == BATCH:
        with transaction() as session:
            done = _cut_some(session)


def _cut_some(session: Session) -> int:
    """Cut the links of some voices whose time is over; how many."""
    # Of one that was merged it counts when its head has ended.
    own = aliased(Need)
    due = (
        select(NeedVoice.id)
        .join(own, own.id == NeedVoice.need_id)
        .join(Need, Need.id == func.coalesce(own.merged_into, own.id))
        .where(NeedVoice.resident_id.is_not(None), _is_long_over())
        .order_by(NeedVoice.id)
        .limit(BATCH)
        .with_for_update(of=NeedVoice, skip_locked=True)
    )
    voices = session.execute(due).scalars().all()
    cut(session, NeedVoice.id.in_(voices))
    return len(voices)


def _is_long_over() -> ColumnElement[bool]:
    """Ended so long ago; or served, where nobody could be asked about it and no clerk has."""
    before = clock.now() - timedelta(days=NEEDS.voice_days)
    return or_(
        Need.ended_at <= before, and_(Need.state == NeedState.SERVED, Need.served_at <= before)
    )
