"""A region's announced activities as a calendar that others subscribe to (iCalendar, RFC 5545).

Written here in a few lines, without a library: times are UTC, so there is no time zone to describe,
and nothing repeats.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, ActivityState, Venue
from backend.activities.permissions import ANNOUNCED
from backend.core import clock
from backend.regions.models import Region
from backend.regions.queries import within

# What a calendar shows: what was, for a look back, and as far as anybody plans.
_PAST, _AHEAD = timedelta(days=31), timedelta(days=400)
_MOST = 2000
# Octets of a line; what is longer is folded.
_LINE = 75


def feed_of(session: Session, region: Region) -> str:
    """The calendar of a region with all below it. What was cancelled stays in it as that; drafts
    and people are not in it."""
    now = clock.now()
    statement = (
        select(Activity, Venue, Region.name.label("region_name"))
        .join(Region, Region.id == Activity.region_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(
            within([region.code]),
            Activity.state.in_(ANNOUNCED),
            Activity.withdrawn_at.is_(None),
            Activity.starts_at.between(now - _PAST, now + _AHEAD),
        )
        .order_by(Activity.starts_at, Activity.id)
        .limit(_MOST)
    )
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//wusheji//calendar//ZH",
        f"X-WR-CALNAME:{_text(region.name + '公益活动')}",
    ]
    for row in session.execute(statement):
        lines += _event(row)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(row: Any) -> Iterator[str]:
    activity: Activity = row.Activity
    venue: Venue = row.Venue
    gone = activity.state is ActivityState.CANCELLED
    place = " ".join(filter(None, (row.region_name, venue.name, venue.address)))
    yield "BEGIN:VEVENT"
    yield f"UID:{activity.id}@wusheji"
    # When it was first written down: an answer of the same content stays the same.
    yield f"DTSTAMP:{_instant(activity.created_at)}"
    yield f"SEQUENCE:{activity.version}"
    yield f"STATUS:{'CANCELLED' if gone else 'CONFIRMED'}"
    yield f"DTSTART:{_instant(activity.starts_at)}"
    yield f"DTEND:{_instant(activity.ends_at)}"
    yield f"SUMMARY:{_text(('已取消：' if gone else '') + activity.title)}"
    yield f"LOCATION:{_text(place)}"
    yield "END:VEVENT"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """Text in which nothing means something to a calendar (RFC 5545, 3.3.11)."""
    for mark in ("\\", ";", ","):
        value = value.replace(mark, f"\\{mark}")
    return value.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line in parts of at most 75 octets, no letter broken (RFC 5545, 3.1)."""
    parts, part, size = [], "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _LINE:
            parts.append(part)
            part, size = " ", 1
        part, size = part + letter, size + octets
    return "\r\n".join([*parts, part])
