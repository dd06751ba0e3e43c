"""Who is expected at two places at one time: colleagues by their duties, organisations by their
stalls. It is told before it is confirmed, and never refused: some come with two teams."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from backend.activities.checks.readiness import Missing
from backend.activities.models import Activity, ActivityState, Duty, Stall
from backend.activities.permissions import ANNOUNCED
from backend.activities.words import quoted
from backend.core.dates import period
from backend.core.permissions import Actor, Permission
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.partners.models import Organisation

# From when to when.
Span: TypeAlias = tuple[datetime, datetime]
# Nobody is expected there any more.
_OVER = (ActivityState.CLOSED, ActivityState.CANCELLED)


def colleagues_elsewhere(
    session: Session,
    actor: Actor,
    activity: Activity,
    user_ids: Iterable[UUID],
    at: Span | None = None,
) -> dict[UUID, list[str]]:
    """Where else these colleagues have a duty while an activity is on: by colleague, each in
    words. A draft that the caller may not see has no name.

    Args:
        at: when the activity is to be; at its own time unless told otherwise.
    """
    statement = (
        select(Duty.user_id, Activity)
        .join(Activity, Activity.id == Duty.activity_id)
        .where(Duty.user_id.in_(user_ids), *_at_once(activity, at))
        .order_by(Activity.starts_at, Activity.id)
    )
    return _in_words(actor, session.execute(statement))


def organisations_elsewhere(
    session: Session, actor: Actor, activity: Activity, at: Span | None = None
) -> dict[UUID, list[str]]:
    """Where else the organisations that serve at an activity have stalls meanwhile, as
    `colleagues_elsewhere`."""
    here = aliased(Stall)
    serving = select(here.organisation_id).where(here.activity_id == activity.id)
    statement = (
        select(Stall.organisation_id, Activity)
        .join(Activity, Activity.id == Stall.activity_id)
        .where(Stall.organisation_id.in_(serving), *_at_once(activity, at))
        .order_by(Activity.starts_at, Activity.id)
    )
    return _in_words(actor, session.execute(statement))


def overlaps(
    session: Session, actor: Actor, activity: Activity, at: Span | None = None
) -> list[Missing]:
    """All that is expected elsewhere at the time of an activity, as its list says it: one entry
    for each and each place.

    Args:
        at: when the activity is to be; at its own time unless told otherwise.
    """
    on_duty = session.execute(
        select(Duty.user_id, Resident.name)
        .outerjoin(Resident, Resident.user_id == Duty.user_id)
        .where(Duty.activity_id == activity.id)
        .order_by(Duty.id)
    )
    colleagues = {user_id: own_name(name) for user_id, name in on_duty}
    busy = colleagues_elsewhere(session, actor, activity, colleagues, at)
    engaged = organisations_elsewhere(session, actor, activity, at)
    named = select(Organisation.id, Organisation.name).where(Organisation.id.in_(engaged))
    found = [
        *((quoted(name), engaged[one], "stalls")
          for one, name in session.execute(named.order_by(Organisation.name))),
        *((name, busy[one], "people") for one, name in colleagues.items() if one in busy),
    ]  # fmt: skip
    return [
        Missing(f"{who}同一时间还在{where}", tab, doubtful=True)
        for who, places, tab in found
        for where in places
    ]


def _at_once(activity: Activity, at: Span | None) -> Iterator[ColumnElement[bool]]:
    starts_at, ends_at = at or (activity.starts_at, activity.ends_at)
    yield Activity.id != activity.id
    yield Activity.state.not_in(_OVER)
    yield Activity.starts_at < ends_at
    yield Activity.ends_at > starts_at


def _in_words(actor: Actor, found: Iterable[Any]) -> dict[UUID, list[str]]:
    words: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for who, other in found:
        seen = other.state in ANNOUNCED or actor.may(
            Permission.ACTIVITY_SEE_DRAFT, region_code=other.region_code
        )
        title = quoted(other.title) if seen else "另一场还没有公布的活动"
        words[who][other.id] = f"{title}（{period(other.starts_at, other.ends_at)}）"
    return {who: [*said.values()] for who, said in words.items()}
