"""Jobs: ending the numbers of days that are over."""

from backend.bookings import moves
from backend.core.db import transaction
from backend.core.jobs import job

# Bookings in one transaction: who presses a button meanwhile waits for no more than these.
BATCH = 200


@job("bookings.end_days", cron="2 * * * *")
def end_days() -> None:
    """Two minutes after midnight in Shanghai, and again each hour for what a worker that was away
    has left. A second run finds nothing to do."""
    with transaction() as session:
        activities = moves.with_past_numbers(session)
    for activity_id in activities:
        ended = BATCH
        while ended == BATCH:
            with transaction() as session:
                ended = moves.end_past_days(session, activity_id, BATCH)
