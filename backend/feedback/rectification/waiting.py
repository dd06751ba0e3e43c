"""Which rectifications wait for somebody (core/todos.py)."""

from sqlalchemy import case, func, select

from backend.activities.models import Activity, Offering
from backend.core import clock
from backend.core.config import load
from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.feedback.models import Rating, Rectification, RectificationState
from backend.regions.models import Region
from backend.regions.queries import within

_TAGS: dict[str, str] = load("evaluation")["tags"]
_PAGE = ("rectifications.show_rectification", "rectification_id")
_LIST = "rectifications.list_rectifications"


def _open(actor: Actor) -> AnySelect:
    """By their deadline. Of which service, how bad and what was ticked first, never what was
    written: that may name somebody."""
    words = func.concat_ws(
        "，",
        func.concat_ws("：", Activity.title, Offering.title),
        func.concat(Rating.score, " 分"),
        case(*((Rating.tags[0].as_string() == key, title) for key, title in _TAGS.items())),
    )
    return (
        select(Rectification.id, words.label("words"), Rectification.due_at.label("at"))
        .join(Rating, Rating.id == Rectification.rating_id)
        .outerjoin(Offering, Offering.id == Rating.offering_id)
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
        (_LIST, {"overdue": "true"}), ends_a_day=True,
    ),
    ToDos(
        50, "待办理的整改", Permission.RECTIFICATION_HANDLE, "截止", _due, _PAGE,
        (_LIST, {"open": "true", "overdue": "false"}), ends_a_day=True,
    ),
)  # fmt: skip
