"""How people's names are shown."""

NAMELESS = "居民"


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
