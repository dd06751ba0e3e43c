"""评价清单: what an activity's ratings come to, and how much of it who may see.

Pure: `queries` counts, this module computes. What is counted, and why figures are hidden as they
are, stands in docs/adr/0007-what-an-evaluation-counts.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.core.config import RATING, load
from backend.feedback.evaluation.intervals import HIGHEST_SCORE, LOWEST_SCORE, mean_interval, wilson
from backend.needs.models import NeedState, Verdict

LEVELS = range(LOWEST_SCORE, HIGHEST_SCORE + 1)
ITEMS: dict[str, dict[str, Any]] = load("evaluation")["items"]
# Figures that show what few people said. The whole activity has all of them.
_OFFERING_FIGURES = ("score", "satisfied_share", "distribution")
_FIGURES = (*_OFFERING_FIGURES, "items", "bad_ratings", "rectifications")
# Where a need can stand while it belongs to an activity (needs/operations.py).
_NEED_STATES = (
    NeedState.PLANNED,
    NeedState.SERVED,
    NeedState.EVALUATED,
    NeedState.CLOSED_UNSOLVED,
)
# A need that was served there, and is gone through again since.
REOPENED = "reopened"
NO_ANSWER = "none"
_ITEM_FIGURES = ("mean", "satisfied_share", "met")

Scores = Mapping[int, int]
"""How many answers there are of each level."""


class EvaluationState(StrEnum):
    LIVE = "live"
    FROZEN = "frozen"


class EvaluationVerdict(StrEnum):
    MET = "met"
    TO_IMPROVE = "to_improve"
    INSUFFICIENT_DATA = "insufficient_data"


class Progress(StrEnum):
    """Where a rectification stands against its deadline."""

    OPEN = "open"  # not closed, in time
    OVERDUE = "overdue"  # not closed, past its deadline
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ServedOffering:
    """An offering as the checklist names it."""

    id: UUID
    title: str
    service_kind: str


@dataclass(slots=True)
class Tally:
    """What was counted of one activity.

    Attributes:
        served: served bookings by offering.
        attended: visits that stand, 人次.
        scores: ratings by offering and level; under None those of visits.
        items: answers by item and level.
        rectifications: by progress.
        needs: those planned for it, by state.
        asked: who was asked whether these are solved, by answer.
    """

    served: Counter[UUID] = field(default_factory=Counter)
    attended: int = 0
    scores: dict[UUID | None, Counter[int]] = field(default_factory=dict)
    items: dict[str, Counter[int]] = field(default_factory=dict)
    rectifications: Counter[str] = field(default_factory=Counter)
    needs: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def scores_of(self, offering_id: UUID | None) -> Counter[int]:
        """The levels given to an offering, or to visits (None)."""
        return self.scores.get(offering_id, Counter())


def checklist(tally: Tally, offerings: Iterable[ServedOffering]) -> dict[str, Any]:
    """The checklist in full, as JSON: also what is stored when it freezes."""
    every = sum(tally.scores.values(), Counter())
    visit_scores = tally.scores_of(None)
    rated, visits_rated = every.total(), visit_scores.total()
    served = tally.served.total()
    items = [_item(key, entry, tally.items.get(key, Counter())) for key, entry in ITEMS.items()]
    figures = _figures(every)
    return {
        "served": served,
        "rated": rated,
        "response_rate": _share(rated - visits_rated, served),
        "visits": {
            "attended": tally.attended,
            "rated": visits_rated,
            "response_rate": _share(visits_rated, tally.attended),
        },
        **figures,
        "items": items,
        "offerings": [_offering(tally, offering) for offering in offerings],
        "bad_ratings": sum(n for level, n in every.items() if level <= RATING.bad_score),
        "rectifications": rectification_counts(tally.rectifications),
        "needs": need_counts(tally),
        "verdict": _verdict(rated, figures["satisfied_share"], items).value,
    }


def _offering(tally: Tally, offering: ServedOffering) -> dict[str, Any]:
    scores = tally.scores_of(offering.id)
    served = tally.served[offering.id]
    return {
        "offering_id": str(offering.id),
        "title": offering.title,
        "service_kind": offering.service_kind,
        "served": served,
        "rated": scores.total(),
        "response_rate": _share(scores.total(), served),
        **_figures(scores),
    }


def _figures(scores: Counter[int]) -> dict[str, Any]:
    mean = mean_interval(scores)
    return {
        "score": asdict(mean) if mean else None,
        "satisfied_share": satisfied_share(scores),
        "distribution": {str(level): scores[level] for level in LEVELS},
    }


def _item(key: str, entry: Mapping[str, Any], scores: Counter[int]) -> dict[str, Any]:
    n, share = scores.total(), satisfied_share(scores)
    mean = mean_interval(scores)
    enough = share is not None and n >= RATING.publish_from
    return {
        "key": key,
        "title": entry["title"],
        "n": n,
        "mean": mean.mean if mean else None,
        "satisfied_share": share,
        "target_share": entry["target_share"],
        "met": share["value"] >= entry["target_share"] if share and enough else None,
    }


def satisfied_share(scores: Scores) -> dict[str, float] | None:
    """The share of 基本满意 or better with its Wilson interval; None without answers."""
    n = sum(scores.values())
    satisfied = sum(count for level, count in scores.items() if level >= RATING.satisfied_score)
    return asdict(wilson(satisfied, n)) if n else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def rectification_counts(counts: Counter[str]) -> dict[str, int]:
    """`open` are all that are not closed; those past their deadline are `overdue` as well."""
    overdue, closed = counts[Progress.OVERDUE], counts[Progress.CLOSED]
    not_closed = counts[Progress.OPEN] + overdue
    return {"total": not_closed + closed, "open": not_closed, "overdue": overdue, "closed": closed}


def need_counts(tally: Tally) -> dict[str, Any]:
    """Those that the activity was to serve: how many there are, how far they have come, and what
    those who asked say of it."""
    needs, said = tally.needs, tally.asked
    answers = {verdict.value: said[verdict] for verdict in Verdict}
    asked = {"asked": said.total(), "answered": said.total() - said[NO_ANSWER]}
    states = {state.value: needs[state] for state in _NEED_STATES}
    return (
        {"total": needs.total()} | states | {REOPENED: needs[REOPENED], "outcome": asked | answers}
    )


def _verdict(
    rated: int, share: dict[str, float] | None, items: Iterable[dict[str, Any]]
) -> EvaluationVerdict:
    """Met where the activity and each item with enough answers reach their targets."""
    if share is None or rated < RATING.publish_from:
        return EvaluationVerdict.INSUFFICIENT_DATA
    if share["value"] < RATING.target_share or any(item["met"] is False for item in items):
        return EvaluationVerdict.TO_IMPROVE
    return EvaluationVerdict.MET


# ---------------------------------------------------------------------------- who sees what


def shown_to_staff(content: Mapping[str, Any]) -> dict[str, Any]:
    """The checklist in full, with small samples marked."""
    offerings = [_marked(offering, hidden=False) for offering in content["offerings"]]
    return _marked(content, hidden=False) | {"offerings": offerings}


def shown_to_public(content: Mapping[str, Any]) -> dict[str, Any]:
    """The checklist as residents, visitors and partners see it: no figure of it, read or worked
    out by subtraction, stands on fewer than `publish_from` answers."""
    hidden = content["rated"] < RATING.publish_from
    offerings = content["offerings"]
    concealed = (
        set(range(len(offerings)))
        if hidden
        else _concealed([offering["rated"] for offering in offerings], content["visits"]["rated"])
    )
    shown = _marked(content, hidden=hidden)
    shown["offerings"] = [
        _without(_marked(offering, hidden=index in concealed), _OFFERING_FIGURES)
        if index in concealed
        else _marked(offering, hidden=False)
        for index, offering in enumerate(offerings)
    ]
    if hidden:
        return _without(shown, _FIGURES)
    shown["items"] = [
        _without(item, _ITEM_FIGURES) if item["n"] < RATING.publish_from else item
        for item in content["items"]
    ]
    return shown


def _concealed(rated: Sequence[int], visits_rated: int) -> set[int]:
    """Which offerings' figures are hidden, given how many answers each has.

    Those with few answers; and, because the whole less what is shown can be worked out, the
    smallest of the others too, until what is left over (the hidden offerings and the visits,
    whose figures are never shown by themselves) stands on enough answers or on none
    (complementary suppression).
    """
    concealed = {index for index, n in enumerate(rated) if n < RATING.publish_from}
    left_over = visits_rated + sum(rated[index] for index in concealed)
    by_size = sorted(set(range(len(rated))) - concealed, key=lambda index: rated[index])
    for index in by_size:
        if left_over == 0 or left_over >= RATING.publish_from:
            break
        concealed.add(index)
        left_over += rated[index]
    return concealed


def _marked(part: Mapping[str, Any], *, hidden: bool) -> dict[str, Any]:
    return dict(part) | {"hidden": hidden, "small_sample": part["rated"] < RATING.publish_from}


def _without(part: Mapping[str, Any], figures: Iterable[str]) -> dict[str, Any]:
    return dict(part) | dict.fromkeys(figures)
