"""The same races as on PostgreSQL itself, behind PgBouncer."""

from tests.concurrency.test_sign_ups import *  # noqa: F403
