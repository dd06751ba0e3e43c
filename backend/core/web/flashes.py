"""What the next page says, and the forms whose fields are done with."""

from typing import Any

from flask import g, get_flashed_messages, request

# Notices that are not for people: the address of a form whose fields are done with.
DONE = "done"


def tell(words: str, *, done: bool = True) -> None:
    """Say something on the next page.

    Args:
        done: whether it is what a form has done, and not something else to look at.
    """
    g.told.append((words, "success" if done else "info"))


def done_here() -> None:
    """Say that the page which a form answers is the end of it, and no step before another form:
    what was typed need not be kept."""
    g.done = request.path


def done_forms() -> list[str]:
    """The addresses of the forms whose fields are done with."""
    return [
        *(words for kind, words in _flashed() if kind == DONE),
        *([g.done] if "done" in g else []),
    ]


def notices() -> list[tuple[str, str]]:
    """What is told on this page: of each notice its kind and its words."""
    return [(kind, words) for kind, words in _flashed() if kind != DONE]


def _flashed() -> list[tuple[str, str]]:
    found: Any = get_flashed_messages(with_categories=True)
    return list(found)
