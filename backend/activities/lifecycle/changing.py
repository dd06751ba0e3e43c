"""A change of what was announced begins: it gets its id and its words (docs/adr/0031)."""

from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.activities.signals import Change, ChangeKind, change_coming
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.states import lock


def begin_change(
    session: Session,
    actor: Actor | None,
    activity: Activity,
    kind: ChangeKind,
    words: str,
    *,
    reason: str = "",
    offering_id: UUID | None = None,
    slot_id: UUID | None = None,
    slots_stay: bool = False,
) -> Change:
    """An announced activity is about to change. It is locked against sign-ups first: who is under
    way is waited for and is among those whom it concerns, who comes later reads what holds then.

    Args:
        words: from what to what, as people read it.
        reason, offering_id, slot_id, slots_stay: as `Change` has them.
    """
    session.flush()
    lock(session, Activity, activity.id)
    change = Change(
        id=new_id(),
        kind=kind,
        words=words,
        reason=reason,
        offering_id=offering_id,
        slot_id=slot_id,
        slots_stay=slots_stay,
    )
    change_coming.send(session, actor=actor, activity=activity, change=change)
    return change
