"""The features of the product, and so every table: a new one is a folder and a line here.

In this order the API's document names them.
"""

from backend.activities.feature import FEATURE as ACTIVITIES
from backend.audit.feature import FEATURE as AUDIT
from backend.board.feature import FEATURE as BOARD
from backend.bookings.feature import FEATURE as BOOKINGS
from backend.checkin.feature import FEATURE as CHECKIN
from backend.core import audit, idempotency, limits
from backend.core.feature import Feature
from backend.core.jobs.history import forget
from backend.dashboard.feature import FEATURE as DASHBOARD
from backend.delivery.feature import FEATURE as DELIVERY
from backend.digest.feature import FEATURE as DIGEST
from backend.feedback.feature import FEATURE as FEEDBACK
from backend.gateways import tokens
from backend.identity.feature import FEATURE as IDENTITY
from backend.needs.feature import FEATURE as NEEDS
from backend.notices.feature import FEATURE as NOTICES
from backend.outreach.feature import FEATURE as OUTREACH
from backend.partners.feature import FEATURE as PARTNERS
from backend.regions.feature import FEATURE as REGIONS
from backend.reports.feature import FEATURE as REPORTS
from backend.resources.feature import FEATURE as RESOURCES
from backend.schedule.feature import FEATURE as SCHEDULE

# What the house itself keeps and does.
HOUSE = Feature(name="core", tables=(audit, idempotency, limits, tokens), jobs=(forget,))
FEATURES = (
    HOUSE,
    IDENTITY,
    NOTICES,
    ACTIVITIES,
    DELIVERY,
    SCHEDULE,
    BOOKINGS,
    OUTREACH,
    CHECKIN,
    REGIONS,
    PARTNERS,
    NEEDS,
    RESOURCES,
    FEEDBACK,
    BOARD,
    DASHBOARD,
    REPORTS,
    AUDIT,
    DIGEST,
)
