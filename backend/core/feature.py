"""A feature's manifest: what it adds to the product. `backend/features.py` lists them; the app, the
menu, the words, the audit log's words, the queue and the documents iterate over that list.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from flask import Blueprint as PageBlueprint

from backend.core.permissions import Permission
from backend.core.todos import ToDos
from backend.core.web.api import Blueprint


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the console's menu.

    Attributes:
        place: where it stands; the smallest comes first.
        also: blueprints whose pages are of this section too, besides the endpoint's own.
    """

    place: int
    title: str
    endpoint: str
    icon: str
    permission: Permission
    also: tuple[str, ...] = ()

    def leads_to(self, endpoint: str) -> bool:
        """Whether a page is of this section."""
        section = endpoint.split(".")[0]
        return section == self.endpoint.split(".")[0] or section in self.also


@dataclass(frozen=True, slots=True)
class AuditWords:
    """What the audit log says of a feature's entries.

    Attributes:
        actions: what was done, by the name that is recorded.
        of: the same where one verb is said of several things, by object and name.
        objects: to what.
        states: an object's states.
        details: labels of what else is kept; what has none stands in the raw record alone.
        values: words for what some details hold.
    """

    actions: Mapping[str, str] = field(default_factory=dict)
    of: Mapping[tuple[str, str], str] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)

    @classmethod
    def together(cls, words: Iterable["AuditWords"]) -> "AuditWords":
        """Those of all features; of two that say the same thing the first."""
        merged = cls({}, {}, {}, {}, {}, {})
        for one in words:
            for name in ("actions", "of", "objects", "states", "details", "values"):
                known, new = getattr(merged, name), getattr(one, name)
                for key, said in new.items():
                    known.setdefault(key, said)
        return merged


@dataclass(frozen=True, slots=True)
class Feature:
    """What a feature adds.

    Attributes:
        name: of its folder.
        tables: its models; every table is known when the list of features was imported.
        api: its endpoints.
        pages: of the console.
        titles: words for templates, by the name that they have there.
        states: its state machines, for docs/states.md, by title.
        jobs: functions declared with `@job`.
        todos: kinds of work that wait for somebody (core/todos.py).
        connects: modules that connect themselves by being imported: to signals, to a blueprint of
            pages, as makers of reports.
    """

    name: str
    tables: tuple[ModuleType, ...] = ()
    api: tuple[Blueprint, ...] = ()
    pages: tuple[PageBlueprint, ...] = ()
    menu: tuple[MenuEntry, ...] = ()
    titles: Mapping[str, Any] = field(default_factory=dict)
    audit: AuditWords = field(default_factory=AuditWords)
    states: Mapping[str, Mapping[Any, Mapping[Any, Any]]] = field(default_factory=dict)
    jobs: tuple[Callable[..., None], ...] = ()
    todos: tuple[ToDos, ...] = ()
    connects: tuple[ModuleType, ...] = ()
