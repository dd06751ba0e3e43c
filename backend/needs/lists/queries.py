"""Reads of the list of needs: a fixed number of statements each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from backend.activities.checks.readiness import unsettled
from backend.activities.models import Activity, Venue
from backend.core import clock
from backend.core.audit import AuditEntry
from backend.core.errors import TooManyToExport
from backend.core.pagination import Page, paginate
from backend.core.permissions import Actor, Permission
from backend.core.search import has_words
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.needs.lifecycle.plans import PLANNABLE
from backend.needs.models import UNDER_WAY, Need, NeedPlan, NeedSource, NeedState
from backend.needs.permissions import seen_by
from backend.needs.similar.finding import similar_needs
from backend.needs.similar.meaning import Wording
from backend.needs.voices.counting import count_voices
from backend.needs.waiting import Waiting, is_to_decide, waits
from backend.needs.words import OF_WHO_ASKS
from backend.regions.models import Region
from backend.regions.queries import within

# Of activities to plan a need for: the nearest ones; a list of hundreds helps nobody.
_CHOICES = 60
MOST_EXPORTED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedFilter:
    """Which needs of the caller's regions are wanted; None: whichever.

    Attributes:
        region_code: of a region, with all below it.
        waiting: what waits for somebody so.
        first, last: days on which they were raised, both included.
        words: of the title.
    """

    region_code: str | None = None
    state: NeedState | None = None
    waiting: Waiting | None = None
    source: NeedSource | None = None
    service_kind: str | None = None
    first: date | None = None
    last: date | None = None
    words: str | None = None


def list_needs(
    session: Session, actor: Actor, wanted: NeedFilter, *, limit: int, cursor: str | None
) -> Page:
    """A page of needs in the caller's regions, those to decide first, the most urgent before the
    others, then the last raised: rows of `Need`, `region_name`, `activity_title`, `urgency`."""
    urgency = _urgency()
    return paginate(
        session,
        _named(actor, wanted).add_columns(urgency.label("urgency")),
        [(urgency, int), (Need.raised_on.expression, date), (Need.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (row.urgency, row.Need.raised_on, str(row.Need.id)),
        descending=True,
        scalars=False,
    )


def _urgency() -> ColumnElement[int]:
    """The greater, the earlier it is to be decided; 0 of what is not."""
    due = func.coalesce(Need.decide_by, Need.raised_on)
    return case((is_to_decide(), literal(date.max) - due), else_=0)


def needs_to_export(session: Session, actor: Actor, wanted: NeedFilter) -> Sequence[Any]:
    """All that a filter finds, as `list_needs` answers it.

    Raises TooManyToExport (422).
    """
    statement = _named(actor, wanted).order_by(Need.raised_on.desc(), Need.id.desc())
    rows = session.execute(statement.limit(MOST_EXPORTED + 1)).all()
    if len(rows) > MOST_EXPORTED:
        raise TooManyToExport(f"一次最多 {MOST_EXPORTED} 条")
    return rows


def _named(actor: Actor, wanted: NeedFilter) -> Select[Any]:
    statement = (
        _needs(actor, wanted)
        .add_columns(Region.name.label("region_name"), Activity.title.label("activity_title"))
        .outerjoin(Activity, Activity.id == _last_planned())
    )
    if wanted.state is not None:
        statement = statement.where(Need.state == wanted.state)
    if wanted.waiting is not None:
        statement = statement.where(waits(wanted.waiting))
    return statement


def _last_planned() -> ScalarSelect[UUID]:
    """The activity that a need was last planned for in its round."""
    return (
        select(NeedPlan.activity_id)
        .where(
            NeedPlan.need_id == Need.id,
            NeedPlan.round == Need.round,
            NeedPlan.ended_at.is_(None),
        )
        .order_by(NeedPlan.planned_at.desc(), NeedPlan.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def count_by_state(session: Session, actor: Actor, wanted: NeedFilter) -> dict[NeedState, int]:
    """How many of the needs that a filter finds there are in each state; the filter's own state
    is passed over."""
    found = (
        _needs(actor, wanted)
        .with_only_columns(Need.state, func.count().label("n"))
        .group_by(Need.state)
    )
    return {row.state: row.n for row in session.execute(found)}


def count_waiting(session: Session, actor: Actor, wanted: NeedFilter) -> dict[Waiting, int]:
    """Likewise, how many wait for somebody, and so."""
    counts = [func.count().filter(waits(what)).label(what.value) for what in Waiting]
    row = session.execute(_needs(actor, wanted).with_only_columns(*counts)).one()
    return {what: getattr(row, what.value) for what in Waiting}


def _needs(actor: Actor, wanted: NeedFilter) -> Select[Any]:
    codes = actor.region_codes(Permission.NEED_SEE)
    statement: Select[Any] = (
        select(Need)
        .join(Region, Region.id == Need.region_id)
        .where(within(codes), Need.merged_into.is_(None))
    )
    if wanted.region_code is not None:
        statement = statement.where(Region.code.startswith(wanted.region_code))
    if wanted.service_kind is not None:
        statement = statement.where(Need.service_kind == wanted.service_kind)
    if wanted.source is not None:
        statement = statement.where(Need.source == wanted.source)
    if wanted.first is not None:
        statement = statement.where(Need.raised_on >= wanted.first)
    if wanted.last is not None:
        statement = statement.where(Need.raised_on <= wanted.last)
    if wanted.words is not None:
        statement = statement.where(*has_words(wanted.words, Need.title))
    return statement


@dataclass(frozen=True, slots=True)
class NeedInFull:
    """A need as its page shows it."""

    row: Need
    region_name: str
    activity: Activity | None


def need_in_full(session: Session, need: Need) -> NeedInFull:
    """A need with the names around it."""
    found = session.execute(
        select(Region.name, Activity)
        .select_from(Need)
        .join(Region, Region.id == Need.region_id)
        .outerjoin(Activity, Activity.id == _last_planned())
        .where(Need.id == need.id)
    ).one()
    return NeedInFull(need, found.name, found.Activity)


@dataclass(frozen=True, slots=True)
class SimilarNeed:
    """A need that stands beside one like it."""

    row: Need
    region_name: str
    voices: int


def similar_to(session: Session, actor: Actor, need: Need) -> list[SimilarNeed]:
    """The needs under way that are like this one, of those that the caller sees; the most alike
    first. Beside what has ended there are none."""
    if need.state not in UNDER_WAY:
        return []
    wording = Wording(need.title, need.details, need.service_kind)
    visible = seen_by(actor) & (Need.id != need.id)
    alike = similar_needs(session, need.region_code, wording, visible)
    voices = count_voices(session, [one.id for one in alike])
    names = select(Region.id, Region.name).where(Region.id.in_(one.region_id for one in alike))
    regions = {row.id: row.name for row in session.execute(names)}
    return [SimilarNeed(one, regions[one.region_id], voices[one.id]) for one in alike]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a need's history."""

    at: datetime
    by: str
    action: str
    reason: str | None
    activity_title: str | None


