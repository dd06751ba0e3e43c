"""Use cases of the call list: open a number, tick somebody off, take the list along."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, and_, case, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from backend.activities.models import Activity
from backend.activities.signals import ChangeKind
from backend.bookings.models import ACTIVE_STATES, Booking
from backend.core import audit, clock
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.identity.staff.offices import office_of
from backend.notices.about_people import LookUp, tell_looked_up
from backend.outreach.contacts import Contact, call_list, contacts_of, open_changes, seen_of
from backend.outreach.models import ActivityChange, Addressee, Answer, Call
from backend.outreach.queries import By, account_of, begun, concerns, reached_by
from backend.outreach.words import CALLS

# What somebody whose number was seen is told of it, by the verb of the audit log.
_LOOKS = {
    "see_number": "查看了{who}的电话号码",
    "see_call_list": "打印了有{who}电话号码的名单",
    "export_call_list": "导出了有{who}电话号码的名单",
}
_ACTIONS = {Call.TOLD: "mark_told", Call.NO_ANSWER: "mark_no_answer", None: "undo_call"}


class NoNumber(AppError):
    status = 409
    code = "no_number"
    title = "没有留电话，请当面告诉"


class CallListOver(AppError):
    status = 409
    code = "call_list_over"
    title = "活动已经开始或者结束，不再需要电话通知，不能再看电话"


class NobodyToCall(AppError):
    status = 409
    code = "nobody_to_call"
    title = "不用打电话：已经知道了，或者取消了预约，或者后来又有改动，或者这是公告"


class CalledMeanwhile(AppError):
    status = 409
    code = "called_meanwhile"
    title = "刚刚标过"

    def __init__(self, by: str, call: Call | None) -> None:
        done = f"标为「{CALLS[call]}」" if call else "撤销了标记"
        super().__init__(f"{by}{done}，下面是最新的")


def _check_not_over(activity: Activity, change: ActivityChange) -> None:
    """Numbers are shown only as long as somebody has to be told, and can be in time."""
    if begun(change, activity):
        raise CallListOver
    if change.kind is ChangeKind.ANNOUNCEMENT:
        raise NobodyToCall


@dataclass(frozen=True, slots=True)
class ToCall:
    """Somebody whose number is opened or taken along, in full.

    Attributes:
        number: None where there is none.
        whose: whose number it is, where it is not plainly that of whom to ask for; or empty.
    """

    contact: Contact
    number: str | None
    whose: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number in full.

    Attributes:
        carers: whether it is that of who acts for the person who is called.
        own: whether it is that person's own.
    """

    number: str
    name: str
    carers: bool
    own: bool


def _to_call(one: Contact, number: Number | None) -> ToCall:
    if number is None:
        return ToCall(one, None, "")
    if number.own and one.people == 1:
        return ToCall(one, number.number, "")
    return ToCall(one, number.number, number.name + ("（代办）" if number.carers else ""))


def mark(
    session: Session,
    actor: Actor,
    activity: Activity,
    addressee: Addressee,
    call: Call | None,
    seen: str,
) -> None:
    """Tick somebody off, with all who are reached together with them, of all that they were to be
    told; None: take that back.

    Args:
        seen: the tick as it was shown.

    Raises CalledMeanwhile (409) when it is another by now, saying who was faster.
    """
    together = _together(session, activity, addressee)
    if seen_of(addressee.called_at) != seen:
        raise CalledMeanwhile(_who_ticked(session, actor, addressee), addressee.call)
    now = clock.now()
    for one in together:
        one.call, one.called_at = call, now if call else None
        # Kept of who took a tick back, too: a colleague who is late is told.
        one.called_by = actor.user_id
    session.flush()
    audit.record(
        session,
        actor,
        _ACTIONS[call],
        Addressee.__tablename__,
        addressee.id,
        region_code=activity.region_code,
        details={"activity_id": str(activity.id)},
    )


def _who_ticked(session: Session, actor: Actor, addressee: Addressee) -> str:
    if addressee.called_by == actor.user_id:
        return "您刚刚在别处"
    name = select(Resident.name).where(Resident.user_id == addressee.called_by)
    return f"{own_name(session.execute(name).scalar_one_or_none())}已经"


def _together(session: Session, activity: Activity, addressee: Addressee) -> Sequence[Addressee]:
    """Those who are reached together with somebody, locked: of the same change, of others that are
    open where they have not been reached, and whoever was ticked off with them."""
    own = select(account_of()).where(Resident.id == addressee.resident_id)
    account = session.execute(own).scalar_one()
    household = Addressee.resident_id == addressee.resident_id
    if account is not None:
        family = select(Resident.id).where(account_of() == account)
        household = Addressee.resident_id.in_(family)
    others = [change.id for change in open_changes(session, activity)]
    statement = (
        select(Addressee)
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .join(Resident, Resident.id == Addressee.resident_id)
        .where(
            household,
            or_(
                Addressee.change_id == addressee.change_id,
                and_(
                    Addressee.change_id.in_(others),
                    or_(
                        reached_by() == By.NOTHING.value,
                        Addressee.called_at == addressee.called_at,
                    ),
                ),
            ),
        )
        .order_by(Addressee.id)
        .with_for_update(of=Addressee)
        .execution_options(populate_existing=True)
    )
    return session.execute(statement).scalars().all()


