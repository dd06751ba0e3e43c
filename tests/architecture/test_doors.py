"""One module moves bookings from state to state, and one takes and frees places."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from backend.local.system import ROOT

BACKEND = ROOT / "backend"
MOVES, PLACES = "bookings/moves.py", "bookings/places.py"
FAST = "bookings/statements.py"  # SQL that writes both, run through the doors alone
# Who else may write these tables, and why.
NOT_THE_STATE = {
    "demo/history.py": "dates back what it has had served",
    "demo/past.py": "writes a year of markets that are over, as they ended",
}
NO_TAKING = {
    "activities/copies.py": "a copy's slots are new: nobody has one",
    "activities/lifecycle/times.py": "moves slots to other times, with who has booked them",
    "activities/stalls/slots.py": "a new slot: nobody has it",
    "demo/history.py": "dates back the numbers that it has given",
}
# What writes in the fast statements, and which door runs it.
RUN_BY = {"arrive": MOVES, "call_next": MOVES, "book": PLACES}

CHANGES = {"insert", "upsert", "update", "delete"}


@cache
def modules() -> dict[str, list[ast.AST]]:
    """What stands in each module of the backend that may know of either, by its path."""
    texts = {
        path.relative_to(BACKEND).as_posix(): path.read_text("utf-8")
        for path in BACKEND.rglob("*.py")
        if path.parent.name != "versions"
    }
    return {
        name: list(ast.walk(ast.parse(text)))
        for name, text in texts.items()
        if re.search(r"Booking|Slot|ServiceDay|\b(booking|slot|service_day)\b", text)
    }


def writers(models: set[str], tables: str, column: str) -> set[str]:
    """The modules that write rows of some models: in SQL, or where they know a model, by
    SQLAlchemy's statements, as new objects, or by assigning the attribute."""
    sql = re.compile(rf"\b(UPDATE|INSERT INTO|DELETE FROM)\s+({tables})\b", re.IGNORECASE)
    return {
        name
        for name, nodes in modules().items()
        if any(_is_sql(node, sql) for node in nodes)
        or (models & set(_imported(nodes)) and any(_writes(n, models, column) for n in nodes))
    }


def _is_sql(node: ast.AST, wanted: re.Pattern[str]) -> bool:
    return isinstance(node, ast.Constant) and bool(wanted.search(str(node.value)))


def _writes(node: ast.AST, models: set[str], column: str) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == column and isinstance(node.ctx, ast.Store)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    if node.func.id == "setattr":
        return isinstance(node.args[1], ast.Constant) and node.args[1].value == column
    if node.func.id not in CHANGES:
        return node.func.id in models
    # Of a model that a variable names, it may be any.
    named = {one.id for one in node.args if isinstance(one, ast.Name)}
    return bool(named & models) or any(name.islower() for name in named)


def _imported(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            yield from (one.name for one in node.names)


def test_one_door_to_a_bookings_state() -> None:
    assert writers({"Booking"}, "booking", "state") == {MOVES, FAST} | set(NOT_THE_STATE)


def test_one_door_to_places() -> None:
    found = writers({"Slot", "ServiceDay"}, "slot|service_day", "taken")
    assert found == {PLACES, FAST} | set(NO_TAKING)
    assert [name for name in NO_TAKING if any(_takes(node) for node in modules()[name])] == []


def _takes(node: ast.AST) -> bool:
    """Whether a place is said to be taken: `taken=0` takes none."""
    if not isinstance(node, ast.keyword) or node.arg != "taken":
        return False
    return not (isinstance(node.value, ast.Constant) and node.value.value == 0)


def test_fast_statements_are_run_through_the_doors() -> None:
    run = {(door, name) for door, name in statements_run() if name in RUN_BY}
    assert run == {(door, name) for name, door in RUN_BY.items()}


def statements_run() -> Iterator[tuple[str, str]]:
    """Which modules name which of the functions of bookings' statements."""
    for module, nodes in modules().items():
        theirs = module.startswith("bookings/")
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module == "backend.bookings.statements":
                yield from ((module, one.name) for one in node.names)
            elif theirs and isinstance(node, ast.Attribute) and _is_statements(node.value):
                yield module, node.attr


def _is_statements(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "statements"
