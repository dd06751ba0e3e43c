"""The digest of what waits."""

from backend.core.feature import Feature
from backend.digest import models, tasks

FEATURE = Feature(name="digest", tables=(models,), jobs=(tasks.send,))
