"""Which rectifications wait for somebody (core/todos.py)."""

from sqlalchemy import select

from backend.activities.models import Activity
from backend.core import clock
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.feedback.models import Rectification, RectificationState
from backend.regions.models import Region
from backend.regions.queries import within

_PAGE = ("rectifications.show_rectification", "rectification_id")
_LIST = "rectifications.list_rectifications"


def _open(actor: Actor) -> AnySelect:
    """By their deadline. Of which activity, not of what: a complaint may name somebody."""
    return (
        select(Rectification.id, Activity.title.label("words"), Rectification.due_at.label("at"))
        .join(Activity, Activity.id == Rectification.activity_id)
        .join(Region, Region.id == Activity.region_id)
        .where(
            within(actor.region_codes(Permission.RECTIFICATION_HANDLE)),
            Rectification.state != RectificationState.CLOSED,
        )
    )


def _overdue(actor: Actor) -> AnySelect:
    return _open(actor).where(Rectification.due_at <= clock.now())


def _due(actor: Actor) -> AnySelect:
    return _open(actor).where(Rectification.due_at > clock.now())


TODOS_OF_RECTIFICATIONS = (
    ToDos(
        40, "已经超期的整改", Permission.RECTIFICATION_HANDLE, "截止", _overdue, _PAGE,
        (_LIST, {"overdue": "true"}),
    ),
    ToDos(
        50, "待办理的整改", Permission.RECTIFICATION_HANDLE, "截止", _due, _PAGE,
        (_LIST, {"open": "true", "overdue": "false"}),
    ),
)  # fmt: skip
