"""Who asks for a need, for the clerks of its own community: with a reason, in the audit log, and
told to those who were looked at. The log has the need and the reason, and nobody's id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, aliased

from backend.core import audit
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.errors import AppError, NotFound
from backend.core.permissions import Actor, Permission
from backend.identity.models import Resident
from backend.identity.names import masked_name
from backend.identity.phones import masked
from backend.identity.staff.offices import office_of
from backend.needs.models import Need, NeedVoice, VoiceRole
from backend.notices.about_people import LookUp, tell_looked_up


class NoNumber(AppError):
    status = 409
    code = "voice_without_number"
    title = "这位居民没有留下电话"


@dataclass(frozen=True, slots=True)
class SeenVoice:
    """One who asks, as a clerk sees them."""

    id: UUID
    role: VoiceRole
    name: str
    phone: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number in full."""

    phone: str
    phone_state: str


def see_voices(session: Session, actor: Actor, need: Need, reason: str) -> list[SeenVoice]:
    """Those who ask for a need now and can be named, the first one first. Of needs that are dealt
    with as one each has its own: they may be another community's.

    Args:
        need: one whose voices the caller may see.
        reason: why, for the audit log and for whom it is about.
    """
    rows = session.execute(_voices(need)).all()
    _note(session, actor, need, "see_voices", reason, [row.resident_id for row in rows])
    return [
        SeenVoice(row.id, row.role, masked_name(row.name), masked(row.phone), row.created_at)
        for row in rows
    ]


def see_number(session: Session, actor: Actor, need: Need, voice_id: UUID, reason: str) -> Number:
    """The phone number of one of them in full, to call them: theirs, or their guardian's.

    Raises NotFound (404) for a voice that is not there any more, NoNumber (409).
    """
    row = session.execute(_voices(need).where(NeedVoice.id == voice_id)).one_or_none()
    if row is None:
        raise NotFound
    if row.phone is None:
        raise NoNumber
    _note(session, actor, need, "see_voice_number", reason, [row.resident_id])
    return Number(composed(PhoneVault).decrypt(row.phone), row.phone_state.value)


def _voices(need: Need) -> Select[Any]:
    guardian = aliased(Resident)
    phone = func.coalesce(Resident.phone_encrypted, guardian.phone_encrypted)
    return (
        select(
            NeedVoice.id,
            NeedVoice.role,
            NeedVoice.created_at,
            NeedVoice.resident_id,
            Resident.name,
            phone.label("phone"),
            case(
                (Resident.phone_encrypted.is_not(None), Resident.phone_state),
                else_=guardian.phone_state,
            ).label("phone_state"),
        )
        .join(Resident, Resident.id == NeedVoice.resident_id)
        .outerjoin(guardian, guardian.user_id == Resident.guardian_user_id)
        .where(
            NeedVoice.need_id == need.id,
            NeedVoice.withdrawn_at.is_(None),
            Resident.removed_at.is_(None),
        )
        .order_by(NeedVoice.id)
    )


_LOOKS = {
    "see_voices": "查看了{{who}}提出或附议需求「{title}」",
    "see_voice_number": "为需求「{title}」查看了{{who}}的电话号码",
}


def _note(
    session: Session,
    actor: Actor,
    need: Need,
    action: str,
    reason: str,
    resident_ids: Sequence[UUID],
) -> None:
    """Keep that somebody has looked, and tell those whom they have looked at."""
    audit.record(
        session,
        actor,
        action,
        Need.__tablename__,
        need.id,
        region_code=need.region_code,
        details={"reason": reason},
    )
    office = office_of(session, actor, Permission.NEED_VOICES, need.region_code)
    # A title is no template.
    title = need.title.replace("{", "{{").replace("}", "}}")
    look = LookUp(office=office, did=_LOOKS[action].format(title=title), reason=reason)
    tell_looked_up(session, actor, resident_ids, look)
