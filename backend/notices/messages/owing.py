"""Which message is owed beside a notice, and when it is due."""

from datetime import datetime, timedelta

from backend.core.config import MESSAGES
from backend.core.context import composed
from backend.notices.messages.templates import TemplateIds
from backend.notices.news import News

JOINED_WITHIN = timedelta(minutes=MESSAGES.joined_minutes)


def owing(news: News, now: datetime) -> dict[str, object]:
    """The columns of the message that is owed beside a notice, if its account has a credit; empty
    where none can be.

    What is joined waits for what may follow, unless people are on their way already.
    """
    facts, template = news.facts, composed(TemplateIds).of_kind(news.kind)
    if facts is None or template is None or facts.until <= now:
        return {}
    joined = news.kind in template.joined
    return {
        "template": template.name,
        "facts": {
            "activity": facts.activity,
            "place": facts.place,
            "at": facts.at,
            "until": facts.until,
            "ticket": facts.ticket,
            "note": facts.note,
        },
        "joined_by": news.activity_id if joined else None,
        "urgent": facts.urgent,
        "due_at": now + JOINED_WITHIN if joined and not facts.urgent else now,
        "until": facts.until,
    }
