"""What somebody needs when they come: 特殊需求, of themselves or of the family they act for.

It says something of people's health (sensitive, PIPL 28), so it is kept encrypted and only while
the account agrees to it (`consents.keep_special_needs`), and is shown to themselves, to the desk
that has called them, and to whoever runs an activity for which they have signed up (its signed-up
list), while that is to come. The text that is agreed to says so: to change who sees it is to raise
its version.
"""

import orjson
from sqlalchemy import ColumnElement, and_, case, exists, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from backend.core import idempotency
from backend.core.config import load, titles
from backend.core.context import composed
from backend.core.crypto import PhoneVault
from backend.core.permissions import Actor
from backend.identity.models import Consent, Resident
from backend.identity.requests import SpecialNeeds

# The consent that it stands on, and the list of its tags: both in config/.
PURPOSE = "special_needs"
VERSION: str = load("consents")[PURPOSE]["version"]
TAGS = titles("special_needs")


def sealed(needs: SpecialNeeds | None) -> bytes | None:
    """The column in which it is kept."""
    if needs is None:
        return None
    return composed(PhoneVault).encrypt(orjson.dumps(needs).decode())


def opened(column: bytes | None) -> SpecialNeeds | None:
    """What is kept in a column; tags that the district has given up are left out."""
    if column is None:
        return None
    kept = orjson.loads(composed(PhoneVault).decrypt(column))
    return SpecialNeeds(tuple(tag for tag in kept["tags"] if tag in TAGS), kept["words"])


def shown_to_staff() -> ColumnElement[bytes | None]:
    """The column as anybody but themselves may read it, in a statement that reads `Resident`: of
    whom the text that holds today is agreed to. An older one has said of others who see it."""
    agreed = exists().where(
        Consent.user_id == func.coalesce(Resident.user_id, Resident.guardian_user_id),
        # Written out: parts of hand-written statements are made of this.
        Consent.purpose == literal_column(f"'{PURPOSE}'"),
        Consent.version == literal_column(f"'{VERSION}'"),
        Consent.withdrawn_at.is_(None),
    )
    column = Resident.special_needs_encrypted
    return case((and_(column.is_not(None), agreed.correlate(Resident)), column)).label(column.key)


def in_words(needs: SpecialNeeds | None) -> str:
    """听力不便、需要陪同；请站在左边说话. Empty where nothing is said."""
    if needs is None:
        return ""
    named = "、".join(TAGS[tag] for tag in needs.tags)
    return "；".join(filter(None, (named, needs.words)))


def erase(session: Session, actor: Actor) -> None:
    """Forget what the caller has said of themselves and their family, also in answers that are
    kept for a repeat: those to the desks that called them."""
    theirs = or_(Resident.user_id == actor.user_id, Resident.guardian_user_id == actor.user_id)
    # All of them, whatever they hold: who is writing it just now has their row, is waited for, and
    # is overwritten.
    session.execute(update(Resident).where(theirs).values(special_needs_encrypted=None))
    ids = session.execute(select(Resident.id).where(theirs)).scalars()
    idempotency.forget_naming(session, [str(resident_id) for resident_id in ids])
