"""People whom a volunteer writes in, face to face: who they are already, and when they become a
resident whom we know."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import SelectBase, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.core import audit, clock, limits
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.identity.models import PhoneState, Resident
from backend.identity.names import name_key, name_key_of
from backend.identity.people import erasure
from backend.identity.people.standing import Described, Occasion, described, who_is_here
from backend.identity.phones import hash_of, protected_phone
from backend.identity.signals import residents_merged

MOST_KNOWN = 10
# A district has some hundred people of its most common name.
_MOST_OF_A_NAME = 500


class NumberKnown(AppError):
    """The number is that of people with other names: the volunteer is asked who is there, and the
    audit log says of whom they were told.

    Args:
        people: as `standing.described` has them.
    """

    status = 409
    code = "number_known"
    kept = True
    title = "这个手机号登记过，请问清楚是同一人，还是家人"

    def __init__(self, people: list[Described]) -> None:
        # For a phone that knows no such question.
        way_on = "同一人请用「查找」签到或取号；是家人请不填手机号"
        super().__init__(f"这个手机号登记过：{_names(people)}。{way_on}", extra={"people": people})


class NameKnown(AppError):
    """Somebody of this name is here already, and no number tells the two apart: the volunteer is
    asked, as with `NumberKnown`."""

    status = 409
    code = "name_known"
    kept = True
    title = "今天登记过同名的人，请问清楚是不是同一位"

    def __init__(self, people: list[Described]) -> None:
        way_on = "同一位不用再登记；不是同一位请补上手机号，或在名字后加字区分"
        super().__init__(f"今天登记过：{_names(people)}。{way_on}", extra={"people": people})


def _names(people: list[Described]) -> str:
    return "、".join(str(person["display_name"]) for person in people)


@dataclass(frozen=True, slots=True)
class NewGuest:
    """Whom a volunteer writes in. None: not given.

    Attributes:
        another: says that this is none of those who are known with this number, or are here by
            this name.
    """

    name: str | None = None
    phone: str | None = None
    birth_year: int | None = None
    note: str | None = None
    another: bool | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is written in.

    Attributes:
        here: ids of those who are at the activity already: of two with one name and number it is
            they.
        region_code: the activity's, for the audit log.
    """

    occasion: Occasion
    here: SelectBase
    region_code: str


def write_in(
    session: Session,
    actor: Actor,
    guest: NewGuest,
    place: Place,
    *,
    ask: bool = True,
) -> UUID:
    """The person whom a volunteer writes in: the one who is known with this name and number, or a
    new guest.

    Two volunteers at once find the same person. Without a number nothing tells two people apart
    but the volunteer, who is asked where somebody of that name is here.

    Args:
        ask: False where nobody is there to answer; it is another person then.

    Raises NumberKnown and NameKnown (409) where it may be somebody who is known,
    TooManyRequests (429).
    """
    limits.check(session, "guests", str(actor.user_id))
    ask = not guest.another and ask
    resident_id = None
    if guest.phone is not None:
        people = _with_number(session, guest.phone, place.here)
        resident_id = _the_same(session, people, guest)
        if resident_id is None and ask:
            _ask(session, actor, people, place, "phone")
    elif guest.name is not None:
        people = _here_by_name(session, guest.name, place.occasion)
        if ask:
            _ask(session, actor, people, place, "name")
    if resident_id is None:
        resident_id = _create(session, guest)
    audit.record(
        session, actor, "write_in_guest", "resident", resident_id, region_code=place.region_code
    )
    return resident_id


def _ask(session: Session, actor: Actor, people: list[Resident], place: Place, by: str) -> None:
    """Raise the question which of these people it is, if it may be any of them, and the volunteer
    may be told of them."""
    if not people or not _may_be_told(session, actor):
        return
    shown = people[:MOST_KNOWN]
    _note_found(session, actor, shown, place.region_code, by)
    known = described(session, shown, place.occasion)
    raise NumberKnown(known) if by == "phone" else NameKnown(known)


def _here_by_name(session: Session, name: str, occasion: Occasion) -> list[Resident]:
    """Those of a name who are here, the last entered first. Who writes the name in at the same
    moment comes after, and finds whom this one makes."""
    key = name_key(name)
    words = f"{occasion.activity_id}|{occasion.day}|{key}"
    _lock_word(session, composed(PhoneVault).lookup_hash(words))
    statement = (
        select(Resident)
        .where(name_key_of(Resident.name) == key, Resident.removed_at.is_(None))
        .order_by(Resident.id.desc())
        .limit(_MOST_OF_A_NAME)
    )
    people = list(session.execute(statement).scalars())
    here = who_is_here(session, occasion, [person.id for person in people])
    return [person for person in people if person.id in here]


