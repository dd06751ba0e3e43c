"""Reads of activities: the list by keyset, one activity whole in four statements, and one more
for its lines while it is on."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Select,
    Text,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from backend.activities.codes.scenes import is_scene
from backend.activities.models import (
    LONGEST_ACTIVITY,
    Activity,
    ActivityState,
    Desk,
    MarketCode,
    Offering,
    Slot,
    Stall,
    Venue,
)
from backend.activities.permissions import ANNOUNCED
from backend.activities.questions import lines
from backend.activities.requests import Activities
from backend.activities.words import stall_order
from backend.core.db.statement import Statement
from backend.core.errors import NotFound, ValidationFailed
from backend.core.pagination import Page, decode_cursor, page_of
from backend.core.permissions import Actor, Permission
from backend.core.search import patterns
from backend.partners.models import Organisation
from backend.regions.models import Region

LISTED = ANNOUNCED - {ActivityState.CANCELLED}
METRES_PER_DEGREE = 111_320.0
_NOWHERE = 1e9  # an activity without coordinates comes after all that have them

_ITEM = (
    Activity.id,
    Activity.programme,
    Activity.title,
    Activity.state,
    Activity.region_id,
    Region.name.label("region_name"),
    Activity.starts_at,
    Activity.ends_at,
    Activity.organiser_name,
    Activity.field,
    Activity.kind,
    Venue.name.label("venue_name"),
    Venue.address,
    Venue.latitude,
    Venue.longitude,
    Venue.wheelchair,
)
_VENUE = ("address", "latitude", "longitude", "wheelchair")


def list_activities(session: Session, actor: Actor | None, asked: Activities) -> Page:
    """A page of activities, by start, or the nearest first with `near`; items as JSON.

    Everybody sees published, live and closed ones; whoever may see drafts somewhere, also those.
    Every phone that opens the home page asks this: the statement is compiled once for each set
    of filters.
    """
    near, after = asked.near, asked.cursor
    filters = frozenset(name for name in _CONDITIONS if getattr(asked, name) is not None)
    statement = _list_statement(filters, near is not None, after is not None)
    values = _filter_values(session, asked) | {"more": asked.limit + 1}
    scopes = actor.region_codes(Permission.ACTIVITY_SEE_DRAFT) if actor else ()
    values["scopes"] = [f"{code}%" for code in scopes]
    if near:
        values |= {"latitude": near[0], "longitude": near[1]}
    if after:
        kinds = [float if near else datetime, UUID]
        values["after"], values["after_id"] = decode_cursor(after, kinds)
    rows = statement.rows(session, **values)
    page = page_of(rows, asked.limit, lambda row: (row.sort_key, str(row.id)))
    return Page([_item(row, near is not None) for row in page.items], page.next_cursor)


@cache
def _list_statement(filters: frozenset[str], near: bool, after: bool) -> Statement:
    """The list's SELECT with these filters; sorted by start, or by distance."""
    key: ColumnElement[Any] = _distance() if near else Activity.starts_at.expression
    conditions = [_CONDITIONS[name] for name in sorted(filters)]
    if after:
        kind = Float() if near else DateTime(timezone=True)
        position = tuple_(bindparam("after", type_=kind), bindparam("after_id", type_=Uuid()))
        conditions.append(tuple_(key, Activity.id) > position)
    return Statement.of(
        select(*_ITEM, key.label("sort_key"))
        .join(Region, Region.id == Activity.region_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(_VISIBLE, Activity.withdrawn_at.is_(None), *conditions)
        .order_by(key, Activity.id)
        .limit(bindparam("more", type_=Integer()))
    )


def _text(name: str) -> Any:
    return bindparam(name, type_=Text())


def _instant(name: str) -> Any:
    return bindparam(name, type_=DateTime(timezone=True))


_VISIBLE = or_(
    *(Activity.state == literal_column(f"'{state.value}'") for state in sorted(LISTED)),
    Region.code.like(any_(bindparam("scopes", type_=ARRAY(Text())))),
)
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "programme": cast(Activity.programme, Text) == _text("programme"),
    "state": cast(Activity.state, Text) == _text("state"),
    "region_id": Region.code.like(_text("region")),
    "from_": and_(
        Activity.ends_at > _instant("from_"),
        Activity.starts_at > _instant("from_") - text(f"interval '{LONGEST_ACTIVITY.days} days'"),
    ),
    "to": Activity.starts_at < _instant("to"),
    "q": (Activity.title + "\n" + Venue.name).ilike(all_(bindparam("q", type_=ARRAY(Text())))),
}


def _filter_values(session: Session, asked: Activities) -> dict[str, Any]:
    """What the conditions compare with, by the names that they have for it."""
    values: dict[str, Any] = {}
    if asked.programme is not None:
        values["programme"] = asked.programme.value
    if asked.state is not None:
        values["state"] = asked.state.value
    if asked.from_ is not None:
        values["from_"] = asked.from_
    if asked.to is not None:
        values["to"] = asked.to
    if asked.region_id is not None:
        region = session.get(Region, asked.region_id)
        if region is None:
            raise ValidationFailed(errors={"region_id": ["没有这个地区"]})
        values["region"] = f"{region.code}%"
    if asked.q is not None:
        values["q"] = patterns(asked.q)
    return values


