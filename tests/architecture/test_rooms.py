"""Who may import whom, beyond the layers of pyproject.toml (docs/ARCHITECTURE.md, A feature).

By packages, so that a new file is guarded by being there. Each exception stands here by name, with
its reason.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backend import features
from backend.core.db import Base
from backend.features import FEATURES
from backend.local.system import ROOT

BACKEND = ROOT / "backend"
NAMES = {feature.name for feature in FEATURES} - {"core"}
# What a feature keeps to itself, in whichever of its rooms. web/shapes.py is what bodies and
# answers above are made of.
OWN = re.compile(
    r"backend\.(\w+)(?:\.\w+)*?\.(web(?!\.shapes\b)|statements|tasks|receivers|feature)\b"
)
TEMPLATE = re.compile(r"""["'](\w+)/[\w/]+\.html["']""")
# A word of SQL before a table's name.
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:ONLY\s+)?([a-z_]+)\b")

BESIDE = {
    # A scan lets whoever has signed up arrive, in its one statement: forty people wait in line.
    ("checkin", "booking"),
}


def modules(folder: Path = BACKEND) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Everything that a module imports, by its whole name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def crossings(name: str, tree: ast.Module) -> Iterator[str]:
    """What a module imports of another feature that is that feature's own."""
    for imported in imports(tree):
        found = OWN.match(imported)
        if found is None or found[1] not in NAMES or found[1] == name.split(".")[1]:
            continue
        yield f"{name} imports {imported}"


def test_no_feature_reaches_into_anothers_own_rooms() -> None:
    found = [
        line
        for feature in sorted(NAMES)
        for name, tree in modules(BACKEND / feature)
        for line in crossings(name, tree)
    ]
    assert found == []


def test_only_its_own_web_and_its_manifest_know_a_features_web() -> None:
    found = []
    for feature in sorted(NAMES):
        for name, tree in modules(BACKEND / feature):
            inside = name.startswith(f"backend.{feature}.web") or name.endswith(".feature")
            if not inside:
                web = f"backend.{feature}.web"
                found += [f"{name} imports {one}" for one in imports(tree) if one.startswith(web)]
    assert found == []


def test_manifests_are_read_by_the_list_of_features_alone() -> None:
    found = [
        name
        for name, tree in modules()
        for one in imports(tree)
        if re.match(r"backend\.\w+\.feature\.FEATURE", one) and name != features.__name__
    ]
    assert found == []


def test_a_feature_renders_its_own_templates_and_the_consoles() -> None:
    found = []
    for feature in sorted(NAMES):
        folder = BACKEND / feature / "web"
        own = {path.name for path in folder.glob("templates/*")} | {"console"}
        for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.html")]):
            found += [
                f"{path.relative_to(ROOT)}: {room}"
                for room in TEMPLATE.findall(path.read_text(encoding="utf-8"))
                if room not in own
            ]
    assert found == []


def owners() -> dict[str, str]:
    """Whose each table is."""
    return {
        mapper.class_.__tablename__: mapper.class_.__module__.split(".")[1]
        for mapper in Base.registry.mappers
    }


def layers() -> dict[str, int]:
    """How high each package stands in pyproject.toml, the lowest 0."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    names = re.search(r"layers = \[(.*?)\]", text, re.S)
    assert names is not None
    rows = re.findall(r'"([^"]+)"', names[1])
    return {
        package.strip().split(".")[1]: height
        for height, row in enumerate(reversed(rows))
        for package in re.split("[|:]", row)
    }


def test_sql_names_no_table_of_a_feature_above_or_beside() -> None:
    height, owner = layers(), owners()
    found = {
        (feature, table)
        for feature in sorted(NAMES)
        for _, tree in modules(BACKEND / feature)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for table in TABLE.findall(node.value)
        if owner.get(table, feature) != feature and height[owner[table]] >= height[feature]
    }
    assert found == BESIDE


@dataclass(frozen=True)
class Measure:
    """How large one thing is in a part of the repository."""

    endings: tuple[str, ...]
    lines: int
    files: int


MEASURES = {
    "backend": Measure((".py",), 400, 15),
    # One test is read at a time, and found by its file's name.
    "tests": Measure((".py",), 600, 25),
    "miniprogram": Measure((".js", ".ts"), 400, 15),
}


def large(folder: Path, measure: Measure) -> Iterator[str]:
    """The files and folders of a tree that are larger than one thing is."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in measure.endings
             and "node_modules" not in path.parts]  # fmt: skip
    for path in files:
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > measure.lines and path.parent.name != "versions":
            yield path.relative_to(folder).as_posix()
    rooms = Counter(path.parent for path in files if path.name != "__init__.py")
    for room, count in sorted(rooms.items()):
        if count > measure.files:
            yield f"{room.relative_to(folder).as_posix()}/"


def test_what_is_large_is_so_on_purpose() -> None:
    """Each named with its reason, and none that has become small."""
    page = (ROOT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.search(r"\| large on purpose \|.*\n\|[-|]+\n((?:\|.*\n)+)", page)
    assert named is not None
    found = [
        one if part == "backend" else f"{part}/{one}"
        for part, measure in MEASURES.items()
        for one in large(ROOT / part, measure)
    ]
    assert sorted(found) == sorted(re.findall(r"^\| `([\w./-]+)` \|", named[1], re.M))


def test_the_guards_see_what_they_should(tmp_path: Path) -> None:
    """Each rule broken once, in text that is no module."""
    bad = ast.parse(
        "from backend.identity.web import pages\n"
        "from backend.bookings.statements import call_next\n"
        "from backend.notices.messages.statements import SAID\n"
        "from backend.identity.web.shapes import GuestRequest\n"
    )
    assert list(crossings("backend.board.queries", bad)) == [
        "backend.board.queries imports backend.identity.web.pages",
        "backend.board.queries imports backend.bookings.statements.call_next",
        "backend.board.queries imports backend.notices.messages.statements.SAID",
    ]
    assert TEMPLATE.findall("{% import 'schedule/parts.html' as p %}") == ["schedule"]
    assert TABLE.findall("SELECT 1 FROM booking b JOIN slot s") == ["booking", "slot"]
    (tmp_path / "long.py").write_text("x = 1\n" * 4, encoding="utf-8")
    (tmp_path / "other.py").touch()
    assert list(large(tmp_path, Measure((".py",), 3, 1))) == ["long.py", "./"]
    assert list(large(tmp_path, Measure((".py",), 4, 2))) == []
    assert owners()["booking"] == "bookings"
    assert layers()["bookings"] > layers()["activities"] > layers()["identity"]
