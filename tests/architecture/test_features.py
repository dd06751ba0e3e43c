"""A feature is one folder and one line of backend/features.py: everything iterates over those."""

import ast
import re
from collections.abc import Iterator
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
NO_FEATURE = {"core", "gateways", "console", "cli", "demo", "local", "migrations"}


def test_every_folder_of_a_feature_is_in_the_list() -> None:
    folders = {path.name for path in BACKEND.iterdir() if (path / "__init__.py").exists()}
    assert folders - NO_FEATURE == {feature.name for feature in FEATURES} - {"core"}


def test_every_feature_is_in_the_contracts() -> None:
    """Each list of pyproject.toml's contracts; the gateway's leaves out who may use it."""
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[[tool.importlinter")
    names = {feature.name for feature in FEATURES} - {"core"}
    for contract in contracts[1:]:
        listed = set(re.findall(r"\bbackend\.(\w+)[\" ]", contract))
        whose = contract.splitlines()[1]
        may = (
            {"activities", "digest", "identity", "feedback", "notices", "outreach"}
            if "gateway is used" in whose
            else set()
        )
        assert names - may <= listed, whose


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
