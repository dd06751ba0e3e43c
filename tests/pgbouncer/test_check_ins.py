"""The same races as on PostgreSQL itself, behind PgBouncer."""

from tests.concurrency.test_check_ins import *  # noqa: F403
