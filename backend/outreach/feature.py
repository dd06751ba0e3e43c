"""Changes that reach people: whom each concerns, who was reached, who is to be called."""

from backend.core.feature import Feature
from backend.outreach import models, receivers, words
from backend.outreach.web import pages

FEATURE = Feature(
    name="outreach",
    tables=(models,),
    pages=(pages.pages,),
    titles={
        "CHANGE_KINDS": words.CHANGE_KINDS,
        "CALLS": words.CALLS,
        "ANSWERS": words.ANSWERS,
    },
    audit=words.AUDIT,
    connects=(receivers,),
)
