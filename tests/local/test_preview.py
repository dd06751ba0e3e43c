"""The mini-program's preview: built when needed, and one line when it cannot be."""

import http.server
import json
import threading
from pathlib import Path

import pytest

from backend.local import preview
from backend.local.preview import BackgroundBuild, NodeMissingError, build_preview, require_node

FIXTURE = Path(__file__).parents[1] / "miniprogram" / "fixture"


def test_without_node_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeMissingError, match="needs Node 20"):
        require_node()
    line = BackgroundBuild(tmp_path / "out").outcome("http://here/preview/")
    assert "needs Node 20" in line
    assert "\n" not in line


def test_a_build_is_made_again_only_when_something_changed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_preview(out, FIXTURE)
    made = (out / "app.js").stat().st_mtime_ns
    build_preview(out, FIXTURE)
    assert (out / "app.js").stat().st_mtime_ns == made


def test_a_build_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "app"
    source.mkdir()
    (source / "app.json").write_text('{"pages": ["pages/a/a", "pages/b/b"]}', encoding="utf-8")
    monkeypatch.setattr(preview, "build_preview", lambda out: build_preview(out, source))
    line = BackgroundBuild(tmp_path / "out").outcome("http://here/preview/")
    assert 'app.json: page "pages/a/a" has no .js file' in line
    assert "make preview" in line
    assert "\n" not in line


def test_make_preview_shows_the_system_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preview, "build_preview", lambda out: build_preview(out, FIXTURE))
    (tmp_path / "healthz").write_text("fine", encoding="utf-8")
    handler = http.server.SimpleHTTPRequestHandler
    monkeypatch.setattr(handler, "log_message", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        web = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "run.json").write_text(json.dumps({"web": web}), encoding="utf-8")
        assert preview.main({"VAR_DIR": str(tmp_path)}) == 0
        server.shutdown()
    assert f"{web}/preview/" in capsys.readouterr().out
    assert (tmp_path / "preview" / "index.html").exists()
