"""Every table, imported in one place: for migrations and for `alembic check`."""

import backend.activities.models
import backend.bookings.models
import backend.checkin.models
import backend.core.audit
import backend.core.idempotency
import backend.core.limits
import backend.dashboard.models
import backend.feedback.models
import backend.gateways.tokens
import backend.identity.models
import backend.needs.models
import backend.partners.models
import backend.regions.models
import backend.reports.models  # noqa: F401
