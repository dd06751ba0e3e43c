"""Looking a person up at the console: by exact phone number or by the code on their phone, never
by browsing. Each look-up is limited (its form), has its reason, and is audited with whom it
found."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.core import audit, clock
from backend.core.audit import AuditEntry
from backend.core.config import LOOKUP
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.permissions import Actor, Permission
from backend.core.text import mobile_number
from backend.identity.models import Resident, User, UserState
from backend.identity.names import masked_name
from backend.identity.people.numbers import PROVEN, ResidentCodeRefused, resident_by_code
from backend.identity.personal_codes import CodeFault
from backend.identity.phones import masked_phone
from backend.identity.questions import uses
from backend.identity.signals import people_looked_up
from backend.identity.staff.offices import office_of
from backend.regions.models import Region

# The audit log's verb: the index that finds a caller's last ones is on it.
ACTION = "look_up_resident"
# Families of one number are smaller; all of them are shown.
MOST_OF_A_NUMBER = 100
GRANT_REASON = "授予角色"
# Far shorter than a personal code, and longer than whatever is meant for a number or a name.
_MAY_BE_A_CODE = re.compile(r"[A-Za-z0-9_-]{40,}")


class NotAPhoneOrCode(AppError):
    status = 422
    code = "not_a_phone_or_code"
    title = "没有查询，请核对后再试"

    def __init__(self) -> None:
        super().__init__(errors={"who": ["应为 11 位手机号，或小程序里的个人码"]})


class PersonNotFound(AppError):
    status = 422
    code = "person_not_found"
    title = "没有找到这个人"


class SeveralAccounts(AppError):
    status = 409
    code = "several_accounts"
    title = "这个手机号有几个账户在用，请改用对方小程序里的个人码"


@dataclass(frozen=True, slots=True)
class Found:
    """A resident as a look-up shows them: the fewest fields that answer a question at the desk."""

    id: UUID
    name: str
    phone: str | None
    visits: int
    bookings: int


def find_residents(session: Session, actor: Actor, who: str, reason: str) -> list[Found]:
    """The people with a phone number, or the one who shows a personal code.

    By number only those who have to do with the caller's regions: they live there, or came or
    had a booking there. A code is shown by the person, who is thus present: it finds them
    wherever they belong. What is counted is of the caller's regions alone.

    Args:
        who: a phone number in full, or a personal code.
        reason: why, for the audit log.

    Raises NotAPhoneOrCode and ResidentCodeRefused (422).
    """
    codes = actor.region_codes(Permission.RESIDENT_LOOKUP)
    mobile = mobile_number(who)
    people = _by_phone_or_code(session, who, mobile)
    uses = _uses(session, [person.id for person in people], codes)
    shown = [
        person
        for person in people
        if mobile is None
        or any(person.id in numbers for numbers in uses.values())
        or _at_home(session, person, codes)
    ]
    _record(session, actor, mobile, reason, shown, Permission.RESIDENT_LOOKUP)
    return [
        Found(
            person.id,
            masked_name(person.name),
            masked_phone(person),
            uses["visits"].get(person.id, 0),
            uses["bookings"].get(person.id, 0),
        )
        for person in shown
    ]


def find_account(session: Session, actor: Actor, who: str) -> UUID | None:
    """The user who is to be given a role, by proven phone number or personal code; None where
    nobody is found, which is audited too. From then on the caller may grant them roles for a
    while (`was_found`).

    Raises SeveralAccounts (409) for a number that several accounts have proven, NotAPhoneOrCode
    and ResidentCodeRefused (422).
    """
    mobile = mobile_number(who)
    people = [
        person
        for person in _by_phone_or_code(session, who, mobile)
        if person.user_id is not None and (mobile is None or person.phone_state in PROVEN)
    ]
    if len(people) > 1:
        raise SeveralAccounts
    _record(session, actor, mobile, GRANT_REASON, people, Permission.ROLE_GRANT)
    return people[0].user_id if people else None


def was_found(session: Session, actor: Actor, resident_id: UUID) -> bool:
    """Whether the caller has just found this person to give them a role."""
    since = clock.now() - timedelta(minutes=LOOKUP.found_minutes)
    statement = select(AuditEntry.id).where(
        AuditEntry.action == ACTION,
        AuditEntry.actor_user_id == actor.user_id,
        AuditEntry.at > since,
        AuditEntry.object_id == resident_id,
        AuditEntry.reason == GRANT_REASON,
    )
    return session.execute(statement.limit(1)).first() is not None


def _by_phone_or_code(session: Session, who: str, mobile: str | None) -> list[Resident]:
    if mobile is not None:
        statement = (
            select(Resident)
            .outerjoin(User, User.id == Resident.user_id)
            .where(
                Resident.phone_hash == composed(PhoneVault).lookup_hash(mobile),
                Resident.removed_at.is_(None),
                func.coalesce(User.state, UserState.ACTIVE) == UserState.ACTIVE,
            )
            .order_by(Resident.id.desc())
            .limit(MOST_OF_A_NUMBER)
        )
        return list(session.execute(statement).scalars())
    if not _MAY_BE_A_CODE.fullmatch(who):
        raise NotAPhoneOrCode
    person = resident_by_code(session, who)
    if person is None or isinstance(person, CodeFault):
        raise ResidentCodeRefused(errors={"who": [ResidentCodeRefused.title]})
    return [person]


def _uses(session: Session, ids: list[UUID], codes: tuple[str, ...]) -> dict[str, dict[UUID, int]]:
    return uses(session, ids, codes) if ids else {}


def _at_home(session: Session, person: Resident, codes: tuple[str, ...]) -> bool:
    home = session.get(Region, person.region_id) if person.region_id else None
    return home is not None and home.code.startswith(codes)


def _record(
    session: Session,
    actor: Actor,
    mobile: str | None,
    reason: str,
    found: list[Resident],
    permission: Permission,
) -> None:
    """Audit a look-up, and tell the features above.

    Args:
        permission: what the caller needed for it.
    """
    region_code = min(actor.region_codes(permission), key=len)
    details: dict[str, Any] = {
        "by": "code" if mobile is None else "phone",
        "reason": reason,
        "found": [str(person.id) for person in found],
    }
    audit.record(
        session,
        actor,
        ACTION,
        Resident.__tablename__,
        found[0].id if len(found) == 1 else new_id(),
        region_code=region_code,
        details=details,
    )
    people_looked_up.send(
        session,
        actor=actor,
        resident_ids=[person.id for person in found],
        by="个人码" if mobile is None else "手机号",
        office=office_of(session, actor, permission, region_code),
        reason=reason,
    )
