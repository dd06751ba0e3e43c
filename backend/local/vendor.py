"""`make vendor`: take the console's libraries from npm again, with their licences.

Offices sit on closed networks, so the pages load nothing from elsewhere: the files are kept in the
repository as npm has them. To move to another version, change it here and run it.
"""

import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "console" / "static" / "vendor"

# package, version: file in the package → file here
PACKAGES: dict[tuple[str, str], dict[str, str]] = {
    ("@tabler/core", "1.6.1"): {
        "dist/css/tabler.min.css": "tabler.min.css",
        "dist/js/tabler.min.js": "tabler.min.js",
    },
    ("htmx.org", "2.0.11"): {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
    ("echarts", "6.1.0"): {
        "dist/echarts.min.js": "echarts.min.js",
        "LICENSE": "echarts.LICENSE",
        "NOTICE": "echarts.NOTICE",
    },
    ("fullcalendar", "6.1.21"): {
        "index.global.min.js": "fullcalendar.min.js",
        "LICENSE.md": "fullcalendar.LICENSE.md",
    },
    ("@fullcalendar/core", "6.1.21"): {"locales/zh-cn.global.min.js": "fullcalendar.zh-cn.min.js"},
    ("@tabler/icons", "3.52.0"): {"LICENSE": "tabler.LICENSE"},
}
ICONS = ("@tabler/icons", "3.52.0")
ICON_NAMES = (
    "alert-triangle", "arrow-back-up", "building-community", "calendar", "calendar-plus",
    "chart-bar", "check", "checklist", "chevron-left", "chevron-right", "clipboard-list", "clock",
    "copy", "device-desktop", "download", "edit", "eye", "file-spreadsheet", "file-text", "filter",
    "heart-handshake", "history", "home", "info-circle", "layout-dashboard", "list", "lock",
    "logout", "map-pin", "plus", "printer", "qrcode", "refresh", "search", "send", "settings",
    "shield-check", "speakerphone", "star", "trash", "upload", "user", "users", "volume", "x",
)  # fmt: skip
_SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def main() -> None:
    """Write static/vendor anew."""
    shutil.rmtree(STATIC, ignore_errors=True)
    STATIC.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        for (package, version), files in PACKAGES.items():
            folder = _unpacked(Path(work), package, version)
            for source, target in files.items():
                shutil.copyfile(folder / source, STATIC / target)
            if (package, version) == ICONS:
                (STATIC / "icons.svg").write_text(_sprite(folder), encoding="utf-8")
    for script in STATIC.glob("*.min.*"):
        _without_source_map(script)
    (STATIC / "README.md").write_text(_readme(), encoding="utf-8")


def _unpacked(work: Path, package: str, version: str) -> Path:
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--json", f"{package}@{version}"],
        cwd=work,
        check=True,
        capture_output=True,
    )
    archive = work / Path(json.loads(packed.stdout)[0]["filename"]).name
    folder = work / archive.stem
    with tarfile.open(archive) as packages:
        packages.extractall(folder, filter="data")
    return folder / "package"


def _sprite(folder: Path) -> str:
    """The icons that the pages use, in one file: `<use href="…/icons.svg#name">`."""
    symbols = []
    for name in ICON_NAMES:
        svg = (folder / "icons" / "outline" / f"{name}.svg").read_text(encoding="utf-8")
        found = _SHAPES.search(svg)
        assert found is not None
        shapes = " ".join(found[1].split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _without_source_map(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"\n?(//|/\*)# sourceMappingURL=.*", "", text), encoding="utf-8")


def _readme() -> str:
    rows = [
        f"| {package} | {version} | {', '.join(sorted(files.values()))} |"
        for (package, version), files in PACKAGES.items()
    ]
    return (
        "# Code of others\n\nTaken from npm, unchanged but for the source map comments, by"
        " `make vendor` (backend/local/vendor.py).\nTabler, htmx, FullCalendar and the icons are"
        " under the MIT licence (htmx: Zero-Clause BSD), ECharts under Apache-2.0.\n\n"
        "| package | version | files |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    main()
