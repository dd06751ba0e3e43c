"""axe-core's judgement of what is on the screen."""

from typing import Any

from playwright.sync_api import Page

from backend.local.system import ROOT

_AXE = ROOT / "tests" / "miniprogram" / "node_modules" / "axe-core" / "axe.min.js"


def assert_accessible(page: Page) -> None:
    """Fail on any violation that axe-core finds, naming each and the elements."""
    if not page.evaluate("'axe' in window"):
        # Through the debugger: the console's own policy allows no script of others.
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    violations: list[dict[str, Any]] = page.evaluate(
        "axe.run().then(({ violations }) => violations)"
    )
    assert not violations, "\n".join(
        f"{found['id']}: {found['help']}\n  {node['html']}"
        for found in violations
        for node in found["nodes"]
    )
