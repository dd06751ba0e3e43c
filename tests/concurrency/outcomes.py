"""What many requests at once were answered, and what is left of them."""

from collections import Counter
from typing import Any

from werkzeug.test import TestResponse

from tests.concurrency.conftest import together
from tests.support.market_day import MarketDay

BOOKED, FULL = "201", "409 slot_full"
ACTIVE = "state NOT IN ('served', 'no_show', 'cancelled', 'expired')"


def outcome(response: TestResponse) -> str:
    """The status, with the problem's code."""
    problem = response.json if response.mimetype == "application/problem+json" else None
    return f"{response.status_code} {problem['code']}" if problem else str(response.status_code)


def outcomes(*acts: Any) -> Counter[str]:
    """Let these begin together; how often each outcome was heard."""
    return Counter(outcome(response) for response in together(*acts))


def bookings(day: MarketDay, where: str = "true") -> int:
    count = f"SELECT count(*) FROM booking WHERE activity_id = :id AND {where}"
    return int(day.rows(count, id=day.id)[0][0])
