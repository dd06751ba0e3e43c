"""Who people are, what they may do, and that they are it."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.identity import models, tasks, words
from backend.identity.web import pages, people, routes

FEATURE = Feature(
    name="identity",
    tables=(models,),
    api=(routes.blp,),
    pages=(pages.pages, people.pages),
    menu=(MenuEntry(80, "人员", "people.list_staff", "users", Permission.STAFF_SEE),),
    titles={"ROLES": words.ROLES},
    audit=words.AUDIT,
    jobs=(tasks.erase_guests, tasks.purge),
)
