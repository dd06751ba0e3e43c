"""Jobs by the clock: freezing the checklists of activities whose rating window is over."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.activities.days import rating_is_over
from backend.activities.models import Activity, ActivityState
from backend.core import audit, clock
from backend.core.db import transaction
from backend.core.jobs import job
from backend.feedback.evaluation.checklist import EvaluationState
from backend.feedback.evaluation.queries import content_now
from backend.feedback.models import EvaluationChecklist


@job("feedback.freeze_evaluations", cron="7 * * * *")
def freeze_evaluations() -> None:
    """Freeze what is due, each activity in a transaction of its own: a run that is cut off keeps
    what it has done, and a second one does the rest."""
    with transaction() as session:
        due = list(session.execute(_due()).scalars())
    for activity_id in due:
        with transaction() as session:
            _freeze(session, activity_id)


def _due() -> Select[UUID]:
    """Closed activities past their window, not frozen yet."""
    return (
        select(Activity.id)
        .outerjoin(EvaluationChecklist, EvaluationChecklist.activity_id == Activity.id)
        .where(
            Activity.state == ActivityState.CLOSED,
            rating_is_over(),
            EvaluationChecklist.activity_id.is_(None),
        )
        .order_by(Activity.id)
    )


def _freeze(session: Session, activity_id: UUID) -> None:
    """Store the checklist as it stands; nothing where a twin has done it.

    The lock waits for ratings under way, and those that come wait for it (`operations._hold`).
    """
    activity = session.execute(
        select(Activity)
        .where(Activity.id == activity_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    if session.get(EvaluationChecklist, activity_id) is not None:
        return
    content = content_now(session, activity_id)
    session.add(
        EvaluationChecklist(activity_id=activity_id, frozen_at=clock.now(), content=content)
    )
    session.flush()
    audit.record(
        session,
        None,
        "freeze_evaluation",
        EvaluationChecklist.__tablename__,
        activity_id,
        region_code=activity.region_code,
        from_state=EvaluationState.LIVE,
        to_state=EvaluationState.FROZEN,
        details={"verdict": content["verdict"], "rated": content["rated"]},
    )
