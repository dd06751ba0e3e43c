"""Which of our regions a schedule's 「花园」 is."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.values import narrowed
from backend.regions.models import Region, RegionLevel
from backend.regions.queries import within

_CODE = re.compile(r"(?<!\d)(?:\d{12}|\d{9})(?!\d)", re.ASCII)
_COMMITTEE = re.compile("(?:居民委员会|居委会|居委|村民委员会|村委会|村委)$")
_OF_COMMUNITIES = ("", "社区", "社区居委会", "社区居民委员会", "居委会", "居民委员会")
_OF_VILLAGES = ("村", "村委会", "村民委员会")
_TOWN_ENDS = "[镇乡]$|街道$"
# So many communities are looked through for one that is written almost so; so many are offered.
_MOST_COMPARED, _MOST_OFFERED, _ALIKE = 300, 5, 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """What a row says of where it belongs.

    Attributes:
        community: a community's or a town's name or code, perhaps without 社区, perhaps with its
            town before it.
        town: its town, where that is written by itself.
    """

    community: str
    town: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The region that is meant; or why none is, and which may be."""

    region: Region | None = None
    fault: str = ""
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    region: Region
    town: str

    @property
    def label(self) -> str:
        return f"{self.town}{self.region.name}"


def find_places(session: Session, actor: Actor, places: Collection[Place]) -> Mapping[Place, Found]:
    """The regions in which the caller may plan activities that rows mean, in at most two
    statements."""
    wanted = {place: _written(place.community) for place in places}
    candidates = _candidates(session, wanted.values())
    found = {
        place: _mine(actor, [one for one in candidates if written.fits(one)], written, place.town)
        for place, written in wanted.items()
    }
    unknown = [place for place, one in found.items() if one is None]
    offered = _alike(session, actor, unknown)
    return {
        place: one or Found(fault="没有这个社区，请核对名称或填 12 位区划代码",
                            choices=offered.get(place, ()))
        for place, one in found.items()
    }  # fmt: skip


def labels(regions: Sequence[Region], towns: Mapping[Any, str]) -> list[str]:
    """Regions as they are written so that each is understood: by name, with the town before those
    whose name there is twice, and with the code behind those that even so are the same.

    Args:
        towns: names by the id of the region above.
    """
    names = [region.name for region in regions]
    whole = [f"{towns.get(region.parent_id, '')}{region.name}" for region in regions]
    return [
        name if names.count(name) == 1
        else label if whole.count(label) == 1
        else f"{label} {region.code}"
        for region, name, label in zip(regions, names, whole, strict=True)
    ]  # fmt: skip


# ---------------------------------------------------------------------------- names


@dataclass(frozen=True, slots=True)
class _Written:
    """A region as somebody wrote it.

    Attributes:
        name: without spaces, narrow; or a code.
        variants: other names that it may stand for.
    """

    name: str
    variants: frozenset[str]

    def is_exactly(self, one: _Candidate) -> bool:
        return self.name in (one.region.name, one.region.code, *_with_town(one))

    def fits(self, one: _Candidate) -> bool:
        return self.is_exactly(one) or not self.variants.isdisjoint(
            (one.region.name, *_with_town(one))
        )


def _with_town(one: _Candidate) -> Iterable[str]:
    return one.label, f"{_short(one.town)}{one.region.name}"


def _short(town: str) -> str:
    return re.sub(_TOWN_ENDS, "", town)


def _written(text: str) -> _Written:
    name = "".join(narrowed(text).split())
    if code := _CODE.search(name):
        return _Written(code[0], frozenset())
    stem = _COMMITTEE.sub("", name)
    ends: tuple[str, ...] = (*_OF_COMMUNITIES, *_OF_VILLAGES)
    if stem.endswith("村"):
        ends, stem = _OF_VILLAGES, stem.removesuffix("村")
    elif stem.endswith("社区") or stem != name:
        ends, stem = _OF_COMMUNITIES, _stem(name)
    return _Written(name, frozenset(f"{stem}{end}" for end in ends))


def _candidates(session: Session, wanted: Collection[_Written]) -> list[_Candidate]:
    names = {name for written in wanted for name in (written.name, *written.variants)}
    town = aliased(Region)
    short = func.regexp_replace(town.name, _TOWN_ENDS, "")
    named: list[ColumnElement[bool]] = [
        one.in_(names) for one in (Region.name, Region.code, town.name + Region.name,
                                   short + Region.name)
    ]  # fmt: skip
    statement = (
        select(Region, func.coalesce(town.name, ""))
        .outerjoin(town, town.id == Region.parent_id)
        .where(or_(*named))
        .order_by(Region.code)
    )
    return [_Candidate(region, above) for region, above in session.execute(statement)]


# ---------------------------------------------------------------------------- the one


def _mine(
    actor: Actor, fitting: Sequence[_Candidate], written: _Written, town: str | None
) -> Found | None:
    """The one region that is meant; None where there is none of such a name."""
    if not fitting:
        return None
    mine = [
        one for one in fitting if actor.may(Permission.ACTIVITY_EDIT, region_code=one.region.code)
    ]
    if not mine:
        return Found(fault="不在您负责的地区内")
    if town:
        within_town = [one for one in mine if _is_in(one, town)]
        if not within_town:
            return Found(fault=f"不在{town}，请核对", choices=[one.label for one in mine])
        mine = within_town
    best = [one for one in mine if written.is_exactly(one)] or mine
    if len(best) > 1:
        towns = {one.region.parent_id: one.town for one in best}
        names = [one.label for one in best]
        if len(set(names)) < len(names):
            names = labels([one.region for one in best], towns)
        return Found(fault=f"有重名，请写明是哪一个：{'、'.join(names)}", choices=names)
    return Found(best[0].region)


def _is_in(one: _Candidate, town: str) -> bool:
    written = "".join(narrowed(town).split())
    return written == one.region.name or written.endswith((one.town, _short(one.town)))


def _alike(session: Session, actor: Actor, places: Sequence[Place]) -> Mapping[Place, list[str]]:
    """Of regions of the caller's that there are few of, those that are written almost so."""
    if not places:
        return {}
    codes = actor.region_codes(Permission.ACTIVITY_EDIT)
    statement = (
        select(Region.name)
        .where(within(codes), Region.level == RegionLevel.COMMUNITY)
        .order_by(Region.code)
        .limit(_MOST_COMPARED + 1)
    )
    names = session.execute(statement).scalars().all()
    if len(names) > _MOST_COMPARED:
        return {}
    # 社区 is in all of them, and would make all of them alike.
    by_stem = {_stem(name): name for name in names}
    return {
        place: [
            by_stem[stem]
            for stem in difflib.get_close_matches(
                _stem(_written(place.community).name), by_stem, _MOST_OFFERED, _ALIKE
            )
        ]
        for place in places
    }


def _stem(name: str) -> str:
    return _COMMITTEE.sub("", name).removesuffix("社区")
