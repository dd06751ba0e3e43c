"""Use cases of organisers: an activity copied to many days and places at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.checks.readiness import UNSETTLED, is_settled
from backend.activities.copies import Place, Source, copy_to, slots_that_fit
from backend.activities.days import doubt_of
from backend.activities.models import Activity
from backend.activities.requests import ActivityEdit, NewVenue
from backend.activities.words import SlotChoice
from backend.core import clock
from backend.core.errors import AppError, ValidationFailed
from backend.core.given import UNSET, Given, or_else
from backend.core.permissions import Actor
from backend.regions.models import Region
from backend.schedule import calendar

# At once: a year's markets of a hundred communities are imported in a few files.
MOST_COPIES = 200
LONGEST_TITLE = 60


class TooManyCopies(AppError):
    status = 422
    code = "too_many_copies"
    title = f"一次最多 {MOST_COPIES} 场，请分几次"


def copy_to_many(
    session: Session, actor: Actor, source: Source, places: Sequence[Place]
) -> list[Activity]:
    """Drafts like `source` at many places: all of them or none.

    Raises TooManyCopies, ValidationFailed (422).
    """
    if len(places) > MOST_COPIES:
        raise TooManyCopies
    return [copy_to(session, actor, source, place) for place in places]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A copy that is looked at before it is made.

    Attributes:
        clashes: what takes place in the region on that day already.
        doubtful: what is to be looked at of its day, in words.
        venue: where it takes place.
        misnamed: the short name of the source's region, where the title still has it.
    """

    region: Region
    day: date
    place: Place
    clashes: Sequence[Any]
    doubtful: str
    venue: str
    misnamed: str

    @property
    def sure(self) -> bool:
        """Whether it may be chosen for the clerk: a second activity of a day, and a day of another
        year, they choose themselves."""
        return not (self.clashes or self.doubtful)

    @property
    def settled(self) -> bool:
        """Whether its place is: without one it can't be published."""
        return is_settled(self.venue)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of copies, as times of day in Shanghai; without an end as long as the source."""

    starts: time
    ends: time | None = None
    slots: SlotChoice = SlotChoice.MOVE

    def of(self, day: date, source: Activity) -> tuple[datetime, datetime]:
        """When a copy on a day begins and ends; a source of several days keeps its length of
        days.

        Raises ValidationFailed (422) where it would end before it begins.
        """
        starts_at = datetime.combine(day, self.starts, tzinfo=clock.SHANGHAI)
        if self.ends is None:
            return starts_at, starts_at + (source.ends_at - source.starts_at)
        days = clock.local_day(source.ends_at) - clock.local_day(source.starts_at)
        ends_at = datetime.combine(day + days, self.ends, tzinfo=clock.SHANGHAI)
        if ends_at <= starts_at:
            raise ValidationFailed(errors={"ends": ["结束时间应晚于开始时间"]})
        return starts_at, ends_at


def candidates(
    session: Session,
    source: Source,
    regions: Sequence[Region],
    days: Sequence[date],
    hours: Hours,
    contact_phone: Given[str | None] = UNSET,
    titles: Mapping[tuple[UUID, date], str] = MappingProxyType({}),
) -> list[Candidate]:
    """The copies of an activity for each of these regions on each of these days.

    A title that names the source's region names the copy's instead, and a copy elsewhere takes
    place where that region's last activity did.

    Args:
        regions, days: at least one each.
        contact_phone: of all copies; the source's where it is not given.
        titles: what copies are called, by region and day, where that was put right.

    Raises TooManyCopies, ValidationFailed (422), also where slots would lie outside.
    """
    if len(regions) * len(days) > MOST_COPIES:
        raise TooManyCopies
    ids = [region.id for region in regions]
    there = calendar.taking_place(session, ids, days)
    venues = calendar.usual_venues(session, ids)
    origin = session.get_one(Region, source.activity.region_id)
    found = []
    for day in sorted(set(days)):
        starts_at, ends_at = hours.of(day, source.activity)
        for region in regions:
            nowhere = NewVenue(name=f"{region.name}（场地{UNSETTLED}）")
            title = source.activity.title.replace(origin.name, region.name)[:LONGEST_TITLE]
            differs = ActivityEdit(
                title=titles.get((region.id, day), title),
                ends_at=ends_at,
                venue=UNSET if region.id == origin.id else venues.get(region.id, nowhere),
                contact_phone=contact_phone,
            )
            place = Place(starts_at, region.id, differs, hours.slots)
            clashes = there.get((region.id, day), [])
            doubtful = doubt_of(starts_at, clock.now())
            venue = or_else(differs.venue, source.venue).name
            misnamed = _misnamed(str(differs.title), origin, region)
            found.append(Candidate(region, day, place, clashes, doubtful, venue, misnamed))
    # Those of all copies lie in its time or none's.
    slots_that_fit(source, found[0].place)
    return found


def _misnamed(title: str, origin: Region, region: Region) -> str:
    """What a copy's title still has of the source's region, 「花园」 of 花园社区, or nothing. It
    may be meant, as the name of something else: it is never replaced."""
    short = _KIND_OF_REGION.sub("", origin.name)
    return short if len(short) > 1 and short in title and short not in region.name else ""


_KIND_OF_REGION = re.compile("(?:社区|村|镇|街道)$")
