"""The image has what production needs and nothing of the demo, the stand-in WeChat or the tests.

tests/local/test_compose.py runs web, worker and migration from the same files.
"""

import re
from pathlib import PurePath

from backend.local.system import ROOT
from tests.support.compose import image_files, image_runs

_ABSENT = ("backend/demo/", "backend/local/", "backend/gateways/fake_wechat/", "tests/")
_NAMED = re.compile(r"backend\.(?:demo|local|gateways\.fake_wechat)\b|\btests\.\w")

# What reports, files and migrations need, and no web worker at rest: 20 MB, a tenth of a start.
_ON_DEMAND = re.compile(
    r"^(?:import|from) (?:alembic|docx|lxml|pypinyin|python_calamine|segno|xlsxwriter"
    r"|backend\.core\.migrate|backend\.reports\.brief\.(?:document|charts))\b",
    re.MULTILINE,
)
# Nobody imports these but each other, and functions that have come to need them.
_LOADED_ON_DEMAND = re.compile(
    r"backend/(?:core/migrate|reports/brief/(?:document|charts)|migrations/.*)\.py"
)


def sources() -> dict[PurePath, str]:
    """The image's code, file by file."""
    files = [file for file in image_files() if file.suffix == ".py"]
    return {file: (ROOT / file).read_text(encoding="utf-8") for file in files}


def test_the_image_has_neither_demo_nor_stand_in_nor_tests() -> None:
    files = [file.as_posix() for file in image_files()]
    assert {"backend/web.py", "backend/worker.py", "config/rules.toml"} <= set(files)
    assert [file for file in files if file.startswith(_ABSENT) or "__pycache__" in file] == []


def test_nothing_in_the_image_names_what_is_not_in_it() -> None:
    """Also no import inside a function, which would fail on the day when somebody needs it."""
    assert [str(file) for file, text in sources().items() if _NAMED.search(text)] == []


def test_what_only_reports_and_files_need_is_loaded_by_them() -> None:
    """Not when a process starts: each has its own memory, and an update waits for the start."""
    eager = [str(file) for file, text in sources().items() if _ON_DEMAND.search(text)]
    assert [file for file in eager if not _LOADED_ON_DEMAND.fullmatch(file)] == []


def test_what_may_not_be_written_is_compiled_before() -> None:
    """A fifth of a start went into compiling what had been compiled at the start before."""
    assert "python -m compileall -q backend" in image_runs()
