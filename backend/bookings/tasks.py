"""Jobs: ending the numbers of days that are over, and telling who is expected tomorrow."""

from backend.bookings import moves
from backend.bookings.news import telling
from backend.core import clock
from backend.core.config import MESSAGES
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


@job("bookings.tell_tomorrow", cron="4 * * * *")
def tell_tomorrow() -> None:
    """Each hour of the day in Shanghai, so that whoever signs up late is told too. A second run
    tells nobody again."""
    hour = clock.now().astimezone(clock.SHANGHAI).hour
    if not MESSAGES.tomorrow_from_hour <= hour < MESSAGES.tomorrow_until_hour:
        return
    with transaction() as session:
        activities = telling.on_tomorrow(session)
    for activity_id in activities:
        with transaction() as session:
            telling.tell_tomorrow(session, activity_id)
