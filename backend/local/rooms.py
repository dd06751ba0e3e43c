"""docs/rooms.md: the rooms of the house and who imports whom, read from the import statements."""

import ast
import re
import tomllib
from pathlib import Path

BACKEND = Path(__file__).resolve().parent.parent
# Everybody stands on these: arrows to them would hide the others.
_GROUND = {"core", "settings"}
_IMPORT = re.compile(r"^\s*(?:from backend\.(\w+)\S* import|import backend\.(\w+))", re.MULTILINE)
_FROM_ABOVE = re.compile(r"^\s*from backend import ([\w, ]+)", re.MULTILINE)
_HEAD = """# Rooms

Made from the import statements by `make docs`; don't edit. An arrow goes from who imports to who is
imported, always downward: import-linter sees to that, by the layers of pyproject.toml. An arrow
that follows from others is left out, and so are those to `core` and `settings`, on which everybody
stands; the table has all of them.
"""


def layers() -> list[list[str]]:
    """The rooms by their layer, the highest first."""
    text = (BACKEND.parent / "pyproject.toml").read_text(encoding="utf-8")
    contract = tomllib.loads(text)["tool"]["importlinter"]["contracts"][0]
    return [re.findall(r"backend\.(\w+)", layer) for layer in contract["layers"]]


def imports(room: str) -> set[str]:
    """The other rooms that the files of a room import."""
    found = set[str]()
    for file in _files(room):
        text = file.read_text(encoding="utf-8")
        found |= {first or second for first, second in _IMPORT.findall(text)}
        for names in _FROM_ABOVE.findall(text):
            found |= {name.split()[0] for name in names.split(",")}
    return found - {room}


def _files(room: str) -> list[Path]:
    folder = BACKEND / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def rooms_md() -> str:
    """The picture, and the table of all arrows."""
    rows = layers()
    order = [room for row in rows for room in row]
    arrows = {room: imports(room) for room in order}
    return "\n".join([_HEAD, _picture(rows, arrows), _table(order, arrows)])


def _picture(rows: list[list[str]], arrows: dict[str, set[str]]) -> str:
    drawn = {room: targets - _GROUND for room, targets in arrows.items()}
    order = [room for row in rows for room in row if room not in _GROUND]
    lines = [
        f"    {room} --> {target}"
        for room in order
        for target in order
        if target in drawn[room] and not _follows(room, target, drawn)
    ]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```", ""])


def _follows(room: str, target: str, drawn: dict[str, set[str]]) -> bool:
    """Whether a room reaches another over a third one too."""
    return any(target in _reached(other, drawn) for other in drawn[room] - {target})


def _reached(room: str, drawn: dict[str, set[str]]) -> set[str]:
    reached, waiting = set[str](), [room]
    while waiting:
        for target in drawn[waiting.pop()] - reached:
            reached.add(target)
            waiting.append(target)
    return reached


def _table(order: list[str], arrows: dict[str, set[str]]) -> str:
    lines = ["| room | what | imports |", "|---|---|---|"]
    for room in order:
        targets = [name for name in order if name in arrows[room]]
        where = f"`{room}/`" if (BACKEND / room).is_dir() else f"`{room}.py`"
        lines.append(f"| {where} | {_what(room)} | {', '.join(targets)} |")
    return "\n".join(lines) + "\n"


def _what(room: str) -> str:
    """The first sentence that a room says of itself."""
    text = next(file for file in _files(room) if file.stem in ("__init__", room)).read_text("utf-8")
    words = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
    return re.split(r"(?<=\.)\s", words, maxsplit=1)[0].rstrip(".")
