"""What partners offer to markets."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.resources import models, reading, waiting, words
from backend.resources.web import pages, routes

FEATURE = Feature(
    name="resources",
    tables=(models,),
    api=(routes.blp,),
    pages=(pages.pages,),
    menu=(MenuEntry(65, "资源", "resources.list_resources", "list", Permission.RESOURCE_SEE),),
    titles={
        "RESOURCE_STATES": words.RESOURCE_STATES,
        "RESOURCE_COLOURS": words.RESOURCE_COLOURS,
        "RESOURCE_ACTIONS": words.RESOURCE_ACTIONS,
        "say_weekdays": reading.say_weekdays,
        "say_days_off": reading.say_days,
        "say_equipment": reading.say_equipment,
        "say_hour": reading.say_time,
    },
    audit=words.AUDIT,
    states={"资源 Resource (`backend/resources/models.py`)": models.RESOURCE_TRANSITIONS},
    todos=waiting.TODOS_OF_RESOURCES,
)
