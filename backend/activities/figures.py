"""What regions and service kinds come to: reads for the console's settings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Offering
from backend.core.config import load
from backend.regions.models import Region, RegionLevel
from backend.regions.queries import within


@dataclass(frozen=True, slots=True)
class RegionFigures:
    """A region with what lies in it.

    Attributes:
        communities: below it.
        activities: in it or below, whatever became of them, but those of an undone import, which
            no list shows.
        last_at: when the latest of them begins or began.
    """

    region: Region
    communities: int
    activities: int
    last_at: datetime | None


def with_figures(
    session: Session, codes: Iterable[str], regions: Sequence[Region]
) -> list[RegionFigures]:
    """Regions with their figures, in two statements.

    Args:
        codes: of the regions that the caller holds; nothing outside them is counted.
        regions: those to show, all of them in the caller's.
    """
    codes = tuple(codes)
    deepest = max((len(region.code) for region in regions), default=0)
    below: Counter[str] = Counter()
    activities: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    cut = func.left(Region.code, deepest)
    communities = (
        select(cut.label("code"), func.count().label("n"))
        .where(within(codes), Region.level == RegionLevel.COMMUNITY)
        .group_by(cut)
    )
    for row in session.execute(communities):
        below[row.code] += row.n
    held = (
        select(Region.code, func.count().label("n"), func.max(Activity.starts_at).label("last_at"))
        .join(Activity, Activity.region_id == Region.id)
        .where(within(codes), Activity.withdrawn_at.is_(None))
        .group_by(Region.code)
    )
    for row in session.execute(held):
        activities[row.code] = row.n
        last[row.code] = row.last_at
    return [
        RegionFigures(
            region,
            sum(n for code, n in below.items() if code.startswith(region.code)),
            sum(n for code, n in activities.items() if code.startswith(region.code)),
            max((at for code, at in last.items() if code.startswith(region.code)), default=None),
        )
        for region in regions
    ]


@dataclass(frozen=True, slots=True)
class ServiceKindFigures:
    """A configured kind of service, and how often it was offered.

    Attributes:
        minutes: that a person usually takes, as configured.
    """

    key: str
    title: str
    minutes: int
    offerings: int
    activities: int


def service_kinds(session: Session, codes: Iterable[str]) -> list[ServiceKindFigures]:
    """The configured kinds of service with how often they were offered in some regions, the most
    frequent first, in one statement."""
    statement = (
        select(
            Offering.service_kind,
            func.count().label("offerings"),
            func.count(Offering.activity_id.distinct()).label("activities"),
        )
        .join(Activity, Activity.id == Offering.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .where(within(codes), Activity.withdrawn_at.is_(None))
        .group_by(Offering.service_kind)
    )
    used = {row.service_kind: row for row in session.execute(statement)}
    kinds = [
        ServiceKindFigures(
            key,
            kind["title"],
            kind["minutes"],
            used[key].offerings if key in used else 0,
            used[key].activities if key in used else 0,
        )
        for key, kind in load("service_kinds").items()
    ]
    return sorted(kinds, key=lambda kind: -kind.offerings)
