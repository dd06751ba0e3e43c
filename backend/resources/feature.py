"""What partners offer to markets."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.resources import models, reading, receivers, waiting, words
from backend.resources.credentials import expiry
from backend.resources.credentials import models as credentials
from backend.resources.web import (
    credential_pages,
    credential_routes,
    files,
    months,
    pages,
    routes,
)

FEATURE = Feature(
    name="resources",
    tables=(models, credentials),
    api=(routes.blp, credential_routes.blp),
    pages=(pages.pages, credential_pages.pages),
    menu=(
        MenuEntry(
            65,
            "资源",
            "resources.list_resources",
            "list",
            Permission.RESOURCE_SEE,
            also=("credentials",),
        ),
    ),
    titles={
        "RESOURCE_STATES": words.RESOURCE_STATES,
        "RESOURCE_COLOURS": words.RESOURCE_COLOURS,
        "RESOURCE_ACTIONS": words.RESOURCE_ACTIONS,
        "CREDENTIAL_STATES": words.CREDENTIAL_STATES,
        "CREDENTIAL_COLOURS": words.CREDENTIAL_COLOURS,
        "say_weekdays": reading.say_weekdays,
        "say_days_off": reading.say_days,
        "say_equipment": reading.say_equipment,
        "say_hour": reading.say_time,
    },
    audit=words.AUDIT,
    states={
        "资源 Resource (`backend/resources/models.py`)": models.RESOURCE_TRANSITIONS,
        "资质 Credential (`backend/resources/credentials/models.py`)": (
            credentials.CREDENTIAL_TRANSITIONS
        ),
    },
    jobs=(expiry.tell_expiring,),
    connects=(receivers, months, files),
    todos=waiting.TODOS_OF_RESOURCES,
)
