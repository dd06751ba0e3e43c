"""Documents made from the code are what the code says; those that the code names are there."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path

from flask import Flask

from backend.local.docs import DOCS, PHONE_TYPES, openapi_json, states_md
from backend.local.phone_types import phone_types
from backend.local.rooms import rooms_md
from backend.local.system import ROOT


def test_states_md_is_made_from_the_tables() -> None:
    assert (DOCS / "states.md").read_text(encoding="utf-8") == states_md(), "run: make docs"


def test_rooms_md_is_made_from_the_imports() -> None:
    assert (DOCS / "rooms.md").read_text(encoding="utf-8") == rooms_md(), "run: make docs"


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


# Not ours, or never shipped.
_OTHERS = re.compile(
    r"/vendor/|package-lock\.json$|^CHANGELOG\.md$|^tests/architecture/test_documents"
)
_TEXT = {".css", ".html", ".in", ".js", ".md", ".py", ".service", ".template", ".toml", ".wxss", ""}
# A document's path; not in quotation marks of its own, where the code writes or reads a file.
_NAMED = re.compile(r"(?<![\w\"'/*.[-])((?:\.\./)*[\w./-]*\w\.md)\b(?![\"'])")
# (docs/rules/calling.md, Who is next)
_WITH_HEADING = re.compile(r"\(((?:[\w-]+/)*[\w-]+\.md), ([^()]+)\)")
_LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)")
_DECISION = re.compile(r"\badr/(\d{4})|\bADR (\d{4})")
_LINE_OF_COMMENT = re.compile(r"\n[ \t]*(?:#|//|\*)?[ \t]*")


@cache
def texts() -> dict[Path, str]:
    """What we have written, file by file."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    files = [Path(line) for line in listed.splitlines() if not _OTHERS.search(line)]
    return {
        file: (ROOT / file).read_text(encoding="utf-8")
        for file in files
        if file.suffix in _TEXT and (ROOT / file).is_file()
    }


def found(file: Path, path: str) -> Path | None:
    """The document that a file names: from the repository's root, or from where it stands."""
    near = (ROOT / file).parent / path
    return next((place for place in (ROOT / path, near) if place.exists()), None)


@cache
def headings(document: Path) -> list[str]:
    """The headings of a document."""
    return re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)


def anchor(heading: str) -> str:
    """What a link to a heading says after its #."""
    return re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")


def test_every_document_that_is_named_is_there() -> None:
    """Thirty-two comments named documents that nobody could read."""
    decisions = {path.name[:4] for path in (DOCS / "adr").glob("[0-9]*.md")}
    missing = []
    for file, text in texts().items():
        named = set(_NAMED.findall(text)) | set(_decisions(text))
        missing += [
            f"{file}: {name}"
            for name in sorted(named)
            if name not in decisions and found(file, name) is None
        ]
    assert missing == []


def _decisions(text: str) -> list[str]:
    return [first or second for first, second in _DECISION.findall(text)]


def test_every_heading_that_is_named_is_there() -> None:
    missing = []
    for file, text in texts().items():
        for name, heading in _WITH_HEADING.findall(_LINE_OF_COMMENT.sub(" ", text)):
            document = found(file, name)
            if document is None or (".md" not in heading and heading not in headings(document)):
                missing.append(f"{file}: {name}, {heading}")
    assert missing == []


def test_every_link_in_a_document_leads_somewhere() -> None:
    missing = []
    for file, text in texts().items():
        if file.suffix != ".md":
            continue
        for path, heading in _LINK.findall(text):
            document = found(file, path) if path else ROOT / file
            if document is None or (heading and heading not in map(anchor, headings(document))):
                missing.append(f"{file}: {path}#{heading}")
    assert missing == []
