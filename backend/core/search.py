"""Search boxes: what has all the words of it."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, SQLColumnExpression, or_

from backend.core.text import words


def has_words(
    searched: str, *columns: SQLColumnExpression[str] | SQLColumnExpression[str | None]
) -> Iterator[ColumnElement[bool]]:
    """For each word, whether one of the columns has it, in capitals or not."""
    for word in words(searched):
        yield or_(*(column.icontains(word, autoescape=True) for column in columns))


def patterns(searched: str) -> list[str]:
    """The words as patterns of LIKE ALL."""
    escaped = str.maketrans({char: f"\\{char}" for char in "\\%_"})
    return [f"%{word.translate(escaped)}%" for word in words(searched)]