def lock_number(session: Session, phone_hash: bytes) -> None:
    """Let those who write a number in, prove it or merge it come one after the other: neither may
    miss whom the other makes. Locked before any person."""
    _lock_word(session, phone_hash)


def _lock_word(session: Session, hashed: bytes) -> None:
    key = int.from_bytes(hashed[:8], "big", signed=True)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def _the_same(session: Session, people: list[Resident], guest: NewGuest) -> UUID | None:
    """Which of those with the number has the name; None for nobody."""
    key = name_key(guest.name)
    same = next((person for person in people if name_key(person.name) == key), None)
    if same is None:
        return None
    if guest.birth_year is not None and same.birth_year is None:
        same.birth_year = guest.birth_year
        session.flush()
    return same.id


def _may_be_told(session: Session, actor: Actor) -> bool:
    """Whether the volunteer has look-ups left: who is asked about is named to them. Without one
    another name is another person, so that nobody waits at the desk."""
    return not limits.spend(session, "find", str(actor.user_id)).wait


def _note_found(
    session: Session, actor: Actor, people: list[Resident], region_code: str, by: str
) -> None:
    found = [str(person.id) for person in people]
    audit.record(
        session, actor, "find_residents", "resident", people[0].id, region_code=region_code,
        details={"by": by, "found": found},
    )  # fmt: skip


def _with_number(session: Session, phone: str, here: SelectBase) -> list[Resident]:
    """Those with a number, locked against being erased or merged: who is here first, then who has
    proven it, then whom a volunteer has written in; what an account has typed proves least."""
    phone_hash = hash_of(phone)
    lock_number(session, phone_hash)
    proven = Resident.phone_state.in_((PhoneState.VERIFIED, PhoneState.CONFIRMED))
    statement = (
        select(Resident)
        .where(Resident.phone_hash == phone_hash, Resident.removed_at.is_(None))
        .order_by(
            Resident.id.in_(here).desc(),
            proven.desc(),
            func.num_nonnulls(Resident.user_id, Resident.guardian_user_id),
            Resident.id,
        )
        .with_for_update(read=True, key_share=True)
    )
    return list(session.execute(statement).scalars())


def _create(session: Session, guest: NewGuest) -> UUID:
    key, phone = None, {"phone_state": PhoneState.NONE}
    if guest.phone is not None:
        key = composed(PhoneVault).lookup_hash(f"{guest.phone}|{name_key(guest.name)}")
        phone = protected_phone(guest.phone, PhoneState.TYPED)
    row = {
        "id": new_id(),
        "code_handle": new_id(),
        "created_at": clock.now(),
        "guest_key": key,
        "name": guest.name,
        "birth_year": guest.birth_year,
        "note": guest.note,
    } | phone
    statement = insert(Resident).values(**row)
    if key is not None:
        statement = statement.on_conflict_do_update(
            index_elements=[Resident.guest_key], set_={"guest_key": key}
        )
    created: UUID = session.execute(statement.returning(Resident.id)).scalar_one()
    return created


def merge_guests(session: Session, actor: Actor, resident: Resident) -> None:
    """Let the guests with this resident's proven number become the resident.

    A family may share one number. Guests of one name are one person, whatever the volunteer
    called them; where there are several names, only the resident's own is merged. The number
    is locked already.
    """
    guests = list(
        session.execute(
            select(Resident)
            .where(
                Resident.phone_hash == resident.phone_hash,
                Resident.id != resident.id,
                Resident.user_id.is_(None),
                Resident.guardian_user_id.is_(None),
                Resident.merged_into_id.is_(None),
                Resident.removed_at.is_(None),
            )
            .order_by(Resident.id)
            .with_for_update()
        ).scalars()
    )
    names = {name_key(guest.name) for guest in guests if guest.name}
    for guest in guests:
        if len(names) <= 1 or name_key(guest.name) in ("", name_key(resident.name)):
            _merge(session, actor, guest, resident)


def _merge(session: Session, actor: Actor, guest: Resident, resident: Resident) -> None:
    resident.name = resident.name or guest.name
    resident.birth_year = resident.birth_year or guest.birth_year
    guest.merged_into_id = resident.id
    guest.removed_at = clock.now()
    erasure.forget(guest)
    session.flush()
    residents_merged.send(session, source_id=guest.id, target_id=resident.id)
    audit.record(
        session,
        actor,
        "merge_guest",
        "resident",
        guest.id,
        details={"into": str(resident.id)},
    )