def _distance() -> ColumnElement[Any]:
    """Metres from a point, on a plane: exact to a few per mille within a city."""
    latitude = bindparam("latitude", type_=Float())
    longitude = bindparam("longitude", type_=Float())
    north = (Venue.latitude - latitude) * METRES_PER_DEGREE
    east = (Venue.longitude - longitude) * METRES_PER_DEGREE * func.cos(func.radians(latitude))
    return func.coalesce(func.sqrt(north * north + east * east), _NOWHERE)


def _item(row: Any, near: bool) -> dict[str, Any]:
    item: dict[str, Any] = row._asdict()
    key = item.pop("sort_key")
    item["venue"] = {"name": item.pop("venue_name")} | {name: item.pop(name) for name in _VENUE}
    item["distance_m"] = round(key) if near and key < _NOWHERE else None
    return item


Lines = Mapping[UUID, dict[str, Any]]


def activity_detail(session: Session, activity: Activity) -> dict[str, Any]:
    """An activity with its stalls, offerings and slots; while it is on, with its lines."""
    venue, region_name = session.execute(
        select(Venue, Region.name)
        .select_from(Venue)
        .join(Region, Region.id == activity.region_id)
        .where(Venue.id == activity.venue_id)
    ).one()
    return {
        **{column.key: getattr(activity, column.key) for column in Activity.__table__.columns},
        "venue": venue,
        "region_name": region_name,
        "distance_m": None,
        "stalls": _stalls(session, Stall.activity_id == activity.id, _lines(session, activity)),
    }


def _lines(session: Session, activity: Activity) -> Lines:
    if activity.state is not ActivityState.LIVE:
        return {}
    return lines(session, activity)


def stall_detail(session: Session, stall_id: UUID) -> dict[str, Any]:
    """A stall with its offerings."""
    (stall,) = _stalls(session, Stall.id == stall_id)
    return stall


def offering_detail(session: Session, offering_id: UUID) -> dict[str, Any]:
    """An offering with its slots and free places."""
    (offering,) = _offerings(session, Offering.id == offering_id)
    return offering


def _stalls(
    session: Session, condition: ColumnElement[bool], lines: Lines = MappingProxyType({})
) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Stall, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Stall.organisation_id)
        .where(condition, Stall.dropped_at.is_(None))
    ).all()
    rows = sorted(rows, key=lambda row: stall_order(row.Stall.number))
    by_stall: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    here = Offering.stall_id.in_([stall.id for stall, _ in rows])
    for offering in _offerings(session, here, lines):
        by_stall[offering["stall_id"]].append(offering)
    return [
        _columns_of(stall) | {"organisation_name": name, "offerings": by_stall[stall.id]}
        for stall, name in rows
    ]


def _offerings(
    session: Session, condition: ColumnElement[bool], lines: Lines = MappingProxyType({})
) -> list[dict[str, Any]]:
    desks = (
        select(func.array_agg(aggregate_order_by(Desk.stall_id, Desk.stall_id)))
        .where(Desk.offering_id == Offering.id, Desk.stall_id != Offering.stall_id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Offering, desks)
        .where(condition, Offering.dropped_at.is_(None))
        .order_by(func.length(Offering.letter), Offering.letter)
    ).all()
    slots: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    ids = [offering.id for offering, _ in rows]
    shares = {offering.id: offering.walk_in_share for offering, _ in rows}
    for slot in session.execute(_slots_of(ids)).scalars():
        free = bookable(slot.capacity, float(shares[slot.offering_id])) - slot.taken
        slots[slot.offering_id].append(_columns_of(slot) | {"free": max(0, free)})
    return [
        _columns_of(offering)
        | {
            "also_at_stall_ids": also or [],
            "slots": slots[offering.id],
            "line": lines.get(offering.id),
        }
        for offering, also in rows
    ]


def _slots_of(offering_ids: list[UUID]) -> Select[Slot]:
    return select(Slot).where(Slot.offering_id.in_(offering_ids)).order_by(Slot.starts_at)


def bookable(capacity: int, walk_in_share: float) -> int:
    """How many places of a slot can be signed up for: all but the share kept for walk-ins, which
    is rounded down, as `floor(capacity * walk_in_share)` in the sign-up's statement."""
    return capacity - int(capacity * walk_in_share + 1e-9)


def _columns_of(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


class CodeUnknown(NotFound):
    """A word that is no code, or one that has been revoked."""

    def __init__(self) -> None:
        super().__init__("这个码已失效，请向现场工作人员索取新的")


def target_of_code(session: Session, scene: str) -> dict[str, Any]:
    """The activity that a printed code opens: what it is, when and where.

    Raises NotFound (404) for a word that is no code, or a revoked one.
    """
    if not is_scene(scene):
        raise CodeUnknown
    row = session.execute(
        select(
            Activity.id.label("activity_id"),
            Activity.title,
            Activity.state,
            Activity.programme,
            Activity.starts_at,
            Activity.ends_at,
            Venue.name.label("venue_name"),
            Venue.address.label("venue_address"),
        )
        .join(MarketCode, MarketCode.activity_id == Activity.id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(
            and_(MarketCode.scene == scene, MarketCode.revoked_at.is_(None)),
            Activity.state.in_(ANNOUNCED),
        )
    ).one_or_none()
    if row is None:
        raise CodeUnknown
    return dict(row._mapping)
