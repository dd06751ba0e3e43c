"""Scans: who came, and who found whom."""

from backend.checkin import models, receivers, words
from backend.checkin.web import routes
from backend.core.feature import Feature

FEATURE = Feature(
    name="checkin",
    tables=(models,),
    api=(routes.blp,),
    titles={"SCAN_REFUSALS": words.SCAN_REFUSALS},
    audit=words.AUDIT,
    connects=(receivers,),
)
