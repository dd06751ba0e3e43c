"""Which regions are meant by what somebody has written."""

import re
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.core.spreadsheets.values import narrowed
from backend.regions.models import Region
from backend.resources.reading import Unreadable

_SEPARATED = re.compile(r"[、,;\s]+")
_ANYWHERE = ("不限", "全区", "都可以")


def find_regions(session: Session, written: str) -> tuple[UUID, ...]:
    """The regions of a list of names or codes, perhaps with the name above before them, perhaps
    without 「社区」; none for anywhere.

    Raises Unreadable for a name that no region has, or several.
    """
    names = [one for one in _SEPARATED.split(narrowed(written)) if one and one not in _ANYWHERE]
    if not names:
        return ()
    above = aliased(Region)
    whole = func.concat(above.name, Region.name)
    meant = [variant for name in names for variant in _variants(name)]
    statement = (
        select(Region.id, Region.code, Region.name, whole.label("whole"))
        .outerjoin(above, above.id == Region.parent_id)
        .where(or_(Region.name.in_(meant), Region.code.in_(names), whole.in_(meant)))
    )
    rows = session.execute(statement).all()
    return tuple(dict.fromkeys(_one(name, rows) for name in names))


def _variants(name: str) -> tuple[str, str]:
    return name, f"{name}社区"


def _one(name: str, rows: Iterable[tuple[UUID, str, str, str]]) -> UUID:
    for variant in _variants(name):
        found = [row for row in rows if variant in row[1:]]
        if len(found) > 1:
            called = "、".join(row[3] for row in found)
            raise Unreadable(f"「{name}」有几个：{called}，请写清楚是哪一个")
        if found:
            return found[0][0]
    raise Unreadable(f"没有「{name}」这个地区，请写全称，例如「湖塘镇花园社区」")