def history(session: Session, need: Need) -> list[Step]:
    """What has happened to a need, from its being raised on: from the audit log, which
    does not have that a resident has raised it."""
    planned_for = AuditEntry.details["activity_id"].as_string()
    statement = (
        select(AuditEntry, Resident.name, Activity.title)
        .outerjoin(Resident, Resident.user_id == AuditEntry.actor_user_id)
        .outerjoin(Activity, cast(Activity.id, Text) == planned_for)
        .where(AuditEntry.object_type == Need.__tablename__, _of_its_history(need))
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    steps = [
        Step(row.AuditEntry.at, _who(row.AuditEntry, row.name), row.AuditEntry.action,
             row.AuditEntry.reason_in_words, row.title)
        for row in session.execute(statement)
    ]  # fmt: skip
    raised = Step(need.created_at, "居民", "raise_need", None, None)
    return steps if need.created_by else [raised, *steps]


def _who(entry: AuditEntry, name: str | None) -> str:
    """Who did it. Of what nobody is kept for, some was done on behalf of one who asks."""
    if entry.actor_user_id or entry.action in OF_WHO_ASKS:
        return own_name(name)
    return "系统"


def _of_its_history(need: Need) -> ColumnElement[bool]:
    """Whether an entry is of a need; or of the one that it was merged into, and later than that."""
    own = AuditEntry.object_id == need.id
    if need.merged_into is None:
        return own
    return or_(own, (AuditEntry.object_id == need.merged_into) & (AuditEntry.at > need.merged_at))


def activities_to_plan_for(session: Session, actor: Actor, need: Need) -> list[Any]:
    """Activities in the caller's regions that a need can be planned for: those of its own
    community first, then those of its subdistrict, the nearest in time before the others."""
    codes = actor.region_codes(Permission.NEED_HANDLE)
    own = (Region.code == need.region_code).desc()
    near = Region.code.startswith(need.region_code[:9]).desc()
    statement = (
        select(
            Activity.id,
            Activity.title,
            Activity.starts_at,
            Activity.state,
            Region.name.label("region_name"),
            unsettled(Venue.name.expression).label("place_open"),
        )
        .join(Region, Region.id == Activity.region_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(within(codes), Activity.state.in_(PLANNABLE), Activity.ends_at >= clock.now())
        .order_by(own, near, Activity.starts_at, Activity.id)
        .limit(_CHOICES)
    )
    return list(session.execute(statement))
