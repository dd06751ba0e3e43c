"""Changes that reach people."""

from backend.core.feature import Feature
from backend.outreach import models, receivers

FEATURE = Feature(
    name="outreach",
    tables=(models,),
    connects=(receivers,),
)
