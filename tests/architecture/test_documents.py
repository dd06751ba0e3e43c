"""Documents made from the code are what the code says."""

from flask import Flask

from backend.local.docs import DOCS, openapi_json, states_md


def test_states_md_is_made_from_the_tables() -> None:
    assert (DOCS / "states.md").read_text(encoding="utf-8") == states_md(), "run: make docs"


def test_openapi_json_is_what_the_app_serves(app: Flask) -> None:
    assert (DOCS / "openapi.json").read_text(encoding="utf-8") == openapi_json(app), (
        "run: make docs"
    )


def test_docs_page_and_its_files_come_from_this_server(app: Flask) -> None:
    """Offices sit on closed networks: the page must not load anything from elsewhere."""
    client = app.test_client()
    page = client.get("/api/docs/").get_data(as_text=True)
    assert "swagger-ui-bundle.js" in page
    assert "https://" not in page
    with client.get("/api/docs/swagger-ui-bundle.js") as script:
        assert script.status_code == 200
    assert client.get("/api/docs").status_code == 308
