"""Use cases of organisers: draft, prepare, publish, run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, case, func, literal, select, update
from sqlalchemy.orm import Session

from backend.activities.checks.changes import facts_of
from backend.activities.checks.overlaps import overlaps
from backend.activities.checks.readiness import (
    Missing,
    StaysPublished,
    by_weight,
    check_publishable,
    check_ready,
    missing,
    what_holds,
)
from backend.activities.codes import scenes
from backend.activities.codes.images import FETCHED_FOR, fetch_code_image
from backend.activities.days import days_early
from backend.activities.lifecycle.actions import MOVE_OF
from backend.activities.models import (
    ACTIVITY_TRANSITIONS,
    LONGEST_ACTIVITY,
    Activity,
    ActivityState,
    Attendance,
    MarketCode,
    Offering,
    Programme,
    Slot,
    Venue,
)
from backend.activities.queries import activity_detail
from backend.activities.questions import numbers_begun
from backend.activities.requests import ActivityEdit, NewActivity, NewVenue
from backend.activities.signals import activity_moved, times_changed
from backend.activities.words import ACTIVITY_STATES, few_of, quoted
from backend.core import audit, clock, jobs
from backend.core.errors import AppError, EditedMeanwhile, ValidationFailed
from backend.core.given import UNSET, given, or_else, put
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import lock, transition
from backend.regions.models import Region

NOT_ANNOUNCED = frozenset({ActivityState.DRAFT, ActivityState.SUBMITTED})
# Of its facts, the texts that are short enough to be told from what to what.
_READ_BY_ALL = frozenset(
    {"title", "venue_name", "venue_address", "organiser_name", "contact_phone"}
)
NOT_BEGUN = NOT_ANNOUNCED | {ActivityState.PUBLISHED}
UNDO_OPEN = "undo_open"
# Beyond any date that an activity may have.
_FAR = timedelta(days=36_525)
_EDITABLE = frozenset(
    {ActivityState.DRAFT, ActivityState.SUBMITTED, ActivityState.PUBLISHED, ActivityState.LIVE}
)


class NotEditable(AppError):
    status = 409
    code = "not_editable"
    title = "活动已结束或取消，不能再修改"


class AlreadyBegun(AppError):
    status = 409
    code = "already_begun"
    title = "活动已经开始，不能再改期"


class NotItsDay(AppError):
    """An activity that was opened before its day is not over either."""

    status = 409
    code = "not_its_day"
    title = "还没到活动的日子，不能结束；点错了「开始」请撤回，不办了请取消"


class PeopleHaveCome(AppError):
    """An activity that was opened, and is no mistake any more."""

    status = 409
    code = "people_have_come"
    title = "已经有人来过，不能撤回开始"


class SomeCannotMove(AppError):
    """Of several that were to move together, some can't."""

    status = 409
    code = "some_cannot_move"
    title = "有活动的状态不能做这项操作，所以一场都没有改"

    def __init__(self, hindered: Sequence[str]) -> None:
        super().__init__(few_of(hindered))


@dataclass(frozen=True, slots=True)
class Origin:
    """The row of a file that an activity was drafted from.

    Attributes:
        row: its number in the sheet, as people see it.
    """

    import_id: UUID
    row: int


def create_activity(
    session: Session, actor: Actor | None, new: NewActivity, origin: Origin | None = None
) -> Activity:
    """A draft with its check-in code; the audit log says what it was made from.

    Raises ValidationFailed (422) for times or fields that don't fit together.
    """
    activity = Activity(
        id=new_id(),
        venue_id=_new_venue(session, new.venue).id,
        created_by=actor.user_id if actor else None,
        state=ActivityState.DRAFT,
        **given(new, but=("venue",)),
    )
    _check_activity(activity)
    session.add(activity)
    session.flush()
    scenes.new_code(session, activity.id)
    session.refresh(activity)
    audit.record(
        session,
        actor,
        "create",
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        to_state=ActivityState.DRAFT,
        details=_made_from(new.copied_from_id, origin),
    )
    return activity


def _made_from(copied_from_id: UUID | None, origin: Origin | None) -> audit.Details:
    details: audit.Details = {}
    if copied_from_id is not None:
        details["copied_from_id"] = str(copied_from_id)
    if origin is not None:
        details |= {"import_id": str(origin.import_id), "row": origin.row}
    return details


