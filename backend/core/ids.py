"""Identifiers of rows."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7: unique without asking the database, and in order of creation, so that
    B-tree inserts stay at the right edge and ids serve as a keyset tie-breaker."""
    return uuid7()


def first_id_of(instant: datetime) -> UUID:
    """No id made before an instant is greater, and none made after it smaller."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)
