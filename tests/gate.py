"""The coverage gate: 90 % of all branches, and all of the code that decides who may do what.

python -m tests.gate        after `pytest -n 3 -p tests.measure`
"""

import fnmatch
import sys
from typing import Any

from tests.measure import measured

OVERALL_PERCENT = 90.0
"""Of the branches, and of the statements, in backend/."""

COMPLETE = (
    "*/operations.py",
    "*/copies.py",
    "*/activities/checks/edits.py",
    "*/activities/lifecycle/moves.py",
    "*/activities/lifecycle/times.py",
    "*/activities/stalls/common.py",
    "*/activities/stalls/offerings.py",
    "*/activities/stalls/slots.py",
    "*/bookings/moves.py",
    "*/bookings/news/people.py",
    "*/bookings/places.py",
    "*/checkin/judge.py",
    "*/checkin/keep.py",
    "*/checkin/answers.py",
    "*/schedule/imports/corrections.py",
    "*/schedule/imports/plans.py",
    "*/schedule/imports/slots.py",
    "*/schedule/imports/twins.py",
    "*/schedule/imports/undo.py",
    "*/identity/people/consents.py",
    "*/identity/people/family.py",
    "*/identity/people/guests.py",
    "*/identity/people/locks.py",
    "*/identity/people/numbers.py",
    "*/permissions.py",
    "*/states.py",
)
"""Use cases, authorisation and state tables: nothing in them may go untested."""


def coverage_gaps() -> list[str]:
    """Return one line for each way in which the measured coverage is not enough."""
    report = measured()
    return [
        *_below("statements", report["summary"], "lines"),
        *_below("branches", report["summary"], "branches"),
        *(
            gap
            for name, file in sorted(report["files"].items())
            if any(fnmatch.fnmatch(name, pattern) for pattern in COMPLETE)
            for gap in _missing(name, file)
        ),
    ]


def _below(what: str, summary: dict[str, Any], unit: str) -> list[str]:
    covered, missing = summary[f"covered_{unit}"], summary[f"missing_{unit}"]
    percent = 100.0 * covered / (covered + missing)
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