def update_activity(
    session: Session, actor: Actor, activity: Activity, edit: ActivityEdit
) -> Activity:
    """Change a locked activity; what is not named stays.

    Raises NotEditable (409) when it is over, EditedMeanwhile (409) when `version` is given and
    somebody else has changed it since, StaysPublished (409), ValidationFailed (422).
    """
    check_editable(activity)
    if or_else(edit.version, activity.version) != activity.version:
        raise EditedMeanwhile(extra={"version": activity.version})
    if or_else(edit.programme, activity.programme) is not activity.programme:
        raise ValidationFailed(errors={"programme": ["活动类型不能更改"]})
    before = _facts(session, activity)
    with staying_publishable(session, activity):
        if edit.venue is not UNSET:
            activity.venue_id = _new_venue(session, edit.venue).id
        put(activity, edit, but=("venue", "starts_at", "ends_at", "version"))
        _set_times(session, actor, activity, Times.of(activity).edited(edit))
        activity.version += 1
        _check_activity(activity)
        check_slots_within(session, activity)
        session.flush()
        session.refresh(activity)
    changed = audit.changes(before, _facts(session, activity))
    record_edit(session, actor, activity, "edit", {"fields": sorted(given(edit))} | changed)
    return activity


def _facts(session: Session, activity: Activity) -> dict[str, Any]:
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


@dataclass(frozen=True, slots=True)
class Times:
    """When an activity begins and ends."""

    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, activity: Activity) -> "Times":
        return cls(activity.starts_at, activity.ends_at)

    def edited(self, edit: ActivityEdit) -> "Times":
        """What these are after a change."""
        return Times(or_else(edit.starts_at, self.starts_at), or_else(edit.ends_at, self.ends_at))

    def moved_by(self, other: "Times") -> timedelta:
        """By how much the whole has moved to become `other`; nothing where its length changes."""
        shift = other.starts_at - self.starts_at
        return shift if other.ends_at - self.ends_at == shift else timedelta(0)


def _set_times(session: Session, actor: Actor, activity: Activity, after: Times) -> None:
    """Give a locked activity other times. Moved as a whole, all that has a time in it goes along:
    slots, its services' sign-up windows, and who has signed up.

    Of one that is announced the row is locked against sign-ups and check-ins: who is under way
    is waited for and goes along, who comes later reads the new times.

    Raises AlreadyBegun (409) for another day of one that is on, ValidationFailed (422) where it
    would be moved into the past, and what the receivers of `times_changed` raise.
    """
    before = Times.of(activity)
    if after == before:
        return
    day, was = clock.local_day(after.starts_at), clock.local_day(before.starts_at)
    live = activity.state is ActivityState.LIVE
    if live and day != was:
        raise AlreadyBegun("只能改当天的时间。还没有人来过的，先「撤回开始」再改期")
    shift = timedelta(0) if live else before.moved_by(after)
    public = activity.state not in NOT_ANNOUNCED
    if public and shift and after.starts_at < clock.now():
        raise ValidationFailed(errors={"starts_at": ["不能改到已经过去的时间"]})
    if public:
        session.flush()
        lock(session, Activity, activity.id)
    activity.starts_at, activity.ends_at = after.starts_at, after.ends_at
    _check_activity(activity)
    session.flush()
    if shift:
        _shift_services(session, activity.id, shift, keep_open=public)
    if public:
        if day > was:
            _take_back_visits(session, activity)
        times_changed.send(session, actor=actor, activity=activity, before=before, shift=shift)


def goes_along(activity: Activity, edit: ActivityEdit) -> bool:
    """Whether a change moves the activity as a whole, and so all in it."""
    before = Times.of(activity)
    live = activity.state is ActivityState.LIVE
    return not live and bool(before.moved_by(before.edited(edit)))


def _take_back_visits(session: Session, activity: Activity) -> None:
    """Who had come before the activity was put off has not been at it: nothing counts before its
    day."""
    session.execute(
        update(Attendance)
        .where(
            Attendance.activity_id == activity.id,
            Attendance.on_day < clock.local_day(_opens_at(activity)),
            Attendance.reverted_at.is_(None),
        )
        .values(reverted_at=clock.now()),
        execution_options={"synchronize_session": False},
    )


def _opens_at(activity: Activity) -> datetime:
    """From when on people are checked in, unless somebody opens the activity before."""
    return activity.starts_at - timedelta(minutes=activity.checkin_opens_minutes)


def check_change(session: Session, actor: Actor, activity: Activity, edit: ActivityEdit) -> None:
    """Raises what `update_activity` would, and changes nothing: whoever is asked to confirm a
    change must not be refused afterwards."""
    trial = session.begin_nested()
    try:
        update_activity(session, actor, activity, edit)
    finally:
        trial.rollback()
    session.refresh(activity)


