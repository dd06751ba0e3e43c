"""Which call lists are open (core/todos.py): as `queries.reaches` says of each change, for all of
them at once, each activity's with its newest change; and which announcements are held for a
colleague."""

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from backend.activities.models import Activity, ActivityState
from backend.activities.signals import ChangeKind
from backend.core import clock
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.identity.models import Resident
from backend.outreach.models import ActivityChange, Addressee, Announcement, AnnouncementState
from backend.outreach.queries import By, reached_by
from backend.outreach.words import CHANGE_KINDS
from backend.regions.models import Region
from backend.regions.queries import within

_CHANGE = ActivityChange


def _open_lists(actor: Actor) -> AnySelect:
    begins = func.least(Activity.starts_at, func.coalesce(Activity.opened_at, Activity.starts_at))
    too_late = case((_CHANGE.at < begins, begins), else_=Activity.ends_at)
    kind = case(*((_CHANGE.kind == kind, words) for kind, words in CHANGE_KINDS.items()))
    words = Activity.title + "：" + kind + "，" + _CHANGE.words
    return (
        select(_CHANGE.id, words.label("words"), too_late.label("at"))
        .join(Activity, Activity.id == _CHANGE.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .where(
            within(actor.region_codes(Permission.CALL_LIST)),
            _CHANGE.kind != ChangeKind.ANNOUNCEMENT,
            too_late > clock.now(),
            _somebody_unreached(),
        )
        .ext(distinct_on(_CHANGE.activity_id))
        .order_by(_CHANGE.activity_id, _CHANGE.id.desc())
    )


def _held(actor: Actor) -> AnySelect:
    """Of which activities announcements are held that somebody else has written."""
    return (
        select(
            Activity.id,
            Activity.title.label("words"),
            func.min(Announcement.written_at).label("at"),
        )
        .join(Announcement, Announcement.activity_id == Activity.id)
        .join(Region, Region.id == Activity.region_id)
        .where(
            within(actor.region_codes(Permission.ACTIVITY_RUN)),
            Activity.state.in_((ActivityState.PUBLISHED, ActivityState.LIVE)),
            Announcement.state == AnnouncementState.HELD,
            Announcement.written_by != actor.user_id,
        )
        .group_by(Activity.id)
    )


def _somebody_unreached() -> ColumnElement[bool]:
    return (
        exists()
        .select_from(Addressee)
        .where(
            Addressee.change_id == _CHANGE.id,
            Resident.id == Addressee.resident_id,
            reached_by() == By.NOTHING.value,
        )
    )


TODOS_OF_CHANGES = (
    ToDos(
        25, "等核对的公告", Permission.ACTIVITY_RUN, "写于", _held,
        ("outreach.list_changes", "activity_id"),
    ),
    ToDos(
        35, "还有人没通知到的改动", Permission.CALL_LIST, "最晚", _open_lists,
        ("outreach.show_change", "change_id"),
    ),
)  # fmt: skip