def contact(
    session: Session,
    actor: Actor,
    activity: Activity,
    change: ActivityChange,
    addressee: Addressee,
    reason: str,
) -> ToCall:
    """The number to call somebody by, and whom to ask for: opened one at a time, and audited.

    Raises CallListOver, NobodyToCall for who has given up or is told of a later change, NoNumber
    (409).
    """
    _check_not_over(activity, change)
    people = [*call_list(session, activity, change), *contacts_of(session, change)]
    person = next((one for one in people if one.addressee_id == addressee.id), None)
    if person is None or person.by in (By.GONE, By.LATER):
        raise NobodyToCall
    number = numbers_to_call(session, [addressee.id]).get(addressee.id)
    if number is None:
        raise NoNumber
    audit.record(
        session,
        actor,
        "see_number",
        Addressee.__tablename__,
        addressee.id,
        region_code=activity.region_code,
        details={"activity_id": str(activity.id), "reason": reason},
    )
    _tell_seen(session, actor, activity, [person], "see_number", reason)
    return _to_call(person, number)


def take_along(
    session: Session,
    actor: Actor,
    activity: Activity,
    change: ActivityChange,
    reason: str,
    *,
    action: str,
) -> list[ToCall]:
    """The activity's call list with its numbers, to be printed or kept as a file: one look,
    audited with how many they are.

    Args:
        action: the verb for the audit log.

    Raises CallListOver, NobodyToCall (409).
    """
    _check_not_over(activity, change)
    contacts = call_list(session, activity, change)
    if not contacts:
        raise NobodyToCall
    numbers = numbers_to_call(session, [one.addressee_id for one in contacts])
    people = [_to_call(one, numbers.get(one.addressee_id)) for one in contacts]
    audit.record(
        session,
        actor,
        action,
        ActivityChange.__tablename__,
        change.id,
        region_code=activity.region_code,
        details={"activity_id": str(activity.id), "rows": len(people), "reason": reason},
    )
    _tell_seen(session, actor, activity, [one.contact for one in people], action, reason)
    return people


def _tell_seen(
    session: Session,
    actor: Actor,
    activity: Activity,
    people: Sequence[Contact],
    action: str,
    reason: str,
) -> None:
    """Tell those with an account that their number was seen, and for what activity."""
    office = office_of(session, actor, Permission.CALL_LIST, activity.region_code)
    # A title is no template.
    title = activity.title.replace("{", "{{").replace("}", "}}")
    look = LookUp(office=office, did=f"为通知「{title}」的改动{_LOOKS[action]}", reason=reason)
    resident_ids = [resident_id for one in people for resident_id in one.resident_ids]
    tell_looked_up(session, actor, resident_ids, look)


def numbers_to_call(session: Session, addressee_ids: Collection[UUID]) -> dict[UUID, Number]:
    """By whom changes concern: the number in full of their account, else their own, else that of
    somebody in the family whom a change of that activity concerns too; and whose it is."""
    holder, relative, of_relative = aliased(Resident), aliased(Resident), aliased(Addressee)
    other = aliased(ActivityChange)
    family = (
        select(relative.id)
        .join(of_relative, of_relative.resident_id == relative.id)
        .join(other, other.id == of_relative.change_id)
        .where(
            other.activity_id == ActivityChange.activity_id,
            account_of(relative) == account_of(),
            relative.phone_encrypted.is_not(None),
        )
        .limit(1)
        .correlate(Resident, ActivityChange)
        .scalar_subquery()
    )
    owner = aliased(Resident)
    owner_id = case(
        (holder.phone_encrypted.is_not(None), holder.id),
        (Resident.phone_encrypted.is_not(None), Resident.id),
        else_=family,
    )
    statement = (
        select(
            Addressee.id,
            owner.phone_encrypted.label("number"),
            owner.name,
            and_(owner.id == holder.id, owner.id != Resident.id).label("carers"),
            (owner.id == Resident.id).label("own"),
        )
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .join(Resident, Resident.id == Addressee.resident_id)
        .outerjoin(holder, holder.user_id == account_of())
        .join(owner, owner.id == owner_id)
        .where(Addressee.id.in_(addressee_ids))
    )
    vault = composed(PhoneVault)
    return {
        row.id: Number(vault.decrypt(row.number), own_name(row.name), bool(row.carers), row.own)
        for row in session.execute(statement)
    }


def note_answer(session: Session, booking: Booking) -> None:
    """Keep, with the last move that concerned a booking, whether its person still comes: as long
    as they hold a number of the activity."""
    holds = select(Booking.id).where(
        Booking.activity_id == booking.activity_id,
        Booking.resident_id == booking.resident_id,
        Booking.state.in_(ACTIVE_STATES),
    )
    comes = session.execute(select(holds.exists())).scalar_one()
    last = (
        select(Addressee.id)
        .join(ActivityChange, ActivityChange.id == Addressee.change_id)
        .where(
            ActivityChange.activity_id == booking.activity_id,
            ActivityChange.kind == ChangeKind.MOVED,
            concerns(literal(booking.slot_id, Uuid)),
            Addressee.resident_id == booking.resident_id,
        )
        .order_by(ActivityChange.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    session.execute(
        update(Addressee)
        .where(Addressee.id == last)
        .values(answer=Answer.COMING if comes else Answer.NOT_COMING, answered_at=clock.now())
        .execution_options(synchronize_session=False)
    )