def move_activity(
    session: Session,
    actor: Actor | None,
    activity: Activity,
    to: ActivityState,
    *,
    action: str,
    reason: str | None = None,
) -> Activity:
    """Move an activity through its state table, audit it, and tell the features above.

    Args:
        action: the verb for the audit log.
        reason: of a return or a cancellation; shown to those it concerns.

    Raises IllegalTransition, PeopleHaveCome for an opening that is to be undone, NotItsDay for one
    that is to be closed before its day, and NotReady for one that is to be submitted or published
    and can't be as it is (409).
    """
    move = MOVE_OF.get(action)
    table = {
        state: targets if move is None or move.leads_from(state) else {}
        for state, targets in ACTIVITY_TRANSITIONS.items()
    }
    transition(
        session,
        actor,
        table,
        activity,
        to,
        action=action,
        region_code=activity.region_code,
        details={"reason": reason} if reason else None,
    )
    now = clock.now()
    if action == UNDO_OPEN:
        _check_nobody_came(session, activity)
        activity.opened_at = None
    if to is ActivityState.SUBMITTED:
        check_ready(activity_detail(session, activity), now)
    elif to is ActivityState.PUBLISHED and action != UNDO_OPEN:
        check_publishable(activity_detail(session, activity), now)
    if to is ActivityState.LIVE:
        activity.opened_at = now
    elif to is ActivityState.CLOSED:
        if days_early(activity):
            raise NotItsDay
        activity.closed_at = now
    elif to is ActivityState.CANCELLED:
        activity.cancelled_at = now
        activity.cancel_reason = reason
    # What was to be mended is for the organiser, not for the public.
    activity.return_reason = reason if to is ActivityState.DRAFT else None
    session.flush()
    if to is ActivityState.PUBLISHED:
        jobs.defer(session, fetch_code_image, activity_id=str(activity.id))
    activity_moved.send(session, actor=actor, activity=activity, state=to)
    return activity


def _check_nobody_came(session: Session, activity: Activity) -> None:
    """Raises PeopleHaveCome (409), naming what has happened since a locked activity was opened."""
    visits = session.execute(
        select(func.count()).where(
            Attendance.activity_id == activity.id,
            Attendance.attended_at >= activity.opened_at,
            Attendance.reverted_at.is_(None),
        )
    ).scalar_one()
    numbers = numbers_begun(session, activity.id)
    happened = [f"{visits} 人签到"] if visits else []
    happened += [f"{numbers} 个号取过或叫过"] if numbers else []
    if happened:
        raise PeopleHaveCome(f"已有 {'、'.join(happened)}")


def revoke_code(session: Session, actor: Actor, activity: Activity) -> MarketCode:
    """Make every printed code of the activity worthless, and give it a new one, whose image is
    fetched at once where people may come.

    Raises NoCode (404).
    """
    current = scenes.current_code(session, activity.id)
    current.revoked_at = clock.now()
    session.flush()
    replaced = scenes.new_code(session, activity.id)
    audit.record(
        session,
        actor,
        "revoke_code",
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        details={"revoked": str(current.id), "replaced_by": str(replaced.id)},
    )
    if activity.state in FETCHED_FOR:
        jobs.defer(session, fetch_code_image, activity_id=str(activity.id))
    return replaced


def reschedule(
    session: Session, actor: Actor, activity: Activity, starts_at: datetime, version: int
) -> Activity:
    """Move a locked activity that has not begun to another time, with all that has a time in it:
    its end, its slots, its services' sign-up windows and who has signed up, all by the same
    distance.

    Args:
        starts_at: its new beginning.
        version: as its editor has read it.

    Raises as `check_reschedule`, and as the receivers of `times_changed`.
    """
    check_reschedule(activity, starts_at, version)
    before, was = activity.starts_at, _facts(session, activity)
    _set_times(session, actor, activity, Times(starts_at, activity.ends_at + (starts_at - before)))
    activity.version += 1
    session.flush()
    session.refresh(activity)
    times = {"from": before.isoformat(), "to": activity.starts_at.isoformat()}
    changed = audit.changes(was, _facts(session, activity))
    record_edit(session, actor, activity, "reschedule", times | changed)
    return activity


def check_reschedule(activity: Activity, starts_at: datetime, version: int) -> None:
    """Whether an activity can be moved so.

    Raises NotEditable, AlreadyBegun, EditedMeanwhile (409), ValidationFailed (422).
    """
    check_editable(activity)
    if activity.state not in NOT_BEGUN:
        raise AlreadyBegun
    if version != activity.version:
        raise EditedMeanwhile(extra={"version": activity.version})
    if starts_at < clock.now():
        raise ValidationFailed(errors={"starts_at": ["不能改到已经过去的时间"]})


