"""What features below ask of resources."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Desk, Offering, Stall
from backend.activities.questions import uncredited
from backend.activities.words import quoted
from backend.core import clock
from backend.core.config import titles
from backend.partners.models import Organisation
from backend.resources.credentials.kinds import REQUIRED
from backend.resources.credentials.queries import held_on
from backend.resources.models import Resource
from backend.resources.permissions import OFFERED


@uncredited.answered
def credentials_lacking(session: Session, activity: Activity) -> list[str]:
    """Which services at an activity's stalls require a credential that the stall's organisation
    does not hold on its last day. It is asked of partners alone: of organisations whose resources
    were approved, and whose credentials are kept here."""
    statement = (
        select(Stall.number, Stall.name, Stall.organisation_id, Offering.title,
               Offering.service_kind, Organisation.name.label("organisation"))
        .join(Desk, Desk.stall_id == Stall.id)
        .join(Offering, Offering.id == Desk.offering_id)
        .join(Organisation, Organisation.id == Stall.organisation_id)
        .where(
            Stall.activity_id == activity.id,
            Stall.dropped_at.is_(None),
            Offering.dropped_at.is_(None),
            Offering.service_kind.in_(REQUIRED),
            Stall.organisation_id.in_(
                select(Resource.organisation_id).where(Resource.state.in_(OFFERED))
            ),
        )
        .order_by(Stall.number, Offering.title, Offering.id)
    )  # fmt: skip
    asked = session.execute(statement).all()
    if not asked:
        return []
    last_day = clock.local_day(activity.ends_at - timedelta(microseconds=1))
    held = held_on(session, {row.organisation_id for row in asked}, last_day)
    names = titles("credential_kinds")
    return [
        f"{row.number} 号摊位{quoted(row.name)}的{quoted(row.title)}要有{names[kind]}，"
        f"{row.organisation}没有那天有效的；请先在「资源」里登记并审核它的资质，或换一个单位"
        for row in asked
        if (row.organisation_id, kind := REQUIRED[row.service_kind]) not in held
    ]
