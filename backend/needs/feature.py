"""What residents and communities ask for."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.needs import models, receivers, texts, waiting, words
from backend.needs.verdicts import asking
from backend.needs.voices import cutting
from backend.needs.web import merging, pages, routes, voices

FEATURE = Feature(
    name="needs",
    tables=(models,),
    api=(routes.blp,),
    # merging and voices declare their pages on those of the list.
    pages=(pages.pages,),
    menu=(MenuEntry(60, "需求", "needs.list_needs", "clipboard-list", Permission.NEED_SEE),),
    titles={
        "NEED_STATES": words.NEED_STATES,
        "NEED_COLOURS": words.NEED_COLOURS,
        "NEED_SOURCES": words.NEED_SOURCES,
        "WAITING": words.WAITING,
        "VOICE_ROLES": words.VOICE_ROLES,
        "NEED_ACTIONS": words.NEED_ACTIONS,
        "VERDICT_WORDS": words.VERDICT_WORDS,
    },
    audit=words.AUDIT,
    states={"需求 Need (`backend/needs/models.py`)": models.NEED_TRANSITIONS},
    jobs=(texts.check_text, texts.check_verdict, asking.ask_whether_solved, cutting.cut_links),
    todos=waiting.TODOS_OF_NEEDS,
    connects=(receivers, merging, voices),
)
