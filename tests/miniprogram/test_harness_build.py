"""The build refuses what WeChat would refuse, or worse, ignore in silence."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.local.preview import TOOLS, install_tools

FIXTURE = Path(__file__).parent / "fixture"
Broken = Callable[[str, str, str], str]


def build(source: Path) -> "subprocess.CompletedProcess[str]":
    """Check a mini-program without writing anything."""
    install_tools()
    return subprocess.run(
        ["node", "harness/build.js", "--source", str(source)],
        cwd=TOOLS,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """`broken(file, before, after)`: what the build says after that change to the fixture."""
    copy = Path(shutil.copytree(FIXTURE, tmp_path / "app"))

    def change(file: str, before: str, after: str) -> str:
        text = (copy / file).read_text(encoding="utf-8")
        assert before in text
        (copy / file).write_text(text.replace(before, after, 1), encoding="utf-8")
        done = build(copy)
        assert done.returncode == 1, done.stdout
        return done.stderr.strip()

    return change


def test_the_fixture_itself_is_fine() -> None:
    done = build(FIXTURE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "4 pages, 1 components\n"


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        (
            "pages/form/form.wxml",
            "</form>",
            "</forms>",
            "pages/form/form.wxml:14: invalid end tag",
        ),
        (
            "pages/home/home.wxml",
            'bindtap="onForm"',
            'bindtap="onFrom"',
            'pages/home/home.wxml:5: pages/home/home.js has no method "onFrom"',
        ),
        (
            "components/card/card.wxml",
            'bindtap="onTap"',
            'catchtap="onPress"',
            'components/card/card.wxml:1: components/card/card.js has no method "onPress"',
        ),
        (
            "pages/home/home.wxml",
            "<stall-card",
            "<stall-crad",
            "pages/home/home.wxml:4: <stall-crad> is neither built in nor in usingComponents",
        ),
        (
            "pages/home/home.wxml",
            'title="量血压"',
            'titel="量血压"',
            'pages/home/home.wxml:4: <stall-card> has no attribute "titel"',
        ),
        (
            "pages/form/form.wxml",
            "bindchange",
            "bindchanged",
            'pages/form/form.wxml:4: <radio-group> has no event "changed"',
        ),
        (
            "pages/form/form.wxml",
            'model:value="{{name}}"',
            'model:value="{{nmae}}"',
            'pages/form/form.wxml:2: model binding to "{{nmae}}"',
        ),
        (
            "pages/home/home.json",
            "/components/card/card",
            "/components/crad/card",
            'pages/home/home.json: usingComponents: no component at "/components/crad/card"',
        ),
        ("app.json", "pages/form/form", "pages/from/form", 'page "pages/from/form" has no .js'),
        ("app.json", '"pagePath": "pages/mine/mine"', '"pagePath": "deep/step/step"', "tabBar"),
        ("app.json", '"subpackages"', "subpackages", "app.json: "),
        (
            "components/card/card.wxss",
            ".title",
            "text",
            "a component's WXSS may only use classes and :host",
        ),
        (
            "pages/home/home.wxss",
            "background: #ffffff",
            "background: url(/images/x.png)",
            "pages/home/home.wxss:2: url(/images/x.png)",
        ),
        ("app.wxss", "page {", '@import "./none.wxss"; page {', "app.wxss:1: no such file"),
        ("pages/mine/mine.js", "Page({", "Page(({", "pages/mine/mine.js:"),
        (
            "pages/mine/mine.js",
            "Page({",
            'require("../../utils/none.js");\nPage({',
            "pages/mine/mine.js:2: Could not resolve",
        ),
        (
            "pages/home/home.wxml",
            "../../utils/words.wxs",
            "../../utils/none.wxs",
            "pages/home/home.wxml: no such file: utils/none.wxs",
        ),
    ],
)
def test_it_names_what_is_wrong(
    broken: Broken, file: str, before: str, after: str, problem: str
) -> None:
    assert problem in broken(file, before, after)


def test_it_names_everything_at_once(broken: Broken) -> None:
    lines = broken("pages/home/home.wxml", "bindtap", "bindtapp").splitlines()
    assert lines == ['pages/home/home.wxml:5: <button> has no event "tapp"']
