"""Which actions the code writes into the audit log, read from the code itself."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from backend.local.system import ROOT

BACKEND = ROOT / "backend"
# Passes on what its caller says, by another name than `action`.
_VALUE = re.compile(r"'(\w+)', '(?:booking|activity|resident)', id")


def recorded_actions(folder: Path = BACKEND) -> dict[str, str]:
    """Every action that some code records, with where it does.

    A function that has a parameter `action` hands it on to the log: each call of one must name
    the action as a constant, or hand on its own.

    A name that is made at run time is told by its beginning: "activity_*".
    """
    trees = _trees(folder)
    takers = _takers(trees.values())
    found: dict[str, str] = {}
    for path, tree in trees.items():
        constants = _constants(tree)
        for action, line in _actions(tree, takers, constants):
            found.setdefault(action, f"{path.relative_to(folder)}:{line}")
        for match in _VALUE.finditer(path.read_text(encoding="utf-8")):
            found.setdefault(match[1], str(path.relative_to(folder)))
    return found


def recorded_about(model: str, folder: Path = BACKEND) -> set[str]:
    """Every action that is recorded of a model's rows: in a call that names its table, or of a
    function that hands an action on and has such a row or names the table.

    Args:
        model: its class's name.
    """
    trees = _trees(folder)
    takers = _takers(trees.values())
    functions = {
        node.name: node
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name in takers
    }
    about = {
        name
        for name, function in functions.items()
        if f"{model}.__tablename__" in ast.unparse(function)
        or any(
            argument.annotation and ast.unparse(argument.annotation) == model
            for argument in function.args.args
        )
    }
    return {
        action
        for tree in trees.values()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and (f"{model}.__tablename__" in ast.unparse(call) or _called(call) in about)
        for action, _ in _actions_of(call, takers, _constants(tree))
    }


def recorded_objects(folder: Path = BACKEND) -> set[str]:
    """The tables that the entries are about, of modules that write some."""
    classes = {
        match[1]
        for path in _trees(folder)
        for text in [path.read_text(encoding="utf-8")]
        if "audit.record(" in text
        for match in re.finditer(r"(\w+)\.__tablename__", text)
    }
    return {_table_of(folder, name) for name in classes} - {""}


def _table_of(folder: Path, name: str) -> str:
    """A model's table."""
    for path in folder.rglob("models.py"):
        match = re.search(
            rf"class {name}\(Base\):.*?__tablename__ = \"(\w+)\"",
            path.read_text(encoding="utf-8"),
            re.DOTALL,
        )
        if match:
            return match[1]
    return ""


def _trees(folder: Path) -> dict[Path, ast.Module]:
    """All modules but those that play on one machine, outside the product."""
    return {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in folder.rglob("*.py")
        if path.relative_to(folder).parts[0] != "local"
    }


def _takers(trees: Iterable[ast.Module]) -> dict[str, list[int]]:
    """Functions with a parameter `action`, by name, and at which places it stands."""
    takers: dict[str, list[int]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [argument.arg for argument in node.args.args]
                keywords = [argument.arg for argument in node.args.kwonlyargs]
                if "action" in names:
                    takers.setdefault(node.name, []).append(names.index("action"))
                elif "action" in keywords:
                    takers.setdefault(node.name, []).append(-1)
    return takers


def _constants(tree: ast.Module) -> dict[str, str]:
    """Names of the module that are a text."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _actions(
    tree: ast.Module, takers: dict[str, list[int]], constants: dict[str, str]
) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _actions_of(node, takers, constants)


def _actions_of(
    node: ast.Call, takers: dict[str, list[int]], constants: dict[str, str]
) -> Iterator[tuple[str, int]]:
    name = _called(node)
    if name not in takers:
        return
    given = [keyword.value for keyword in node.keywords if keyword.arg == "action"]
    places = [place for place in takers[name] if 0 <= place < len(node.args)]
    given = given or [node.args[place] for place in places]
    for value in given:
        for action in _texts(value, constants):
            yield action, node.lineno


def _called(node: ast.Call) -> str:
    """A function's or method's own name."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _texts(value: ast.expr, constants: dict[str, str]) -> list[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [value.value]
    if isinstance(value, ast.IfExp):
        return _texts(value.body, constants) + _texts(value.orelse, constants)
    if isinstance(value, ast.JoinedStr):
        return [f"{text}*" for text in _texts(value.values[0], constants)]
    if isinstance(value, ast.Name):
        return [constants[value.id]] if value.id in constants else []
    return []
