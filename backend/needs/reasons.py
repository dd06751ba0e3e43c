"""The closed list of reasons (config/need_reasons.toml), as residents read them."""

from backend.core.config import load

DECLINED, UNSOLVED = "declined", "unsolved"
WITHDRAWN = "withdrawn"
NO_RESOURCE = "no_resource_yet"


def reasons_for(end: str) -> dict[str, str]:
    """The keys and titles of the reasons for which a need may end so: DECLINED or UNSOLVED."""
    return {key: one["title"] for key, one in load("need_reasons").items() if end in one["ends"]}


def title_of(code: str) -> str:
    return str(load("need_reasons")[code]["title"])


def turn_to(code: str | None) -> str | None:
    """Where else one can turn; None where nowhere is said."""
    return load("need_reasons")[code]["turn_to"] or None if code else None
