"""What an operation or a read takes is typed: a frozen dataclass that the schema makes, never a
body or a query."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[2] / "backend"
# Use cases that stand in no `operations.py`.
_ALSO = frozenset(
    {
        "calling",
        "consents",
        "copies",
        "family",
        "guests",
        "judge",
        "keep",
        "lifecycle/moves",
        "lifecycle/times",
        "market_moved",
        "numbers",
        "records",
        "staff",
        "stalls/offerings",
        "stalls/slots",
    }
)
# Reads that stand in no `queries.py`.
_READS = frozenset({"lists", "log", "markets", "queries"})
# They speak HTTP themselves, and are no features.
_OTHERS = frozenset({"core", "gateways", "local"})
_LOOSE = ("dict[str, Any]", "Mapping[str, Any]", "dict[str, object]", "Mapping[str, object]")


def _outside_web() -> list[Path]:
    return [path for path in sorted(BACKEND.glob("*/**/*.py")) if "web" not in path.parts]


def loosely_typed(source: str) -> Iterator[str]:
    """Where functions take whatever somebody has sent, or write it into a row by its own names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            given = node.args
            for one in [*given.posonlyargs, *given.args, *given.kwonlyargs]:
                words = ast.unparse(one.annotation) if one.annotation else ""
                if any(loose in words for loose in _LOOSE):
                    yield f"{node.name}({one.arg})"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "setattr":
            yield ast.unparse(node)


def test_operations_and_reads_take_typed_input() -> None:
    named = tuple(f"/{name}.py" for name in _ALSO | _READS | {"operations"})
    files = [path for path in _outside_web() if path.as_posix().endswith(named)]
    assert len(files) >= 35
    found = {
        str(path.relative_to(BACKEND)): [
            one
            for one in loosely_typed(path.read_text())
            if path.stem not in _READS or not one.startswith("_")  # rows on their way out
        ]
        for path in files
    }
    assert {name: loose for name, loose in found.items() if loose} == {}


def test_no_query_and_no_body_leaves_web() -> None:
    found = [
        f"{path.relative_to(BACKEND)}: {one}"
        for path in _outside_web()
        if path.parts[len(BACKEND.parts)] not in _OTHERS
        for one in loosely_typed(path.read_text())
        if one.endswith(("(query)", "(body)"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def add(session: Session, values: dict[str, Any]) -> None: ...", ["add(values)"]),
        ("def add(session: Session, *, made: list[Mapping[str, Any]]): ...", ["add(made)"]),
        ("for name, value in body.items():\n    setattr(row, name, value)",
         ["setattr(row, name, value)"]),
        ("def add(session: Session, new: NewStall) -> dict[str, Any]: ...", []),
    ],
)  # fmt: skip
def test_what_is_loosely_typed(source: str, found: list[str]) -> None:
    assert list(loosely_typed(source)) == found


def changeable(source: str) -> Iterator[str]:
    """The classes that are no frozen dataclass with slots."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            words = "".join(ast.unparse(one) for one in node.decorator_list)
            if not words.startswith("dataclass(frozen=True, slots=True"):
                yield node.name


def test_what_operations_take_can_not_be_changed_on_the_way() -> None:
    files = sorted(BACKEND.glob("*/requests.py"))
    assert len(files) >= 6
    assert [name for path in files for name in changeable(path.read_text())] == []
    assert list(changeable("@dataclass(frozen=True)\nclass NewStall:\n    name: str")) == [
        "NewStall"
    ]