def count_slots(session: Session, activity_id: UUID) -> int:
    """How many appointment times an activity's services have."""
    statement = select(func.count()).select_from(Slot).join(Offering)
    return session.execute(statement.where(Offering.activity_id == activity_id)).scalar_one()


def _shift_services(
    session: Session, activity_id: UUID, shift: timedelta, *, keep_open: bool
) -> None:
    """Move slots and sign-up windows. Slots go far away first and then come back: moved by their
    own length they would meet one another on the way, and a service has one slot at a time.

    Args:
        keep_open: whether people go on signing up where they already do.
    """
    mine = select(Offering.id).where(Offering.activity_id == activity_id)
    # In order, as everybody has who locks several.
    slots = select(Slot.id).where(Slot.offering_id.in_(mine))
    session.execute(slots.order_by(Slot.id).with_for_update())
    for step in (shift + _FAR, -_FAR):
        distance = literal(step, Interval())
        session.execute(
            update(Slot)
            .where(Slot.offering_id.in_(mine))
            .values(starts_at=Slot.starts_at + distance, ends_at=Slot.ends_at + distance),
            execution_options={"synchronize_session": False},
        )
    distance = literal(shift, Interval())
    opens: Any = Offering.sign_up_opens_at + distance
    if keep_open:
        open_now = Offering.sign_up_opens_at <= clock.now()
        opens = case((open_now, func.least(Offering.sign_up_opens_at, opens)), else_=opens)
    session.execute(
        update(Offering)
        .where(Offering.activity_id == activity_id)
        .values(
            sign_up_opens_at=opens,
            sign_up_closes_at=Offering.sign_up_closes_at + distance,
        ),
        execution_options={"synchronize_session": False},
    )


def move_all(
    session: Session,
    actor: Actor,
    activities: Sequence[Activity],
    action: str,
    reason: str | None = None,
) -> None:
    """Submit, publish or return several locked activities: all of them or none. Half of a list
    that has gone through would have to be found again by hand.

    Args:
        action: of moves.MOVES.
        reason: of a return.

    Raises SomeCannotMove (409), naming those that hinder; ValidationFailed (422) for a return
    without a reason.
    """
    move = MOVE_OF[action]
    if move.to is ActivityState.DRAFT and not reason:
        raise ValidationFailed(errors={"reason": ["请写明退回原因"]})
    hindered = []
    for activity in activities:
        if move.to not in ACTIVITY_TRANSITIONS[activity.state]:
            hindered.append(f"{quoted(activity.title)}{ACTIVITY_STATES[activity.state]}")
            continue
        try:
            move_activity(session, actor, activity, move.to, action=action, reason=reason)
        except AppError as refusal:
            hindered.append(f"{quoted(activity.title)}{refusal.detail or refusal.title}")
    if hindered:
        raise SomeCannotMove(hindered)


def gaps_of(session: Session, actor: Actor, activity: Activity) -> list[Missing]:
    """What an activity still lacks, but for people: they are assigned up to the day itself; and
    who is expected elsewhere at its time."""
    gaps = missing(activity_detail(session, activity), None, clock.now())
    return by_weight([*gaps, *overlaps(session, actor, activity)])


def rows_of(session: Session, model: Any, condition: Any) -> list[Any]:
    """A model's rows that meet a condition, in the order of their keys."""
    order = list(model.__table__.primary_key.columns)
    return list(session.execute(select(model).where(condition).order_by(*order)).scalars())


def _new_venue(session: Session, new: NewVenue) -> Venue:
    venue = Venue(**asdict(new))
    session.add(venue)
    session.flush()
    return venue


def _check_activity(activity: Activity) -> None:
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
    statement = (
        select(func.min(Slot.starts_at), func.max(Slot.ends_at))
        .join(Offering, Offering.id == Slot.offering_id)
        .where(Offering.activity_id == activity.id)
    )
    first, last = session.execute(statement).one()
    if first is not None and (first < activity.starts_at or last > activity.ends_at):
        raise ValidationFailed(
            errors={
                "starts_at": [
                    "有时段落在新的活动时间之外。开始和结束移动同样多，时段会一起移动；"
                    "要改长短，请先调整时段"
                ]
            }
        )


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
    before = what_holds(activity_detail(session, activity), clock.now())
    yield
    session.flush()
    session.expire_all()  # slots are moved by statements, past what was read before
    after = what_holds(activity_detail(session, activity), clock.now())
    lacking = [words for words in after if words not in before]
    if lacking:
        raise StaysPublished(
            f"{'；'.join(lacking)}。请先补上新的再改这里；不办了请取消活动",
            extra={"missing": lacking},
        )


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
