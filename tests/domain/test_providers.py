"""A question to the features above has one answer, or each feature's own (core/providers.py)."""

import ast
from pathlib import Path

import pytest

from backend import local
from backend.core import providers
from backend.core.providers import Question, Survey, check_answered

BACKEND = Path(local.__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _nobody_else_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "_ASKED", [])


def test_a_question_has_one_provider() -> None:
    weight: Question[[int], str] = Question("weight")
    weight.answered(lambda n: f"{n} kg")
    assert weight(3) == "3 kg"
    with pytest.raises(RuntimeError, match="weight is answered already, by tests"):
        weight.answered(lambda n: f"{n} t")
    assert weight(3) == "3 kg"


def test_a_survey_has_one_provider_for_each_name() -> None:
    rows: Survey[[int], list[int]] = Survey("rows")
    rows.answered("a")(lambda n: [n])
    rows.answered("b")(lambda n: [n, n])
    with pytest.raises(RuntimeError, match="rows is answered for b already"):
        rows.answered("b")(lambda _: [])
    assert rows(1) == {"a": [1], "b": [1, 1]}


def test_the_app_does_not_start_while_a_question_is_open() -> None:
    lonely: Question[[], int] = Question("lonely")
    empty: Survey[[], int] = Survey("empty")
    with pytest.raises(RuntimeError, match="nobody answers empty, lonely"):
        check_answered()
    with pytest.raises(RuntimeError, match="nobody answers lonely"):
        lonely()
    lonely.answered(lambda: 1)
    empty.answered("x")(lambda: 2)
    check_answered()


def test_nobody_listens_for_a_signals_answer() -> None:
    """A signal is news: whoever wants an answer asks a provider."""
    sent, asked = 0, []
    for path in BACKEND.rglob("*.py"):
        source = path.read_text()
        if ".signals import" not in source:
            continue
        for statement in ast.walk(ast.parse(source)):
            for call in ast.iter_child_nodes(statement):
                if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".send"):
                    sent += 1
                    if not isinstance(statement, ast.Expr):
                        asked.append(f"{path.relative_to(BACKEND)}:{call.lineno}")
    assert asked == []
    assert sent >= 8
