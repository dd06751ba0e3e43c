"""Everybody's inbox."""

from backend.core.feature import Feature
from backend.notices import models, receivers, tasks
from backend.notices.web import routes

FEATURE = Feature(
    name="notices",
    tables=(models,),
    api=(routes.blp,),
    jobs=(tasks.purge,),
    connects=(receivers,),
)
