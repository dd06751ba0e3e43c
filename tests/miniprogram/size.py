"""How big the mini-program's packages are, as WeChat will count them.

Residents on old phones wait for the main package; the limits are ours, far below WeChat's 2 MB.
"""

import json
from fnmatch import fnmatch
from pathlib import Path

MAIN_LIMIT = 500_000
SUBPACKAGE_LIMIT = 200_000
MAIN = "main package"
_NEVER_PACKED = ("project.config.json", "project.private.config.json", "*.d.ts", "*.md")


def package_sizes(root: Path) -> dict[str, int]:
    """Bytes of the main package and of each subpackage, by its root.

    Files that project.config.json keeps out of the package do not count.
    """
    app = json.loads((root / "app.json").read_text(encoding="utf-8"))
    roots = [
        str(part["root"]).strip("/")
        for part in [*app.get("subPackages", []), *app.get("subpackages", [])]
    ]
    sizes = dict.fromkeys([MAIN, *roots], 0)
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not _is_left_out(name, root):
            package = next((one for one in roots if name.startswith(f"{one}/")), MAIN)
            sizes[package] += path.stat().st_size
    return sizes


def oversized(root: Path) -> list[str]:
    """A line for each package that is too big."""
    return [
        f"{package}: {size:,} bytes, more than {limit:,}"
        for package, size in package_sizes(root).items()
        if size > (limit := MAIN_LIMIT if package == MAIN else SUBPACKAGE_LIMIT)
    ]


def _is_left_out(name: str, root: Path) -> bool:
    config = json.loads((root / "project.config.json").read_text(encoding="utf-8"))
    rules = config.get("packOptions", {}).get("ignore", [])
    if any(fnmatch(Path(name).name, pattern) for pattern in _NEVER_PACKED):
        return True
    return any(_matches(name, rule["type"], rule["value"]) for rule in rules)


def _matches(name: str, kind: str, value: str) -> bool:
    """Whether a rule of packOptions.ignore applies to a file."""
    match kind:
        case "folder":
            return name.startswith(value.strip("/") + "/")
        case "file":
            return name == value.strip("/")
        case "suffix":
            return name.endswith(value)
        case "prefix":
            return Path(name).name.startswith(value)
        case "glob":
            return fnmatch(name, value)
    raise ValueError(f"packOptions.ignore: unknown type {kind!r}")
