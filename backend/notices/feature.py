"""Everybody's inbox, and WeChat's messages beside it."""

from backend.core.feature import Feature
from backend.notices import models, receivers, tasks
from backend.notices.messages import models as messages
from backend.notices.web import routes

FEATURE = Feature(
    name="notices",
    tables=(models, messages),
    api=(routes.blp,),
    states={"消息 Message (`backend/notices/messages/models.py`)": messages.MESSAGE_TRANSITIONS},
    jobs=(tasks.purge, tasks.send),
    connects=(receivers,),
)
