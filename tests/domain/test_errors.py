"""Refusals: a stable code, a real status, a Chinese sentence (docs/ARCHITECTURE.md, A request)."""

import re
from collections.abc import Iterator

import pytest

from backend import app  # noqa: F401 - imports every feature
from backend.core import errors
from backend.core.errors import AppError, Conflict, error_for_constraint, on_constraint


def every_refusal(base: type[AppError] = AppError) -> Iterator[type[AppError]]:
    for error in base.__subclasses__():
        if error.__module__.startswith("backend."):
            yield error
        yield from every_refusal(error)


@pytest.mark.parametrize("error", [*every_refusal()], ids=lambda error: error.__name__)
def test_each_refusal_can_be_shown_and_switched_on(error: type[AppError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert 400 <= error.status < 600
    assert re.search(r"[\u4e00-\u9fff]", error.title)
    assert not error.title.endswith("。")


def test_one_code_has_one_status_and_one_sentence() -> None:
    meanings: dict[str, set[tuple[int, str]]] = {}
    for error in every_refusal():
        meanings.setdefault(error.code, set()).add((error.status, error.title))
    assert {code: found for code, found in meanings.items() if len(found) > 1} == {}


def test_a_problem_has_its_members() -> None:
    assert Conflict().to_problem() == {
        "type": "/problems/conflict",
        "code": "conflict",
        "title": Conflict.title,
        "status": 409,
    }


def test_a_problem_tells_what_is_particular_to_the_case() -> None:
    error = Conflict("摊位 3", errors={"number": ["已有"]}, extra={"version": 7})
    assert error.to_problem() == Conflict().to_problem() | {
        "detail": "摊位 3",
        "errors": {"number": ["已有"]},
        "version": 7,
    }
    assert str(error) == "摊位 3"
    assert str(Conflict()) == Conflict.title


def test_a_constraint_answers_what_its_rule_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_BY_CONSTRAINT", {})

    class Taken(AppError):
        code = "taken"

    assert error_for_constraint("uq_chair_number") is Conflict
    on_constraint("uq_chair_number", Taken)
    assert error_for_constraint("uq_chair_number") is Taken
    assert error_for_constraint(None) is Conflict
