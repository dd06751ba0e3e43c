"""Use cases of family members, for whom somebody acts (代办)."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core import clock, idempotency
from backend.core.errors import AppError, ValidationFailed
from backend.core.given import UNSET, given, or_else, put
from backend.core.permissions import Actor
from backend.identity import phones
from backend.identity.models import PhoneState, Resident
from backend.identity.people import erasure
from backend.identity.people.consents import keep_special_needs, require_consent
from backend.identity.people.locks import lock_user
from backend.identity.people.numbers import is_proven
from backend.identity.requests import FamilyMember
from backend.regions.models import Region

FAMILY_LIMIT = 10
ADULT_CONSENT_AGE = 14
# What of a member is kept in another form.
_NO_COLUMNS = ("phone", "special_needs")


class FamilyLimitReached(AppError):
    status = 409
    code = "family_limit_reached"
    title = f"最多添加 {FAMILY_LIMIT} 位家人"


def check_region(session: Session, region_id: UUID | None) -> None:
    if region_id is not None and session.get(Region, region_id) is None:
        raise ValidationFailed(errors={"region_id": ["没有这个地区"]})


def list_family(session: Session, actor: Actor, *, lock: bool = False) -> list[Resident]:
    """The family members the caller acts for, oldest entry first."""
    statement = (
        select(Resident)
        .where(Resident.guardian_user_id == actor.user_id, Resident.removed_at.is_(None))
        .order_by(Resident.id)
    )
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    return list(session.execute(statement).scalars())


def add_family_member(session: Session, actor: Actor, new: FamilyMember) -> Resident:
    """A person the caller acts for (代办).

    Raises FamilyLimitReached (409), and ConsentRequired (409) for a child under 14 without the
    guardian's consent (PIPL 31), or for special needs without the consent to that.
    """
    lock_user(session, actor.user_id)
    if len(list_family(session, actor)) >= FAMILY_LIMIT:
        raise FamilyLimitReached
    _require_guardian_consent(session, actor, or_else(new.birth_year, None))
    member = Resident(guardian_user_id=actor.user_id, **given(new, but=_NO_COLUMNS))
    if new.phone is not UNSET:
        phones.put_phone(member, new.phone, PhoneState.TYPED)
    keep_special_needs(session, actor, member, new.special_needs)
    session.add(member)
    session.flush()
    return member


def update_family_member(
    session: Session, actor: Actor, member: Resident, edit: FamilyMember
) -> Resident:
    """Change a family member's data; the same refusals as adding one.

    A number that is proven already and given again stays proven.
    """
    _require_guardian_consent(session, actor, or_else(edit.birth_year, None))
    put(member, edit, but=_NO_COLUMNS)
    keep_special_needs(session, actor, member, edit.special_needs)
    if edit.phone is not UNSET and not is_proven(member, edit.phone):
        phones.put_phone(member, edit.phone, PhoneState.TYPED)
    session.flush()
    return member


def remove_family_member(session: Session, actor: Actor, member: Resident) -> None:
    """Stop acting for somebody: their personal data is erased, counts stay."""
    erasure.erase_residents(session, actor, [member])
    idempotency.forget(session, actor.user_id, about=member.id)


def _require_guardian_consent(session: Session, actor: Actor, birth_year: int | None) -> None:
    # We keep the year alone: who turns 14 in this one may still be 13.
    if birth_year is None or clock.today().year - birth_year > ADULT_CONSENT_AGE:
        return
    sentence = "家人未满 14 周岁，请先同意作为监护人记录其信息"
    require_consent(session, actor, "guardian", sentence)
