"""What stands on the screen, judged as Chinese text: some marks meet only on the page."""

from playwright.sync_api import Page

from tests.marks import mended


def assert_full_width(page: Page) -> None:
    """Fail on a half-width mark beside a Chinese letter, naming each line
    (docs/rules/look-and-words.md, Words)."""
    shown: str = page.evaluate("document.body.innerText")
    wrong = [line for line in shown.splitlines() if mended(line) != line]
    assert not wrong, "half-width marks:\n" + "\n".join(wrong)
