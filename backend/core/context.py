"""What `create_app` composed, for code that must not know Flask."""

from typing import TypeVar

from flask import current_app

T = TypeVar("T")


def composed(kind: type[T]) -> T:
    """The running app's object of a class: its phone vault, its gateway, its settings.

    Raises KeyError when `create_app` has not provided one.
    """
    found: T = current_app.extensions["composed"][kind]
    return found


def compose(extensions: dict[str, object], *objects: object) -> None:
    """Provide objects under their class, once, when the app is made."""
    registry = extensions.setdefault("composed", {})
    assert isinstance(registry, dict)
    registry.update({type(item): item for item in objects})
