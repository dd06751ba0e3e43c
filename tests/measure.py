"""Which lines and branches of backend/ the tests run: `pytest -n 3 -p tests.measure`.

SlipCover writes its marks into the code as it is imported and takes them away again where they
have been passed. coverage.py, before Python 3.14, traces each line of ours and of every library:
the tests took half as long again. Of pytest's own processes alone: measuring the servers too that
some tests start makes them slower, and finds nothing that the gate asks for.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from slipcover import FileMatcher, ImportManager, Slipcover, merge_coverage

_ROOT = Path(__file__).resolve().parents[1]
_FOLDER = _ROOT / "var" / "coverage"  # a file for each process
_SOURCE = [str(_ROOT / "backend")]
_EXCLUDED = ["if TYPE_CHECKING:", "@overload", "raise AssertionError", "assert_never"]
_WORKER = os.environ.get("PYTEST_XDIST_WORKER")


class Measurement:
    """What xdist's processes have run, in one of them."""

    def __init__(self) -> None:
        """Begin: of what is imported from now on each line is known. This module comes before all
        of backend/, so it imports nothing of it."""
        self._slipcover = Slipcover(source=_SOURCE, branch=True, exclude_also=_EXCLUDED)
        ImportManager(self._slipcover, FileMatcher(sources=_SOURCE)).__enter__()

    def pytest_sessionfinish(self) -> None:
        """Keep it."""
        measured = json.dumps(self._slipcover.get_coverage())
        (_FOLDER / f"{_WORKER}.json").write_text(measured, encoding="utf-8")


_measurement = Measurement() if _WORKER else None


def pytest_configure(config: pytest.Config) -> None:
    """In a worker go on measuring; in the process that sends them forget the run before."""
    if _measurement is not None:
        config.pluginmanager.register(_measurement)
        return
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for old in _FOLDER.glob("*.json"):
        old.unlink()


def measured() -> dict[str, Any]:
    """What the processes of the last run measured together, in the form of coverage.py's JSON.

    Raises FileNotFoundError when nothing was measured.
    """
    found = [json.loads(file.read_text(encoding="utf-8")) for file in _FOLDER.glob("*.json")]
    if not found:
        raise FileNotFoundError(f"{_FOLDER}: nothing was measured; pytest -n 3 -p tests.measure")
    whole: dict[str, Any] = found[0]
    for other in found[1:]:
        merge_coverage(whole, other)
    return whole
