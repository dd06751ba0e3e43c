"""The audit log's words: every action that some code records can be read by an auditor."""

from typing import Any

import pytest

from backend.activities.history import entries
from backend.activities.lifecycle.actions import MOVE_OF
from backend.activities.models import Activity, ActivityState
from backend.audit.words import (
    action_in_words,
    change_in_words,
    details_in_words,
    object_in_words,
    state_in_words,
)
from backend.bookings.models import BookingState
from backend.checkin.models import Verdict
from backend.core.feature import AuditWords
from backend.core.permissions import Role
from backend.features import FEATURES
from backend.feedback.evaluation.checklist import EvaluationState
from backend.feedback.models import RectificationState
from backend.identity.models import PhoneState, UserState
from backend.needs.models import NeedState
from backend.regions.models import RegionImportState
from backend.reports.models import ReportState
from tests.support.audited import BACKEND, recorded_about, recorded_actions, recorded_objects

WORDS = AuditWords.together(feature.audit for feature in FEATURES)


def test_every_action_in_the_code_has_words() -> None:
    unsaid = {action: where for action, where in recorded_actions().items() if not _said(action)}
    assert unsaid == {}, "say them in the feature's words.py"


def _said(action: str) -> bool:
    """A name made at run time is said where some of its kind are."""
    if action.endswith("*"):
        return any(known.startswith(action[:-1]) for known in WORDS.actions)
    return action in WORDS.actions


def test_every_action_of_an_activity_has_words_in_its_history() -> None:
    """Looking somebody up at the entrance is not told there."""
    recorded = recorded_about(Activity.__name__) | MOVE_OF.keys()
    assert {"create", "cancel", "withdraw", "edit_slot", "assign", "revoke_code"} <= recorded
    assert recorded - entries.ACTIONS.keys() == {"find_residents"}


def test_the_reader_of_the_code_finds_what_it_should() -> None:
    """Constants, either of two, handed on by others, and in a statement's text."""
    found = recorded_actions()
    assert {"publish", "grant_role", "revoke_role", "load_demo", "name_owner", "call",
            "arrive", "activity_*", "make_report"} <= set(found)  # fmt: skip
    assert found["call"].startswith("bookings/")


def test_every_object_in_the_code_has_words() -> None:
    unsaid = {name for name in recorded_objects(BACKEND) if object_in_words(WORDS, name) == "其他"}
    assert unsaid == set()


@pytest.mark.parametrize(
    ("object_type", "states"),
    [
        ("activity", ActivityState),
        ("booking", BookingState),
        ("rectification", RectificationState),
        ("report_run", ReportState),
        ("need", NeedState),
        ("region_import", RegionImportState),
        ("user_account", Role),
        ("user_account", UserState),
        ("resident", PhoneState),
        ("evaluation_checklist", EvaluationState),
        ("scan", [Verdict.ADMITTED, "reverted"]),
    ],
)
def test_every_state_has_words(object_type: str, states: Any) -> None:
    for state in states:
        words = state_in_words(WORDS, object_type, str(state))
        assert words not in (None, "其他"), (object_type, state)


class Entry:
    def __init__(self, object_type: str, before: str | None, after: str | None) -> None:
        self.object_type, self.from_state, self.to_state = object_type, before, after


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry("activity", "draft", "published"), "草稿 → 已发布"),
        (Entry("activity", None, "draft"), "新：草稿"),
        (Entry("user_account", "organiser", None), "组织者 → 无"),
        (Entry("booking", "called", "called"), "已叫号"),
        (Entry("form", None, None), ""),
        (Entry("new_thing", "odd", "strange"), "其他"),
    ],
)
def test_a_change_in_words(entry: Entry, words: str) -> None:
    assert change_in_words(WORDS, entry) == words


def test_one_verb_of_several_things() -> None:
    assert action_in_words(WORDS, "cancel", "booking") == "取消预约"
    assert action_in_words(WORDS, "cancel", "activity") == "取消活动"
    assert action_in_words(WORDS, "unheard_of", "activity") == "其他操作"


def test_details_in_words_show_no_codes_and_no_ids() -> None:
    details = {
        "by": "phone", "found": ["id-1", "id-2"], "fields": ["title"],
        "resident_satisfied": False, "into": "id-3", "score": 1, "verdict": "met",
    }  # fmt: skip
    assert dict(details_in_words(WORDS, details)) == {
        "按什么查": "电话", "找到": "2 人", "改了哪些项": "1 项",
        "居民是否认可": "仍不满意", "评分": "1", "结论": "达标",
    }  # fmt: skip
