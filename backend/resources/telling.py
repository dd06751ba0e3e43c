"""What becomes of what an organisation has handed in, told to its people."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.permissions import Role
from backend.identity.models import Resident, RoleAssignment
from backend.notices.models import NoticeKind
from backend.notices.news import News
from backend.notices.operations import tell


def tell_partners(
    session: Session, organisation_id: UUID, kind: NoticeKind, title: str, text: str
) -> None:
    """Tell everybody who acts for an organisation, in the caller's transaction."""
    people = session.execute(
        select(RoleAssignment.user_id, Resident.id.label("resident_id"))
        .join(Resident, Resident.user_id == RoleAssignment.user_id)
        .where(
            RoleAssignment.organisation_id == organisation_id,
            RoleAssignment.role == Role.PARTNER,
            RoleAssignment.revoked_at.is_(None),
        )
    )
    tell(
        session,
        [
            News(user_id=row.user_id, kind=kind, title=title, text=text,
                 page="/pages/notices/notices", resident_ids=(row.resident_id,))
            for row in people
        ],
    )  # fmt: skip
