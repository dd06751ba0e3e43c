"""Needs like the one that somebody is about to hand in, or that a clerk looks at.

Two steps, each bounded whatever stands in the list: the database finds what shares letters with
it, by overlap × inverse frequency; these few are judged by what their words mean (meaning.py).
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session

from backend.core.config import SIMILAR
from backend.needs.models import UNDER_WAY, Need
from backend.needs.similar.meaning import (
    Wording,
    grams_of,
    meaning_of,
    most_alike,
    wanted_grams,
)
from backend.regions.models import Region

_Candidates = Select[UUID, str, str | None, str | None]

# A subdistrict's code, with which those of its communities begin.
_SUBDISTRICT = 9


def kept_grams(region_code: str, title: str, details: str | None) -> list[str]:
    """What the database finds a need by: each gram after its subdistrict's code, so that nothing
    of other subdistricts is read."""
    return _of_subdistrict(region_code, grams_of(title, details))


def similar_needs(
    session: Session, region_code: str, wording: Wording, visible: ColumnElement[bool]
) -> list[Need]:
    """Needs under way in the subdistrict of a region that are like these words: the most alike
    first, at most SIMILAR.most.

    Args:
        visible: which needs are looked at; for a statement that joins Region.
    """
    wanted = _of_subdistrict(region_code, wanted_grams(meaning_of(wording)))
    found = session.execute(_candidates(wanted, visible)).all()
    meanings = [meaning_of(Wording(row.title, row.details, row.service_kind)) for row in found]
    ids = [found[place].id for place in most_alike(meaning_of(wording), meanings)]
    return _in_order(session, ids)


def _of_subdistrict(region_code: str, grams: Collection[str]) -> list[str]:
    return sorted(region_code[:_SUBDISTRICT] + gram for gram in grams)


def _candidates(wanted: list[str], visible: ColumnElement[bool]) -> _Candidates:
    """What shares most with the grams that are wanted. Of a gram that very many share, some: it
    tells little, and to read them all would take the longest."""
    listed = bindparam("wanted", wanted, ARRAY(Text))
    gram = func.unnest(listed).table_valued("gram", name="gram").render_derived()
    sharing = (
        select(Need.id)
        .join(Region, Region.id == Need.region_id)
        .where(
            Need.grams.contains(array([gram.c.gram])),
            _under_way(),
            Need.merged_into.is_(None),
            visible,
        )
        .limit(SIMILAR.found)
        .lateral("sharing")
    )
    hit = select(gram.c.gram, sharing.c.id).join_from(gram, sharing, true()).cte("hit")
    often = select(hit.c.gram, func.count().label("needs")).group_by(hit.c.gram).subquery("often")
    weight = func.sum(func.ln(1.0 + SIMILAR.found / often.c.needs))
    best = (
        select(hit.c.id, weight.label("weight"))
        .join(often, often.c.gram == hit.c.gram)
        .group_by(hit.c.id)
        .order_by(weight.desc(), hit.c.id.desc())
        .limit(SIMILAR.looked_at)
        .subquery("best")
    )
    return (
        select(Need.id, Need.title, Need.details, Need.service_kind)
        .join(best, best.c.id == Need.id)
        .order_by(best.c.weight.desc(), Need.id.desc())
    )


def _under_way() -> ColumnElement[bool]:
    # As words of the statement, or its plan could not know that the index has them all.
    return Need.state.in_(bindparam("under_way", UNDER_WAY, expanding=True, literal_execute=True))


def _in_order(session: Session, ids: list[UUID]) -> list[Need]:
    needs = session.execute(select(Need).where(Need.id.in_(ids))).scalars()
    return sorted(needs, key=lambda need: ids.index(need.id))
