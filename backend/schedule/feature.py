"""What takes place when and where: calendar, many copies at once, imports from Excel."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.schedule import waiting, words
from backend.schedule.imports import operations
from backend.schedule.web import copies, imports, pages

FEATURE = Feature(
    name="schedule",
    pages=(pages.pages,),
    connects=(copies, imports),
    menu=(
        MenuEntry(
            20,
            "排期",
            "schedule.calendar",
            "calendar",
            Permission.ACTIVITY_SEE_DRAFT,
            ("workbench", "stalls", "prints", "drafts", "moving", "outreach", "sign_ups"),
        ),
    ),
    audit=words.AUDIT,
    jobs=(operations.purge,),
    todos=waiting.TODOS_OF_SCHEDULE,
)
