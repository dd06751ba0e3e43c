"""WeChat's templates, as config/messages.toml has them, and their ids in this deployment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.core.config import load
from backend.notices.messages.fields import FieldKind, fitted, kind_of
from backend.notices.models import NoticeKind

_INSTANTS = frozenset({"at", "until"})
_NEVER_EMPTY = frozenset({"activity", "title", "text"})
_SOURCES = _INSTANTS | _NEVER_EMPTY | {"place", "ticket", "note"}
# Kinds of fields that take any text, cut where it is too long.
_ANY_TEXT = frozenset({"thing"})


class WrongTemplate(ValueError):
    """config/messages.toml, or WECHAT_TEMPLATES, has what WeChat would refuse."""

    def __init__(self, template: str, what: str) -> None:
        super().__init__(f"config/messages.toml, [{template}]: {what}")


@dataclass(frozen=True, slots=True)
class Filling:
    """What one field is filled with.

    Attributes:
        source: what of a message's facts.
        otherwise: what stands there where that is empty or does not fit; None where it always does.
    """

    kind: FieldKind
    source: str
    otherwise: str | None

    def value(self, facts: Mapping[str, str | datetime]) -> str:
        """The field's value: never empty, and as WeChat takes it."""
        found = fitted(self.kind, facts[self.source]) or self.otherwise
        assert found is not None, self.source
        return found


@dataclass(frozen=True, slots=True)
class Template:
    """One template.

    Attributes:
        kinds: the notices that it is sent for.
        joined: those of them of which several about one activity soon become one message.
        again: those of which one whose end we don't know is sent once more while it still holds.
    """

    name: str
    title: str
    kinds: frozenset[NoticeKind]
    joined: frozenset[NoticeKind]
    again: frozenset[NoticeKind]
    fields: Mapping[str, Filling]

    def filled(self, facts: Mapping[str, str | datetime]) -> dict[str, str]:
        """The values of its fields, by their names."""
        return {name: filling.value(facts) for name, filling in self.fields.items()}


def read(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Template]:
    """The templates of a file like config/messages.toml, by name.

    Raises WrongTemplate, naming template and field.
    """
    templates = {name: _template(name, section) for name, section in sections.items()}
    owner: dict[NoticeKind, str] = {}
    for template in templates.values():
        for kind in sorted(template.kinds):
            if owner.setdefault(kind, template.name) != template.name:
                raise WrongTemplate(template.name, f"{kind} is sent by [{owner[kind]}] already")
    return templates


def _template(name: str, section: Mapping[str, Any]) -> Template:
    kinds, joined, again = (
        _kinds(name, section.get(key, [])) for key in ("kinds", "joined", "again")
    )
    if unknown := set(section) - {"title", "kinds", "joined", "again", "fields"}:
        raise WrongTemplate(name, f"unknown: {', '.join(sorted(unknown))}")
    if not kinds or not section.get("fields") or not section.get("title"):
        raise WrongTemplate(name, "a title, kinds and fields are needed")
    if not joined | again <= kinds:
        raise WrongTemplate(name, "what is joined, or sent again, stands among its kinds")
    fields = {field: _filling(name, field, given) for field, given in section["fields"].items()}
    return Template(name, section["title"], kinds, joined, again, fields)


def _kinds(name: str, words: list[str]) -> frozenset[NoticeKind]:
    try:
        return frozenset(map(NoticeKind, words))
    except ValueError as error:
        raise WrongTemplate(name, str(error)) from None


def _filling(template: str, field: str, given: Any) -> Filling:
    def wrong(what: str) -> WrongTemplate:
        return WrongTemplate(template, f"{field}: {what}")

    kind = kind_of(field)
    if kind is None:
        raise wrong("WeChat has no such field")
    written = {"from": given} if isinstance(given, str) else given
    if not isinstance(written, dict) or set(written) - {"from", "else"}:
        raise wrong('"place" or { from = "place", else = "…" }')
    source, otherwise = written.get("from"), written.get("else")
    if source not in _SOURCES:
        raise wrong(f"filled from one of {', '.join(sorted(_SOURCES))}")
    if (source in _INSTANTS) != (kind.instant is not None):
        raise wrong(f"{source} does not fit into it")
    if otherwise is not None and fitted(kind, otherwise) != otherwise:
        raise wrong(f"WeChat would refuse 「{otherwise}」")
    always = source in _INSTANTS or (
        source in _NEVER_EMPTY and field.rstrip("0123456789") in _ANY_TEXT
    )
    if otherwise is None and not always:
        raise wrong(f"{source} may be empty or not fit: an else is needed")
    return Filling(kind, source, otherwise)


TEMPLATES = read(load("messages"))
_BY_KIND = {kind: template for template in TEMPLATES.values() for kind in template.kinds}


class TemplateIds(dict[str, str]):
    """WeChat's ids of this deployment's templates, by name; one that has none is not sent."""

    def of_kind(self, kind: NoticeKind) -> Template | None:
        """The template that is sent for a kind of notice; None where nothing is."""
        template = _BY_KIND.get(kind)
        return template if template is not None and template.name in self else None

    def name_of(self, template_id: str) -> str | None:
        """The name of a template by WeChat's id."""
        return next((name for name, known in self.items() if known == template_id), None)


def template_ids(configured: Mapping[str, str], *, stand_in: bool) -> TemplateIds:
    """The ids of a deployment.

    Args:
        configured: the setting WECHAT_TEMPLATES.
        stand_in: whether what is not configured has an id of the stand-in's.

    Raises WrongTemplate for the name of a template that there is not.
    """
    for name in configured:
        if name not in TEMPLATES:
            raise WrongTemplate(name, "WECHAT_TEMPLATES names it, and there is no such template")
    made_up = {name: f"standin-{name}" for name in TEMPLATES} if stand_in else {}
    return TemplateIds({**made_up, **configured})
