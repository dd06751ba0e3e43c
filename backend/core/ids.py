"""Identifiers of rows."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7: unique without asking the database, and in order of creation, so that
    B-tree inserts stay at the right edge and ids serve as a keyset tie-breaker."""
    return uuid7()
