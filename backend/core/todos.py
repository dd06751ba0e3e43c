"""待办: what waits for somebody to do it.

Each feature says in its manifest what of it can wait (`Feature.todos`). All of it is read in one
statement: a page that shows only how much there is costs one more read, and their own page no more
than that.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, func, literal, select, union_all
from sqlalchemy.orm import Session

from backend.core.db import AnySelect
from backend.core.pagination import Asked, Page, paginate
from backend.core.permissions import Actor, Permission

# Of each kind so many are named on the first page; the others are in the list that it leads to.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class ToDos:
    """A kind of work that waits.

    Attributes:
        place: where it stands; the smallest comes first, and no two have the same: the list of a
            kind is addressed by it.
        permission: who does it.
        when: what `at` is, in a word.
        found: what waits for somebody who may: a SELECT with `id`, `words` (what it is) and `at`
            (by when, or since when; what comes first is shown first). It names no resident.
        show: the page where it is done, and what that calls the id.
        own_list: a list of the feature's own that has exactly these, with its filters: there more
            is done with them than here.
        ends_a_day: whether `at` is a day's end, and is said as that day.
    """

    place: int
    title: str
    permission: Permission
    when: str
    found: Callable[[Actor], AnySelect]
    show: tuple[str, str]
    own_list: tuple[str, Mapping[str, str]] | None = None
    ends_a_day: bool = False


class AllToDos(tuple[ToDos, ...]):
    """What all features say can wait, in its order."""

    __slots__ = ()


def todos_of(kinds: Iterable[ToDos]) -> AllToDos:
    """These kinds, each at its place.

    Raises ValueError where two have the same.
    """
    placed: dict[int, ToDos] = {}
    for kind in kinds:
        if kind.place in placed:
            raise ValueError(f"{kind.title} stands where {placed[kind.place].title} does")
        placed[kind.place] = kind
    return AllToDos(placed[place] for place in sorted(placed))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits."""

    id: UUID
    words: str
    at: datetime


@dataclass(slots=True)
class Waiting:
    """All of a kind that waits: how many, and the first of them."""

    kind: ToDos
    count: int
    items: list[Item] = field(default_factory=list)


def waiting_for(session: Session, actor: Actor, kinds: Sequence[ToDos]) -> list[Waiting]:
    """What waits for somebody; kinds of which nothing does are left out. One statement."""
    numbered = _numbered(actor, kinds)
    if numbered is None:
        return []
    rows = numbered.subquery()
    statement = (
        select(rows).where(rows.c.rank <= SHOWN).order_by(rows.c.place, rows.c.kind, rows.c.rank)
    )
    found: dict[int, Waiting] = {}
    for row in session.execute(statement):
        waiting = found.setdefault(row.kind, Waiting(kinds[row.kind], row.total))
        waiting.items.append(Item(row.id, row.words, row.at))
    return list(found.values())


def all_of(session: Session, actor: Actor, kind: ToDos, asked: Asked) -> Page:
    """A page of one kind, for somebody who may do it; items are `Item`s."""
    rows = kind.found(actor).subquery()
    page = paginate(
        session,
        select(rows),
        [(rows.c.at, datetime), (rows.c.id, UUID)],
        cursor=asked.cursor,
        limit=asked.limit,
        key_of=lambda row: (row.at, str(row.id)),
        scalars=False,
    )
    return Page([Item(row.id, row.words, row.at) for row in page.items], page.next_cursor)


def counts_for(session: Session, actor: Actor, kinds: Sequence[ToDos]) -> list[tuple[ToDos, int]]:
    """How much of each kind waits for somebody; kinds of which nothing does are left out. One
    statement."""
    theirs = _may(actor, kinds)
    if not theirs:
        return []
    counts = [
        select(func.count()).select_from(kind.found(actor).subquery()).scalar_subquery()
        for kind in theirs
    ]
    row = session.execute(select(*counts)).one()
    return [(kind, count) for kind, count in zip(theirs, row, strict=True) if count]


def _may(actor: Actor, kinds: Iterable[ToDos]) -> list[ToDos]:
    return [kind for kind in kinds if actor.may_anywhere(kind.permission)]


def _numbered(actor: Actor, kinds: Sequence[ToDos]) -> CompoundSelect[Any] | None:
    parts = []
    for kind in _may(actor, kinds):
        one = kind.found(actor).subquery()
        parts.append(
            select(
                literal(kinds.index(kind)).label("kind"),
                literal(kind.place).label("place"),
                one.c.id,
                one.c.words,
                one.c.at,
                func.count().over().label("total"),
                func.row_number().over(order_by=(one.c.at, one.c.id)).label("rank"),
            )
        )
    return union_all(*parts) if parts else None
