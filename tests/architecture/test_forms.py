"""Enter in a field presses the first button of its form, with a script or without: that is never
one of several that each do something of their own."""

import re

from backend.local.system import ROOT

FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
# `ui.no_enter` is a button too: the one that does nothing.
BUTTON = re.compile(r'\{\{ ui\.no_enter\(\) \}\}|<button\b(?:[^>"]|"[^"]*")*>')


def pressed_by_enter(form: str) -> str | None:
    """The first button of a form; None where it has but one."""
    buttons = [one for one in BUTTON.findall(form) if 'type="button"' not in one]
    return buttons[0] if len(buttons) > 1 else None


def test_enter_confirms_and_moves_nothing() -> None:
    templates = sorted((ROOT / "backend").rglob("templates/**/*.html"))
    texts = {path.name: path.read_text(encoding="utf-8") for path in templates}
    pressed = {
        (name, button)
        for name, text in texts.items()
        for form in FORM.findall(text)
        if (button := pressed_by_enter(form))
    }
    assert ("calendar.html", "{{ ui.no_enter() }}") in pressed, "forms are found"
    assert {(name, button) for name, button in pressed if "name=" in button} == set()
    from_outside = {name for name, text in texts.items() if re.search(r"<button[^>]* form=", text)}
    assert from_outside == set(), "a button that stands above its form comes before its first"
