"""The same races as on PostgreSQL itself, behind PgBouncer."""

from tests.concurrency.test_desks import *  # noqa: F403
