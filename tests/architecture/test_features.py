"""A feature is one folder and one line of backend/features.py: everything iterates over those."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from backend.app import create_app
from backend.console.navigation import Menu
from backend.core import jobs
from backend.core.context import composed
from backend.core.feature import AuditWords, Feature, MenuEntry
from backend.core.permissions import Actor, Permission
from backend.core.web.api import PUBLIC, Blueprint
from backend.core.web.pages import Pages
from backend.features import FEATURES
from backend.local.system import ROOT
from tests.conftest import settings_for

BACKEND = ROOT / "backend"
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
NO_FEATURE = {"core", "gateways", "console", "cli", "demo", "local", "migrations"}


def test_every_folder_of_a_feature_is_in_the_list() -> None:
    folders = {path.name for path in BACKEND.iterdir() if (path / "__init__.py").exists()}
    assert folders - NO_FEATURE == {feature.name for feature in FEATURES} - {"core"}


def test_every_feature_has_its_layer() -> None:
    """The one line of pyproject.toml that a feature needs."""
    layers = re.search(r"layers = \[(.*?)\]", PYPROJECT, re.S)
    assert layers is not None
    listed = set(re.findall(r"\bbackend\.(\w+)", layers[1]))
    assert {feature.name for feature in FEATURES} - {"core"} <= listed


def test_a_new_folder_is_under_every_contract_by_its_layer(tmp_path: Path) -> None:
    """A feature that is named nowhere else in pyproject.toml, in a house of empty rooms."""
    above = '    "backend.bookings | backend.checkin | backend.needs | backend.resources",\n'
    assert above in PYPROJECT
    rules = PYPROJECT.replace(above, f'    "backend.picnics",\n{above}')
    (tmp_path / "pyproject.toml").write_text(rules, encoding="utf-8")
    for name in {*re.findall(r"\bbackend(?:\.\w+)+", rules), "backend.picnics.web"}:
        room = tmp_path
        for part in name.split("."):
            room /= part
            room.mkdir(exist_ok=True)
            (room / "__init__.py").touch()
    picnics = tmp_path / "backend" / "picnics"
    (picnics / "web" / "pages.py").write_text("import flask, marshmallow\n", encoding="utf-8")
    # So that what is named in a contract is in the graph.
    (tmp_path / "backend/gateways/wechat.py").write_text("import requests, wechatpy\n")
    kept = contracts_of(tmp_path)
    assert (kept.returncode, "0 broken" in kept.stdout) == (0, True), kept.stdout
    (picnics / "operations.py").write_text(
        "import flask, marshmallow, requests\n"
        "from backend import gateways\n"
        "from backend.feedback import comments\n",
        encoding="utf-8",
    )
    broken = contracts_of(tmp_path)
    assert (broken.returncode, "0 kept, 5 broken" in broken.stdout) == (1, True), broken.stdout


def contracts_of(house: Path) -> "subprocess.CompletedProcess[str]":
    """What import-linter says of a tree."""
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [linter, "--no-cache"], cwd=house, capture_output=True, text=True, check=False
    )


def test_every_job_in_the_code_is_some_features() -> None:
    listed = {jobs.name_of(job) for feature in FEATURES for job in feature.jobs}
    assert set(declared_jobs()) == listed


def declared_jobs() -> Iterator[str]:
    """The names that stand in `@job("…")` and `@jobs.job("…")`."""
    for path in BACKEND.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for call in getattr(node, "decorator_list", ()):
                if isinstance(call, ast.Call) and ast.unparse(call.func) in ("job", "jobs.job"):
                    yield ast.literal_eval(call.args[0])


def test_no_two_features_say_different_words_for_the_same() -> None:
    for kind in ("actions", "of", "objects", "details"):
        said: dict[Any, str] = {}
        for feature in FEATURES:
            for name, words in getattr(feature.audit, kind).items():
                assert said.setdefault(name, words) == words, (feature.name, kind, name)
    titles = [name for feature in FEATURES for name in feature.titles]
    assert len(titles) == len(set(titles))


def empty() -> Feature:
    """What somebody who adds a feature writes, with one of everything."""
    blp = Blueprint("picnics_api", __name__, url_prefix="/api/v1", description="野餐")
    pages = Pages("picnics", __name__, url_prefix="/console/picnics")

    @blp.get("/picnics", access=PUBLIC)
    def list_picnics(session: Session, actor: Actor | None) -> dict[str, Any]:
        return {}

    @pages.page("/", access=Permission.CONSOLE_USE)
    def show(session: Session, actor: Actor) -> str:
        return ""

    @jobs.job("picnics.end", cron="3 * * * *")
    def end() -> None: ...

    return Feature(
        name="picnics",
        api=(blp,),
        pages=(pages,),
        menu=(MenuEntry(25, "野餐", "picnics.show", "basket", Permission.CONSOLE_USE),),
        titles={"PICNICS": {"open": "开放"}},
        audit=AuditWords(actions={"hold_picnic": "举办野餐"}),
        jobs=(end,),
    )


def test_a_new_feature_is_known_everywhere_by_its_line() -> None:
    app = with_picnics()
    addresses = {str(rule) for rule in app.url_map.iter_rules()}
    assert {"/api/v1/picnics", "/console/picnics/"} <= addresses
    assert app.jinja_env.globals["PICNICS"] == {"open": "开放"}
    assert jobs.declared(app)["picnics.end"] == "3 * * * *"
    with app.app_context():
        assert composed(AuditWords).actions["hold_picnic"] == "举办野餐"
        assert [entry.title for entry in composed(Menu)][2:5] == ["排期", "野餐", "现场"]
    assert "/api/v1/picnics" in app.test_client().get("/api/openapi.json").json["paths"]  # type: ignore[index]


def with_picnics() -> Flask:
    return create_app(settings_for("postgresql://nowhere/none"), features=(*FEATURES, empty()))
