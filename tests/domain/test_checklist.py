"""What the evaluation checklist comes to, and which of its figures are hidden from whom
(docs/adr/0007)."""

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.config import RATING
from backend.feedback.evaluation.checklist import (
    ITEMS,
    ServedOffering,
    Tally,
    checklist,
    shown_to_public,
    shown_to_staff,
)

ENOUGH = RATING.publish_from
FIGURES = ("score", "satisfied_share", "distribution")


def content(
    *offerings: dict[int, int], visits: dict[int, int] | None = None,
    items: dict[str, dict[int, int]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The checklist of an activity whose offerings (and visits) got these answers."""
    by_id: dict[UUID, Counter[int]] = {
        UUID(int=number): Counter(scores) for number, scores in enumerate(offerings)
    }
    tally = Tally(
        served=Counter({offering_id: scores.total() for offering_id, scores in by_id.items()}),
        attended=sum((visits or {}).values()),
        scores={None: Counter(visits or {})} | {**by_id},
        items={key: Counter(scores) for key, scores in (items or {}).items()},
    )
    return checklist(tally, [ServedOffering(found, "义诊", "clinic") for found in by_id])


def hidden(shown: dict[str, Any]) -> list[bool]:
    return [offering["hidden"] for offering in shown["offerings"]]


# ---------------------------------------------------------------------------- verdict


def test_too_few_answers_say_nothing() -> None:
    assert content({5: ENOUGH - 1})["verdict"] == "insufficient_data"
    assert content()["verdict"] == "insufficient_data"


@pytest.mark.parametrize(
    ("satisfied", "dissatisfied", "verdict"), [(17, 3, "met"), (16, 4, "to_improve")]
)
def test_the_satisfied_share_is_held_against_the_target(
    satisfied: int, dissatisfied: int, verdict: str
) -> None:
    """17 of 20 is 85 % exactly."""
    assert RATING.target_share == 0.85
    assert content({3: satisfied, 2: dissatisfied})["verdict"] == verdict


def test_satisfied_begins_at_basically_satisfied() -> None:
    share = content({3: 5, 2: 5})["satisfied_share"]
    assert share["value"] == 0.5


def test_an_item_below_its_target_is_to_be_improved() -> None:
    """服务态度 has to satisfy 90 %."""
    assert ITEMS["attitude"]["target_share"] == 0.9
    good = content({5: 20}, items={"attitude": {5: 9, 1: 1}})
    assert good["verdict"] == "met"
    bad = content({5: 20}, items={"attitude": {5: 8, 1: 2}})
    assert bad["verdict"] == "to_improve"
    assert [item["met"] for item in bad["items"] if item["key"] == "attitude"] == [False]


def test_an_item_with_few_answers_does_not_decide() -> None:
    found = content({5: 20}, items={"attitude": {1: ENOUGH - 1}})
    assert found["verdict"] == "met"
    assert [item["met"] for item in found["items"]] == [None] * len(ITEMS)


# ---------------------------------------------------------------------------- figures


def test_what_an_activity_comes_to() -> None:
    found = content({5: 6, 4: 2, 1: 2}, {5: 1}, visits={3: 4})
    assert (found["served"], found["rated"], found["response_rate"]) == (11, 15, 1.0)
    assert found["visits"] == {"attended": 4, "rated": 4, "response_rate": 1.0}
    assert found["distribution"] == {"1": 2, "2": 0, "3": 4, "4": 2, "5": 7}
    assert found["score"]["mean"] == pytest.approx(57 / 15)
    assert found["satisfied_share"]["value"] == pytest.approx(13 / 15)
    assert found["bad_ratings"] == 2
    assert found["needs"]["total"] == 0
    assert [offering["rated"] for offering in found["offerings"]] == [10, 1]


def test_an_item_no_longer_asked_is_not_listed() -> None:
    found = content({5: 1}, items={"old": {5: 1}})
    assert [item["key"] for item in found["items"]] == list(ITEMS)


def test_without_answers_there_are_no_shares() -> None:
    found = content({})
    assert found["response_rate"] is None
    assert found["score"] is None
    assert found["satisfied_share"] is None
    assert set(found["distribution"].values()) == {0}


# ---------------------------------------------------------------------------- hiding


def test_few_answers_are_hidden_from_the_public_altogether() -> None:
    shown = shown_to_public(content({1: ENOUGH - 1}))
    assert shown["hidden"] is shown["small_sample"] is True
    for name in (*FIGURES, "items", "bad_ratings", "rectifications"):
        assert shown[name] is None, name
    assert hidden(shown) == [True]
    assert [shown["offerings"][0][name] for name in FIGURES] == [None] * 3
    assert (shown["served"], shown["rated"], shown["response_rate"]) == (9, 9, 1.0)


def test_enough_answers_are_shown_to_the_public() -> None:
    shown = shown_to_public(content({5: ENOUGH}))
    assert shown["hidden"] is shown["small_sample"] is False
    assert shown["score"]["mean"] == 5
    assert shown["rectifications"] == {"total": 0, "open": 0, "overdue": 0, "closed": 0}
    assert hidden(shown) == [False]


def test_staff_see_everything_with_small_samples_marked() -> None:
    full = content({5: 1}, {5: ENOUGH})
    shown = shown_to_staff(full)
    assert shown["hidden"] is False
    assert hidden(shown) == [False, False]
    assert [offering["small_sample"] for offering in shown["offerings"]] == [True, False]
    assert shown["offerings"][0]["distribution"]["5"] == 1
    assert shown_to_staff(content({5: 1}))["small_sample"] is True


def test_an_offering_with_few_answers_is_hidden_with_the_smallest_other() -> None:
    """Else the whole less the others would be its own answers."""
    shown = shown_to_public(content({5: 30}, {1: 2}, {5: 12}))
    assert hidden(shown) == [False, True, True]
    assert [shown["offerings"][2][name] for name in FIGURES] == [None] * 3
    assert [offering["small_sample"] for offering in shown["offerings"]] == [False, True, False]


def test_hidden_offerings_that_are_enough_together_hide_no_other() -> None:
    assert hidden(shown_to_public(content({5: 30}, {1: 6}, {2: 4}))) == [False, True, True]


def test_two_hidden_offerings_may_still_be_too_few_together() -> None:
    shown = shown_to_public(content({5: 30}, {1: 4}, {2: 5}, {4: 11}))
    assert hidden(shown) == [False, True, True, True]


def test_few_ratings_of_visits_are_guarded_like_an_offering() -> None:
    """The visits' own figures are never shown, but would be left over."""
    assert hidden(shown_to_public(content({5: 30}, {5: 12}, visits={1: 3}))) == [False, True]
    assert hidden(shown_to_public(content({5: 30}, {5: 12}, visits={1: 10}))) == [False, False]


def test_an_offering_nobody_rated_gives_nothing_away() -> None:
    assert hidden(shown_to_public(content({5: 30}, {}))) == [False, True]


def test_an_items_few_answers_are_hidden_from_the_public() -> None:
    full = content({5: 20}, items={"attitude": {1: 3}, "waiting": {5: 10}})
    items = {item["key"]: item for item in shown_to_public(full)["items"]}
    assert items["attitude"]["n"] == 3
    assert [items["attitude"][name] for name in ("mean", "satisfied_share", "met")] == [None] * 3
    assert items["waiting"]["mean"] == 5
    seen_by_staff = {item["key"]: item for item in shown_to_staff(full)["items"]}
    assert seen_by_staff["attitude"]["mean"] == 1


SCORES = st.dictionaries(st.integers(1, 5), st.integers(0, 8), max_size=5)


@given(st.lists(SCORES, max_size=6), SCORES)
def test_nothing_that_can_be_worked_out_stands_on_few_answers(
    offerings: list[dict[int, int]], visits: dict[int, int]
) -> None:
    shown = shown_to_public(content(*offerings, visits=visits))
    if shown["hidden"]:
        assert all(offering["distribution"] is None for offering in shown["offerings"])
        return
    left_over = Counter(shown["distribution"])
    for offering in shown["offerings"]:
        if offering["distribution"] is not None:
            assert offering["rated"] >= ENOUGH
            left_over.subtract(offering["distribution"])
    assert left_over.total() == 0 or left_over.total() >= ENOUGH
