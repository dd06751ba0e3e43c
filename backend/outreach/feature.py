"""Changes that reach people, whom they have reached, who is to be called; announcements."""

from backend.core.feature import Feature
from backend.outreach import announcements, models, receivers, waiting, words
from backend.outreach.web import announcing, pages

FEATURE = Feature(
    name="outreach",
    tables=(models,),
    # announcing declares its pages on those of changes.
    pages=(pages.pages,),
    titles={
        "CHANGE_KINDS": words.CHANGE_KINDS,
        "CALLS": words.CALLS,
        "ANSWERS": words.ANSWERS,
        "AUDIENCES": words.AUDIENCES,
        "ANNOUNCEMENT_STATES": words.ANNOUNCEMENT_STATES,
        "ANNOUNCEMENT_COLOURS": words.ANNOUNCEMENT_COLOURS,
    },
    audit=words.AUDIT,
    states={"公告 Announcement (`backend/outreach/models.py`)": models.ANNOUNCEMENT_TRANSITIONS},
    todos=waiting.TODOS_OF_CHANGES,
    jobs=(announcements.check_announcement,),
    connects=(receivers, announcing),
)
