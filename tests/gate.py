"""The coverage gate: 90 % of all branches, and all of the code that decides who may do what.

python -m tests.gate        after `pytest --cov`
"""

import fnmatch
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from coverage import Coverage

ROOT = Path(__file__).resolve().parents[1]

OVERALL_PERCENT = 90.0
"""Of the branches, and of the statements, in backend/."""

COMPLETE = (
    "*/operations.py",
    "*/activities/stalls.py",
    "*/activities/copies.py",
    "*/activities/imports.py",
    "*/permissions.py",
    "*/states.py",
)
"""Use cases, authorisation and state tables: nothing in them may go untested."""


def coverage_gaps() -> list[str]:
    """Return one line for each way in which the measured coverage is not enough."""
    report = _report()
    totals = report["totals"]
    gaps = [
        *_below("statements", totals["covered_lines"], totals["num_statements"]),
        *_below("branches", totals["covered_branches"], totals["num_branches"]),
    ]
    for name, file in sorted(report["files"].items()):
        if any(fnmatch.fnmatch(name, pattern) for pattern in COMPLETE):
            gaps += _missing(name, file)
    return gaps


def _report() -> dict[str, Any]:
    measured = Coverage(data_file=str(ROOT / ".coverage"), config_file=str(ROOT / "pyproject.toml"))
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        outfile = Path(folder) / "coverage.json"
        measured.json_report(outfile=str(outfile))
        report: dict[str, Any] = json.loads(outfile.read_text(encoding="utf-8"))
        return report


def _below(what: str, covered: int, there: int) -> list[str]:
    percent = 100.0 * covered / there if there else 100.0
    if percent >= OVERALL_PERCENT:
        return []
    return [f"{what}: {percent:.1f} % covered, {OVERALL_PERCENT:g} % needed"]


def _missing(name: str, file: dict[str, Any]) -> list[str]:
    lines = [str(line) for line in file["missing_lines"]]
    jumps = [f"{start}→{end if end > 0 else 'exit'}" for start, end in file["missing_branches"]]
    if not lines and not jumps:
        return []
    return [f"{name}: everything must be covered; missing {', '.join(lines + jumps)}"]


def main() -> int:
    """Print the gaps; return the exit code."""
    gaps = coverage_gaps()
    print("\n".join(gaps) if gaps else "coverage: enough")
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
