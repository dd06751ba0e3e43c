"""Scans: who came, and who found whom."""

from backend.checkin import answers, models, receivers
from backend.checkin.web import routes
from backend.core.feature import Feature

FEATURE = Feature(
    name="checkin",
    tables=(models,),
    api=(routes.blp,),
    titles={"SCAN_REFUSALS": answers.SCAN_REFUSALS},
    audit=answers.AUDIT,
    connects=(receivers,),
)
