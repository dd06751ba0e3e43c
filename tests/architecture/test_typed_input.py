"""What an operation or a read takes is typed: a frozen dataclass that the schema makes, never a
body or a query."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[2] / "backend"
# No features: they know nobody's input, or speak for a whole machine.
_OTHERS = frozenset({"cli", "core", "demo", "gateways", "local", "migrations"})
# What takes a mapping that nobody has sent.
_EXCEPTED = {
    # Rows and answers of reads, on their way to a page or a file.
    "activities/checks/changes.py": {
        "left_behind(facts)",
        "changes_of(before)",
        "changes_of(after)",
    },
    "activities/checks/readiness.py": {
        "missing(activity)",
        "check_ready(activity)",
        "check_publishable(activity)",
        "what_holds(activity)",
        "_times(activity)",
        "_facts(activity)",
        "_offers(activity)",
        "_offering(activity)",
        "_offering(offering)",
    },
    "board/alerts.py": {"warned_of(services)", "_not_started(services)"},
    "board/display.py": {"stalls_with_lines(services)"},
    "board/summary.py": {"_offering(evaluated)"},
    "dashboard/lists.py": {"_community(row)"},
    "dashboard/rollups.py": {"_other_people(row)", "_evaluated_frozen(content)", "_keep(rows)"},
    "feedback/evaluation/checklist.py": {
        "_item(entry)",
        "_verdict(items)",
        "shown_to_staff(content)",
        "shown_to_public(content)",
        "_marked(part)",
        "_without(part)",
    },
    # The audit log's own column, written and read.
    "activities/history/entries.py": {
        "more_of(details)",
        "changes_in_words(details)",
        "was_in_words(details)",
    },
    "activities/history/parts.py": {"_stall(details)", "_offering(details)", "_slot(details)"},
    "audit/words.py": {"main_change(details)", "details_in_words(details)"},
    "identity/login/console.py": {"record(details)"},
    # The column of what an import has done.
    "regions/imports.py": {"_finish(result)"},
    # A file of config/, read at start.
    "notices/messages/templates.py": {"read(sections)", "_template(section)"},
    # Cells of a workbook by their headings: which there are is what is found out here.
    "schedule/reading/times.py": {
        "_doubts(values)",
        "_filled(values)",
        "_notes(values)",
        "_is_overnight(values)",
    },
    # Columns that our own code names.
    "bookings/moves.py": {"move(details)", "setattr(booking, name, value)"},
    "feedback/rectification/rounds.py": {
        "setattr(ended, name, getattr(row, name))",
        "setattr(row, name, None)",
    },
    "identity/phones.py": {"setattr(resident, name, value)"},
    "reports/figures.py": {
        "setattr(group, name, n if n is not None else getattr(group, name))",
    },
}
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


def test_nothing_outside_of_web_takes_what_somebody_has_sent() -> None:
    """Every module, so that a new one is guarded by being there. What is excepted stands above with
    its reason, and goes from there when it is typed."""
    found = {
        path.relative_to(BACKEND).as_posix(): set(loosely_typed(path.read_text(encoding="utf-8")))
        for path in _outside_web()
        if path.parts[len(BACKEND.parts)] not in _OTHERS
    }
    assert {name: loose for name, loose in found.items() if loose} == _EXCEPTED


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
