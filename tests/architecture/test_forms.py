"""Enter in a field presses the first button of its form, with a script or without: that is never
one of several that each do something of their own."""

import re
from collections.abc import Mapping

from backend.local.system import ROOT

FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
BUTTON = re.compile(r'<button\b(?:[^>"]|"[^"]*")*>')
MACRO = re.compile(r"\{% macro (\w+)\(.*?%\}(.*?)\{% endmacro %\}", re.DOTALL)
CALL = re.compile(r"\{\{-? (?:\w+\.)?(\w+)\(")
NO_ENTER = "<button disabled hidden>"


def buttons_by_macro(text: str) -> dict[str, str]:
    """Macros of a template that make buttons for a form they are called in, with their text."""
    return {
        name: body
        for name, body in MACRO.findall(text)
        if BUTTON.search(body) and "<form" not in body
    }


def pressed_by_enter(form: str, macros: Mapping[str, str]) -> str | None:
    """The first button of a form; None where it has but one.

    Args:
        macros: what stands for their calls.
    """
    whole = CALL.sub(lambda call: macros.get(call[1], call[0]), form)
    buttons = [one for one in BUTTON.findall(whole) if 'type="button"' not in one]
    return buttons[0] if len(buttons) > 1 else None


def test_enter_confirms_and_moves_nothing() -> None:
    templates = sorted((ROOT / "backend").rglob("templates/**/*.html"))
    texts = {path.name: path.read_text(encoding="utf-8") for path in templates}
    shared = buttons_by_macro(texts["macros.html"])
    pressed = {
        (name, button)
        for name, text in texts.items()
        for form in FORM.findall(text)
        if (button := pressed_by_enter(form, shared | buttons_by_macro(text)))
    }
    assert ("calendar.html", NO_ENTER) in pressed, "forms are found, and buttons made by macros"
    assert {(name, button) for name, button in pressed if "name=" in button} == set()
    from_outside = {name for name, text in texts.items() if re.search(r"<button[^>]* form=", text)}
    assert from_outside == set(), "a button that stands above its form comes before its first"
