"""Use cases of the signed-up list: to take it along, on paper or as a file."""

from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.bookings.signed_up.queries import SignedUp, Wanted, all_signed_up
from backend.core import audit
from backend.core.permissions import Actor


def take_along(
    session: Session,
    actor: Actor,
    activity: Activity,
    wanted: Wanted,
    reason: str,
    *,
    action: str,
) -> list[SignedUp]:
    """The list as it is printed or goes into a file, audited: what people need leaves the house
    with it.

    Args:
        action: the verb for the audit log.

    Raises TooManyToExport (422).
    """
    lines = all_signed_up(session, activity, wanted)
    audit.record(
        session,
        actor,
        action,
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        details={"rows": len(lines), "reason": reason},
    )
    return lines
