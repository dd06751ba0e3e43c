"""Use cases of organisers: an activity drafted and changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.checks.changes import announced
from backend.activities.checks.edits import (
    audited_facts,
    check_activity,
    check_editable,
    check_slots_within,
    record_edit,
    staying_publishable,
)
from backend.activities.checks.overlaps import overlaps
from backend.activities.checks.readiness import Missing, by_weight, missing
from backend.activities.codes import scenes
from backend.activities.codes.images import FETCHED_FOR, fetch_code_image
from backend.activities.lifecycle.changing import begin_change
from backend.activities.lifecycle.times import Times, set_times
from backend.activities.models import Activity, ActivityState, MarketCode, Venue
from backend.activities.queries import activity_detail
from backend.activities.questions import uncredited
from backend.activities.requests import ActivityEdit, NewActivity, NewVenue
from backend.activities.signals import ChangeKind, place_changed
from backend.core import audit, clock, jobs
from backend.core.errors import EditedMeanwhile, ValidationFailed
from backend.core.given import UNSET, given, or_else, put
from backend.core.ids import new_id
from backend.core.permissions import Actor


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
    check_activity(activity)
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
    before = audited_facts(session, activity)
    with staying_publishable(session, activity), _going_to(session, actor, activity, edit):
        put(activity, edit, but=("venue", "starts_at", "ends_at", "version"))
        set_times(session, actor, activity, Times.of(activity).edited(edit))
        activity.version += 1
        check_activity(activity)
        check_slots_within(session, activity)
        session.flush()
        session.refresh(activity)
    changed = audit.changes(before, audited_facts(session, activity))
    record_edit(session, actor, activity, "edit", {"fields": sorted(given(edit))} | changed)
    return activity


@contextmanager
def _going_to(
    session: Session, actor: Actor, activity: Activity, edit: ActivityEdit
) -> Iterator[None]:
    """Around a change of a locked activity: it goes to the place that the change names, and those
    who know of another are told once the rest has been changed too."""
    if edit.venue is UNSET:
        yield
        return
    before, after = session.get_one(Venue, activity.venue_id), _new_venue(session, edit.venue)
    change = None
    if announced(activity) and _said(before) != _said(after):
        words = f"从 {_said(before)} 改到 {_said(after)}"
        change = begin_change(session, actor, activity, ChangeKind.PLACE, words)
    activity.venue_id = after.id
    yield
    if change is not None:
        place_changed.send(session, actor=actor, activity=activity, before=before, change=change)


def _said(venue: Venue) -> str:
    """Where a venue is, in words."""
    return f"{venue.name}（{venue.address}）" if venue.address else venue.name


def check_change(session: Session, actor: Actor, activity: Activity, edit: ActivityEdit) -> None:
    """Raises what `update_activity` would, and changes nothing: whoever is asked to confirm a
    change must not be refused afterwards."""
    trial = session.begin_nested()
    try:
        update_activity(session, actor, activity, edit)
    finally:
        trial.rollback()
    session.refresh(activity)


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


def gaps_of(session: Session, actor: Actor, activity: Activity) -> list[Missing]:
    """What an activity still lacks, but for people: they are assigned up to the day itself; and
    who is expected elsewhere at its time."""
    detail = activity_detail(session, activity)
    gaps = missing(detail, None, clock.now(), uncredited(session, activity))
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
