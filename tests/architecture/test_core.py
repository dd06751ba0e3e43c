"""core/ knows no feature: what it needs of one is given by whoever composes."""

import ast

from flask import Flask

from backend import core
from backend.local.system import ROOT

CORE = ROOT / "backend/core"


def test_core_names_no_template_and_no_endpoint_of_a_feature(app: Flask) -> None:
    of_features = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if view.__module__.startswith("backend.") and not view.__module__.startswith(core.__name__)
    }
    assert {"console.home", "console_login.login"} <= of_features
    named = [
        f"{path.name}:{node.lineno} {node.value}"
        for path in CORE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (node.value in of_features or node.value.endswith(".html"))
    ]
    assert named == []
