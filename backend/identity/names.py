"""How people's names are shown, and when two are one."""

from sqlalchemy import ColumnElement, SQLColumnExpression, String, func, literal_column

# What stands between the parts of a name, or is left out: 阿依古丽·买买提，阿依古丽 买买提.
SEPARATORS = " \u00a0\u3000.·•․‧∙⋅・．･"
# What the index on names is made of, as PostgreSQL writes it.
NAME_KEY = f"lower(translate(name, '{SEPARATORS}'::text, ''::text))"
NAMELESS = "居民"
NAME_LENGTH = 50
"""Characters at most: names of some peoples, and foreign ones, are long."""


def masked_name(name: str | None) -> str:
    """The name as staff and screens see it: 王*, 王*英. Enough to ask 「是王女士吗」, no more."""
    if not name:
        return NAMELESS
    if len(name) == 1:
        return name
    if len(name) == 2:
        return f"{name[0]}*"
    return f"{name[0]}{'*' * min(len(name) - 2, 3)}{name[-1]}"


def own_name(name: str | None) -> str:
    """The name as the person and their family see it."""
    return name or NAMELESS


def name_key(name: str | None) -> str:
    """What two ways to write one name have in common."""
    return (name or "").translate(dict.fromkeys(map(ord, SEPARATORS))).lower()


def name_key_of(name: SQLColumnExpression[str | None]) -> ColumnElement[str]:
    """`name_key` of a name in the database (`NAME_KEY`), in words that its index knows."""
    separators: ColumnElement[str] = literal_column(f"'{SEPARATORS}'")
    return func.lower(func.translate(name, separators, literal_column("''")), type_=String)


def parts_of(name: str) -> str:
    """A name's parts with a space between, however they are written."""
    return name.translate(dict.fromkeys(map(ord, SEPARATORS), " "))
