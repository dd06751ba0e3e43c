"""`make docs`: the documents that are made from the code.

docs/states.md from the state tables, docs/rooms.md from the import statements, docs/openapi.json
from the endpoints, and from that the mini-program's types. CI fails when one of them is not what
this would write.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask import Flask

from backend.features import FEATURES
from backend.local.phone_types import phone_types
from backend.local.rooms import rooms_md

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
PHONE_TYPES = ROOT / "miniprogram" / "api" / "openapi.d.ts"
_HEAD = """# States

Made from the state tables by `make docs`; don't edit. A move that is not here answers 409
`illegal_transition`. Who moves it: the permission that staff must hold where it is
(`core/permissions.py`), or others. Every move is audited: who, what, when, from, to; of messages
only what somebody does by hand: the system makes thousands of their moves in a minute.
"""


def states_md() -> str:
    """docs/states.md: a diagram and a table for each state machine."""
    machines = [
        _machine(title, table) for feature in FEATURES for title, table in feature.states.items()
    ]
    return "\n".join([_HEAD, *machines])


def _machine(title: str, table: Mapping[StrEnum, Mapping[StrEnum, Any]]) -> str:
    moves = [(a.value, b.value, who) for a, targets in table.items() for b, who in targets.items()]
    diagram = "\n".join(f"    {a} --> {b}" for a, b, _ in moves)
    ends = "\n".join(
        f"    {state.value} --> [*]" for state, targets in table.items() if not targets
    )
    rows = "\n".join(f"| {a} | {b} | {who} |" for a, b, who in moves)
    return (
        f"## {title}\n\n```mermaid\nstateDiagram-v2\n{diagram}\n{ends}\n```\n\n"
        f"| from | to | who |\n|---|---|---|\n{rows}\n"
    )


def openapi_json(app: Flask) -> str:
    """docs/openapi.json: the contract as the app serves it at /api/openapi.json."""
    document = app.test_client().get("/api/openapi.json").json
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def unconnected_app() -> Flask:
    """The app without a database: enough to describe itself."""
    from backend.app import create_app
    from backend.settings import Settings

    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    return create_app(
        Settings(
            app_env="test",
            database_url="postgresql://nowhere/none",
            phone_encryption_keys=(key,),
            phone_hash_key=bytes(16),
            code_signing_key=bytes(32),
            wechat_appid="none",
            wechat_secret="none",  # noqa: S106 - guards nothing
        )
    )


def main() -> None:
    (DOCS / "states.md").write_text(states_md(), encoding="utf-8")
    (DOCS / "rooms.md").write_text(rooms_md(), encoding="utf-8")
    document = openapi_json(unconnected_app())
    (DOCS / "openapi.json").write_text(document, encoding="utf-8")
    PHONE_TYPES.write_text(phone_types(json.loads(document)), encoding="utf-8")


if __name__ == "__main__":
    main()
