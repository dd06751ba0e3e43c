"""docs/operations.md and systemd's units name only what there is."""

import re
from importlib.util import find_spec

import pytest

from backend.local.docs import DOCS
from backend.local.system import ROOT

UNITS = ROOT / "config" / "systemd"
PAGE = (DOCS / "operations.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "config" / ".env.example").read_text(encoding="utf-8")
# What nginx's template takes beside the settings.
NOT_OURS = {"WEB", "RESOLVER"}


def everything() -> str:
    """The page, and the files that it has an operator install."""
    return "\n".join([PAGE, *(file.read_text(encoding="utf-8") for file in UNITS.iterdir())])


def test_every_module_that_is_started_is_there() -> None:
    modules = set(re.findall(r"python -m (backend[\w.]+)", everything()))
    assert {"backend.web", "backend.worker", "backend.core.migrate"} <= modules
    assert [name for name in modules if find_spec(name) is None] == []


def test_every_setting_is_one() -> None:
    named = set(re.findall(r"\b([A-Z]{2,}(?:_[A-Z]+)+|WEB|RESOLVER|BALANCER)=?\b", PAGE))
    settings = set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert named - settings - NOT_OURS == set()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"wushe_\w+", PAGE))))
def test_every_metric_and_role_is_there(name: str) -> None:
    parts = "\n".join(
        (ROOT / "backend" / file).read_text(encoding="utf-8")
        for file in ("core/monitoring/metrics.py", "core/db/roles.py", "gateways/calls.py")
    )
    # Counters are told with "_total", and the queue's gauges are put together.
    short = name.removesuffix("_total")
    assert short in parts or f'"{short.removeprefix("wushe_jobs_")}"' in parts


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\bconfig/[\w./-]+\w", PAGE))))
def test_every_file_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_make_target_is_there() -> None:
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([\w-]+)`", PAGE)):
        assert re.search(rf"^{target}:", targets, re.MULTILINE), target
