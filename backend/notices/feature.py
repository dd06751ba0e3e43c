"""Everybody's inbox, and WeChat's messages beside it."""

from backend.core.feature import Feature
from backend.notices import models, receivers, tasks, words
from backend.notices.messages import models as messages
from backend.notices.web import routes

FEATURE = Feature(
    name="notices",
    tables=(models, messages),
    api=(routes.blp,),
    titles={
        "NOTICE_KINDS": words.NOTICE_KINDS,
        "MESSAGE_STATES": words.MESSAGE_STATES,
        "MESSAGE_COLOURS": words.MESSAGE_COLOURS,
        "MESSAGE_GIVEN_UP": words.GIVEN_UP,
        "why_untold": words.why_untold,
        "became_of": words.became_of,
    },
    audit=words.AUDIT,
    states={"消息 Message (`backend/notices/messages/models.py`)": messages.MESSAGE_TRANSITIONS},
    jobs=(tasks.purge, tasks.send),
    connects=(receivers,),
)
