"""Satisfaction by month, service kind and region: always with its interval, never ranked."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Offering
from backend.core.config import RATING, titles
from backend.feedback.evaluation.checklist import satisfied_share
from backend.feedback.models import Rating
from backend.feedback.queries import stands
from backend.regions.models import CODE_LENGTHS, Region
from backend.regions.queries import region_names


@dataclass(frozen=True, slots=True)
class Group:
    """What was answered in one month, about one service kind, or in one region.

    Attributes:
        n: answers.
        share: of 基本满意 or better, with Wilson's interval at 95 %.
        small_sample: whether there are too few answers to say anything.
    """

    title: str
    n: int
    share: dict[str, float]
    small_sample: bool


@dataclass(frozen=True, slots=True)
class Trends:
    months: list[Group]
    kinds: list[Group]
    regions: list[Group]


def trends_of(session: Session, found: Select[Any], scope: str) -> Trends:
    """The trends of the activities that `found` selects, in two statements.

    Groups stand in the order of time, of the configuration and of the region codes: an order by
    the shares would be a ranking, which few answers do not bear.

    Args:
        found: a statement that selects activities, joined with their regions.
        scope: the code of the region looked at; its answers are told apart by the regions below.
    """
    counted = counts_by(session, found, _length_below(scope))
    names = region_names(session, counted["region"])
    kinds = titles("service_kinds")
    return Trends(
        months=_groups(counted["month"], sorted(counted["month"]), str),
        kinds=_groups(counted["kind"], kinds, lambda kind: kinds[kind]),
        regions=_groups(counted["region"], sorted(names), lambda code: names[code]),
    )


Counts = dict[str, dict[str, Counter[int]]]


def counts_by(session: Session, found: Select[Any], code_length: int) -> Counts:
    """How many answers of each level there are, by month, service kind and region, and by the
    group's key; answers about a visit as a whole are of no service kind.

    Args:
        found: a statement that selects activities, joined with their regions.
        code_length: of the region codes that are told apart; a longer one counts as the region
            above it.
    """
    activities = grouped_activities(found, code_length).subquery()
    answers = (
        select(
            activities.c.month,
            activities.c.region,
            Offering.service_kind.label("kind"),
            Rating.score,
        )
        .join(Rating, Rating.activity_id == activities.c.id)
        .outerjoin(Offering, Offering.id == Rating.offering_id)
        .where(stands())
        .subquery()
    )
    columns = answers.c
    sets = func.grouping_sets(
        tuple_(columns.month, columns.score),
        tuple_(columns.kind, columns.score),
        tuple_(columns.region, columns.score),
    )
    statement = select(
        columns.month, columns.kind, columns.region, columns.score, func.count().label("n")
    ).group_by(sets)
    counts: Counts = {name: defaultdict(Counter) for name in ("month", "kind", "region")}
    for row in session.execute(statement):
        for name, groups in counts.items():
            key = getattr(row, name)
            if key is not None:
                groups[key][row.score] = row.n
    return counts


def grouped_activities(found: Select[Any], code_length: int) -> Select[Any]:
    """The activities that `found` selects, each with the month and the region that it counts in."""
    return found.with_only_columns(
        Activity.id,
        func.to_char(func.timezone("Asia/Shanghai", Activity.starts_at), "YYYY-MM").label("month"),
        func.left(Region.code, code_length).label("region"),
    )


def _length_below(code: str) -> int:
    longer = [length for length in CODE_LENGTHS if length > len(code)]
    return min(longer, default=len(code))


def _groups(
    counts: dict[str, Counter[int]], order: Iterable[str], title: Callable[[str], str]
) -> list[Group]:
    groups = []
    for key in order:
        scores = counts.get(key, Counter())
        share = satisfied_share(scores)
        if share is not None:
            n = scores.total()
            groups.append(Group(title(key), n, share, n < RATING.publish_from))
    return groups
