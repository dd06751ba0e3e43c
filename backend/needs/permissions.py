"""Who may see a need, who may move it, and who asks for it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, or_, select
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Offering
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.permissions import Actor, Permission
from backend.identity.models import Resident
from backend.identity.permissions import access_own_resident
from backend.needs.models import Need, NeedState, NeedVoice, VoiceRole
from backend.needs.requests import Asker
from backend.needs.texts import readable
from backend.needs.voices.counting import of_group
from backend.regions.models import Region
from backend.regions.queries import within

# What everybody may read: what a clerk has taken on, and what became of it.
PUBLIC = (
    NeedState.ACCEPTED,
    NeedState.PLANNED,
    NeedState.SERVED,
    NeedState.EVALUATED,
    NeedState.CLOSED_UNSOLVED,
)


def access_need(session: Session, actor: Actor, need_id: UUID, permission: Permission) -> Need:
    """The need, if the caller may see it as staff and has `permission` in its region.

    Raises NotFound (404) outside the caller's regions, Forbidden (403) within them.
    """
    need = session.get(Need, need_id)
    if need is None or not actor.may(Permission.NEED_SEE, region_code=need.region_code):
        raise NotFound
    if not actor.may(permission, region_code=need.region_code):
        raise Forbidden
    return need


def access_to_read(session: Session, actor: Actor | None, need_id: UUID) -> Need:
    """The need, if everybody may read it, or the caller's people ask for it, or the caller sees
    its region's.

    Raises NotFound (404).
    """
    visible = or_(is_public(), own_voice(actor), seen_by(actor))
    need = session.execute(
        select(Need).join(Region, Region.id == Need.region_id).where(Need.id == need_id, visible)
    ).scalar_one_or_none()
    if need is None:
        raise NotFound
    return need


def is_public() -> ColumnElement[bool]:
    """Whether everybody may read a need."""
    return Need.state.in_(PUBLIC) & readable()


def own_voice(actor: Actor | None) -> ColumnElement[bool]:
    """Whether the caller, or a family member of theirs, asks or has asked for a need."""
    if actor is None:
        return false()
    return exists().where(
        NeedVoice.need_id == Need.id,
        NeedVoice.resident_id == Resident.id,
        or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id),
    )


def seen_by(actor: Actor | None) -> ColumnElement[bool]:
    """Whether the caller sees a need as staff; for a statement that joins Region."""
    return within(actor.region_codes(Permission.NEED_SEE)) if actor else false()


def find_asker(
    session: Session,
    actor: Actor,
    region_code: str,
    resident_id: UUID | None,
    *,
    for_others: bool = False,
) -> Asker:
    """Who asks for a need of a region: the caller or a family member; or somebody, or nobody, whom
    the caller writes it down for. Their row is locked, so that nobody asks who is being erased.

    Args:
        for_others: the caller says that they write it down.

    Raises Forbidden (403) for who may not write for others there, NotFound (404) for the id of
    somebody else, ValidationFailed (422) where staff name nobody.
    """
    if not for_others and _is_own(session, actor, resident_id):
        return Asker(access_own_resident(session, actor, resident_id, lock=True).id, None)
    if not actor.may(Permission.NEED_ENTER, region_code=region_code):
        raise Forbidden if for_others else NotFound
    if resident_id is not None:
        _lock_resident(session, resident_id)
    return Asker(resident_id, actor.user_id)


def access_to_show(session: Session, actor: Actor, need_id: UUID) -> Need:
    """The need, if the caller may add what others are to see of it: they or a family member have
    raised it, or they have written it down for somebody.

    Raises NotFound (404).
    """
    raised = exists().where(
        NeedVoice.need_id == Need.id,
        NeedVoice.role == VoiceRole.RAISER,
        NeedVoice.withdrawn_at.is_(None),
        NeedVoice.resident_id.in_(people_of(session, actor)),
    )
    wrote = Need.created_by == actor.user_id
    need = session.execute(
        select(Need).where(Need.id == need_id, or_(raised, wrote))
    ).scalar_one_or_none()
    if need is None:
        raise NotFound
    return need


def find_voice(session: Session, actor: Actor, need: Need, resident_id: UUID | None) -> UUID:
    """Whose voice in a need the caller answers for: theirs, or a family member's. Their row is
    locked, as by `find_asker`.

    Args:
        resident_id: None: their own; where only family members ask, the first one's.

    Raises NotFound (404) for anybody else's: nobody of the staff answers for somebody.
    """
    if resident_id is None:
        own = select(NeedVoice.resident_id).where(
            of_group(need.id),
            NeedVoice.resident_id.in_(people_of(session, actor)),
            NeedVoice.withdrawn_at.is_(None),
        )
        first = (NeedVoice.resident_id == actor.resident_id).desc()
        resident_id = session.execute(own.order_by(first, NeedVoice.id)).scalars().first()
    return access_own_resident(session, actor, resident_id, lock=True).id


def people_of(session: Session, actor: Actor) -> Sequence[UUID]:
    """Those whom the caller speaks for: themselves, and their family members."""
    own = or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id)
    return session.execute(select(Resident.id).where(own)).scalars().all()


def _is_own(session: Session, actor: Actor, resident_id: UUID | None) -> bool:
    if resident_id in (None, actor.resident_id):
        return True
    person = session.get(Resident, resident_id)
    return person is not None and person.guardian_user_id == actor.user_id


def _lock_resident(session: Session, resident_id: UUID) -> None:
    statement = (
        select(Resident.id)
        .where(Resident.id == resident_id, Resident.removed_at.is_(None))
        .with_for_update(key_share=True)
    )
    if session.execute(statement).first() is None:
        raise ValidationFailed(errors={"resident_id": ["没有这个人"]})


def check_head(session: Session, actor: Actor, need_id: UUID) -> Need:
    """The need that another one is to be merged into, if it is the caller's to handle.

    Raises ValidationFailed (422) beside the field, as `check_activity`.
    """
    need = session.get(Need, need_id)
    if need is None or not actor.may(Permission.NEED_HANDLE, region_code=need.region_code):
        raise ValidationFailed(errors={"into_id": ["请选择您负责地区的需求"]})
    return need


def check_activity(session: Session, actor: Actor, activity_id: UUID) -> Activity:
    """The activity that a form names for a need, if it is the caller's to plan.

    Raises ValidationFailed (422) beside the field for any other: whether it exists elsewhere is
    not the caller's business.
    """
    activity = session.get(Activity, activity_id)
    if activity is None or not actor.may(Permission.NEED_HANDLE, region_code=activity.region_code):
        raise ValidationFailed(errors={"activity_id": ["请选择您负责地区的活动"]})
    return activity


def check_offering(session: Session, actor: Actor, offering_id: UUID) -> Offering:
    """The service that a body names for a need, if it is the caller's to plan.

    Raises ValidationFailed (422), as `check_activity`.
    """
    offering = session.get(Offering, offering_id)
    activity = session.get(Activity, offering.activity_id) if offering else None
    if (
        offering is None
        or activity is None
        or not actor.may(Permission.NEED_HANDLE, region_code=activity.region_code)
    ):
        raise ValidationFailed(errors={"offering_id": ["请选择您负责地区的服务"]})
    return offering
