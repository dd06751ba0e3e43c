"""Documents made from the code are what the code says."""

import json

from flask import Flask

from backend.local.docs import DOCS, PHONE_TYPES, openapi_json, states_md
from backend.local.phone_types import phone_types


def test_states_md_is_made_from_the_tables() -> None:
    assert (DOCS / "states.md").read_text(encoding="utf-8") == states_md(), "run: make docs"


def test_openapi_json_is_what_the_app_serves(app: Flask) -> None:
    assert (DOCS / "openapi.json").read_text(encoding="utf-8") == openapi_json(app), (
        "run: make docs"
    )


def test_the_phones_types_are_those_of_the_document() -> None:
    """What is answered is whole, of what is taken only what is required; null where it may be."""
    written = PHONE_TYPES.read_text(encoding="utf-8")
    document = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    assert written == phone_types(document), "run: make docs"
    for line in ("ahead: number | null;", "line: LineAnswer | null;", "slot_id?: string | null;"):
        assert f"  {line}" in written


def test_docs_page_and_its_files_come_from_this_server(app: Flask) -> None:
    """Offices sit on closed networks: the page must not load anything from elsewhere."""
    client = app.test_client()
    page = client.get("/api/docs/").get_data(as_text=True)
    assert "swagger-ui-bundle.js" in page
    assert "https://" not in page
    with client.get("/api/docs/swagger-ui-bundle.js") as script:
        assert script.status_code == 200
    assert client.get("/api/docs").status_code == 308
