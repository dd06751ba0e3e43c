"""Reads of the tree of regions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, literal, or_, select
from sqlalchemy.orm import Session

from backend.core.errors import ValidationFailed
from backend.core.pagination import Page, paginate
from backend.core.text import words
from backend.regions.models import CODE_LENGTHS, Region, RegionLevel


def list_regions(
    session: Session,
    *,
    parent_id: UUID | None = None,
    level: RegionLevel | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> Page:
    """A page of regions, in the order of their names' pinyin.

    Args:
        parent_id: the regions directly below this one; with `level` or `q`, at any depth below.
        level: only of this level.
        q: only those whose name contains it, or whose code begins with it.

    Without any of the three: the topmost regions that there are.

    Raises ValidationFailed (422) for a parent that does not exist.
    """
    parent = None
    if parent_id is not None:
        parent = session.get(Region, parent_id)
        if parent is None:
            raise ValidationFailed(errors={"parent_id": ["没有这个地区"]})
    return paginate(
        session,
        select(Region).where(*_wanted(parent, level, q)),
        [(Region.pinyin.expression, str), (Region.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda region: (region.pinyin, region.id),
    )


def _wanted(
    parent: Region | None, level: RegionLevel | None, q: str | None
) -> Iterable[ColumnElement[bool]]:
    if level is None and q is None:
        yield Region.parent_id == (parent.id if parent else None)
        return
    if parent is not None:
        yield Region.code.startswith(parent.code)
        yield Region.id != parent.id
    if level is not None:
        yield Region.level == level
    if q is not None:
        for word in words(q):
            in_name = Region.name.contains(word, autoescape=True)
            yield or_(in_name, Region.code.startswith(word, autoescape=True))


def within(codes: Iterable[str]) -> ColumnElement[bool]:
    """Whether a row's region is one of these or below one; for a statement that joins Region."""
    return or_(false(), *(Region.code.startswith(code) for code in codes))


def regions_to_choose(session: Session, codes: Sequence[str]) -> Sequence[Region]:
    """What a filter offers who holds these regions: they themselves and two levels below, parents
    before their children. A district's staff choose among towns and communities, a city's among
    districts and towns: never among thousands.

    Args:
        codes: of the regions in which the caller may do what the list is for.
    """
    if not codes:
        return []
    lengths = sorted(CODE_LENGTHS)
    top = lengths.index(min(len(code) for code in codes))
    deepest = lengths[min(top + 2, len(lengths) - 1)]
    statement = (
        select(Region)
        .where(within(codes), func.length(Region.code) <= deepest)
        .order_by(Region.code)
    )
    return session.execute(statement).scalars().all()


@dataclass(frozen=True, slots=True)
class Branch:
    """One level of the tree, as somebody who holds a part of it looks at it.

    Attributes:
        path: from the caller's own region down to the one looked at; empty where they hold
            several and none was chosen.
        below: the regions directly below it, by code.
    """

    path: Sequence[Region]
    below: Sequence[Region]

    @property
    def here(self) -> Region | None:
        """The region looked at."""
        return self.path[-1] if self.path else None


def branch(session: Session, codes: Sequence[str], region_id: UUID | None) -> Branch:
    """The region that was chosen, if it is one of these or below one, and what is below it; the
    caller's own where none was.

    Args:
        codes: of the regions that the caller holds.
    """
    chosen = session.get(Region, region_id) if region_id is not None else None
    if chosen is None or not chosen.code.startswith(tuple(codes)):
        own = _by_code(session, Region.code.in_(codes))
        if len(own) != 1:
            return Branch((), own)
        chosen = own[0]
    above = literal(chosen.code).startswith(Region.code)
    return Branch(
        _by_code(session, above, within(codes)), _by_code(session, Region.parent_id == chosen.id)
    )


def _by_code(session: Session, *conditions: ColumnElement[bool]) -> Sequence[Region]:
    statement = select(Region).where(*conditions).order_by(Region.code)
    return session.execute(statement).scalars().all()


def region_names(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """The names of some regions, by their codes."""
    statement = select(Region.code, Region.name).where(Region.code.in_(list(codes)))
    return {row.code: row.name for row in session.execute(statement)}
