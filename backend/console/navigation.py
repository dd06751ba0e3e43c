"""The console's menu: by task, and only what the caller may use."""

from backend.core.context import composed
from backend.core.feature import MenuEntry
from backend.core.permissions import Actor


class Menu(tuple[MenuEntry, ...]):
    """What all features put into the menu, in its order."""


def menu_of(entries: list[MenuEntry]) -> Menu:
    """The menu of these entries, each at its place."""
    return Menu(sorted(entries, key=lambda entry: entry.place))


def navigation(actor: Actor) -> list[MenuEntry]:
    """What the caller finds in the menu."""
    return [entry for entry in composed(Menu) if actor.may_anywhere(entry.permission)]
