"""What holds for every change of an activity, and of what it offers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.checks.changes import facts_of
from backend.activities.checks.readiness import StaysPublished, what_holds
from backend.activities.models import (
    LONGEST_ACTIVITY,
    Activity,
    ActivityState,
    Offering,
    Programme,
    Slot,
    Venue,
)
from backend.activities.queries import activity_detail
from backend.activities.questions import uncredited
from backend.activities.words import quoted
from backend.core import audit, clock
from backend.core.dates import period
from backend.core.errors import AppError, ValidationFailed
from backend.core.permissions import Actor
from backend.regions.models import Region

NOT_ANNOUNCED = frozenset({ActivityState.DRAFT, ActivityState.SUBMITTED})
# Of its facts, the texts that are short enough to be told from what to what.
_READ_BY_ALL = frozenset(
    {"title", "venue_name", "venue_address", "organiser_name", "contact_phone"}
)
NOT_BEGUN = NOT_ANNOUNCED | {ActivityState.PUBLISHED}
_EDITABLE = frozenset(
    {ActivityState.DRAFT, ActivityState.SUBMITTED, ActivityState.PUBLISHED, ActivityState.LIVE}
)


class NotEditable(AppError):
    status = 409
    code = "not_editable"
    title = "活动已结束或取消，不能再修改"


def audited_facts(session: Session, activity: Activity) -> dict[str, Any]:
    """An activity's facts as the audit log has them: once it is announced, with what everybody
    reads of it."""
    found = facts_of(activity, session.get_one(Venue, activity.venue_id))
    if activity.state not in NOT_ANNOUNCED:
        found = audit.published(found, _READ_BY_ALL)
    region = session.get_one(Region, activity.region_id)
    field = found["field"]
    return found | {
        "region_id": audit.Known(region.name),
        "field": None if field is None else audit.Known(field),
    }


def check_activity(activity: Activity) -> None:
    errors: dict[str, list[str]] = {}
    if activity.ends_at <= activity.starts_at:
        errors["ends_at"] = ["结束时间应晚于开始时间"]
    elif activity.ends_at - activity.starts_at > LONGEST_ACTIVITY:
        errors["ends_at"] = [f"活动最长 {LONGEST_ACTIVITY.days} 天"]
    if activity.field is not None and activity.programme is not Programme.ACTION:
        errors["field"] = ["只有「吾社行」活动有服务领域"]
    if activity.kind is not None and activity.programme is not Programme.EXCHANGE:
        errors["kind"] = ["只有「吾社汇」活动有类别"]
    if errors:
        raise ValidationFailed(errors=errors)


def check_slots_within(session: Session, activity: Activity) -> None:
    """Raises ValidationFailed (422) when a slot lies outside of its activity's time."""
    outside = {
        "starts_at": (Slot.starts_at < activity.starts_at, Slot.starts_at),
        "ends_at": (Slot.ends_at > activity.ends_at, Slot.ends_at.desc()),
    }
    errors = {}
    for field, (beyond, furthest) in outside.items():
        statement = (
            select(Offering.title, Slot.starts_at, Slot.ends_at)
            .join(Offering, Offering.id == Slot.offering_id)
            .where(Offering.activity_id == activity.id, Offering.dropped_at.is_(None), beyond)
            .order_by(furthest, Slot.id)
            .limit(1)
        )
        slot = session.execute(statement).one_or_none()
        if slot is not None:
            which = f"{quoted(slot.title)}{period(slot.starts_at, slot.ends_at)}"
            errors[field] = [
                f"有时段落在新的活动时间之外：{which}。开始和结束移动同样多，时段会一起移动；"
                "要改长短，请先调整时段"
            ]
    if errors:
        raise ValidationFailed(errors=errors)


def check_editable(activity: Activity) -> None:
    """Raises NotEditable (409) for an activity that is over or cancelled."""
    if activity.state not in _EDITABLE:
        raise NotEditable


@contextmanager
def staying_publishable(session: Session, activity: Activity) -> Iterator[None]:
    """Around a change of a locked activity: one that is announced lacks nothing afterwards that
    would have kept it from being published. What it lacked before hinders no other change.

    Raises StaysPublished (409), saying what it would lack.
    """
    if activity.state in NOT_ANNOUNCED:
        yield
        return
    before = _holding(session, activity)
    yield
    session.flush()
    session.expire_all()  # slots are moved by statements, past what was read before
    after = _holding(session, activity)
    lacking = [words for words in after if words not in before]
    if lacking:
        raise StaysPublished(
            f"{'；'.join(lacking)}。请先补上新的再改这里；不办了请取消活动",
            extra={"missing": lacking},
        )


@contextmanager
def staying_credited(session: Session, activity: Activity) -> Iterator[None]:
    """The same of the credentials alone, around a change of who does what at the stalls of a locked
    activity: other than these, what a new service lacks is added after it.

    Raises StaysPublished (409).
    """
    if activity.state in NOT_ANNOUNCED:
        yield
        return
    before = uncredited(session, activity)
    yield
    session.flush()
    lacking = [words for words in uncredited(session, activity) if words not in before]
    if lacking:
        raise StaysPublished("；".join(lacking), extra={"missing": lacking})


def _holding(session: Session, activity: Activity) -> list[str]:
    detail = activity_detail(session, activity)
    return what_holds(detail, clock.now(), uncredited(session, activity))


def record_edit(
    session: Session, actor: Actor, activity: Activity, action: str, details: audit.Details
) -> None:
    """Audit a change of an activity, or of what it offers."""
    audit.record(
        session,
        actor,
        action,
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        details=details,
    )
