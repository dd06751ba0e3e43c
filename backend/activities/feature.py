"""Markets, actions and exchanges: what they offer, from the draft to the end."""

from backend.activities import models, words
from backend.activities.checks import waiting
from backend.activities.codes import images
from backend.activities.web import (
    drafts,
    links,
    moving,
    offerings,
    prints,
    routes,
    settings,
    slots,
    stalls,
    workbench,
)
from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission

FEATURE = Feature(
    name="activities",
    tables=(models,),
    api=(routes.blp,),
    # offerings and slots declare theirs on the pages of stalls.
    connects=(offerings, slots),
    pages=(
        drafts.pages,
        moving.pages,
        workbench.pages,
        stalls.pages,
        prints.pages,
        links.pages,
        settings.pages,
    ),
    menu=(
        MenuEntry(
            110, "设置", "settings.regions", "settings", Permission.CONSOLE_USE, ("region_imports",)
        ),
    ),
    titles={
        "PROGRAMMES": words.PROGRAMMES,
        "ACTIVITY_STATES": words.ACTIVITY_STATES,
        "EXCHANGE_KINDS": words.EXCHANGE_KINDS,
        "STATE_COLOURS": words.STATE_COLOURS,
        "MODES": words.MODES,
        "PRIVATE_NUMBER": words.PRIVATE_NUMBER,
        "NOT_SETTLED": words.NOT_SETTLED,
    },
    audit=words.AUDIT,
    states={"活动 Activity (`backend/activities/models.py`)": models.ACTIVITY_TRANSITIONS},
    todos=waiting.TODOS_OF_ACTIVITIES,
    jobs=(images.fetch_code_image, images.fetch_missing_code_images),
)
