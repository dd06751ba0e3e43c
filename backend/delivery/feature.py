"""What was told about each activity."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.delivery.web import pages, routes

FEATURE = Feature(
    name="delivery",
    api=(routes.blp,),
    pages=(pages.pages,),
    menu=(
        MenuEntry(
            35, "消息发送", "delivery.list_activities", "send",
            Permission.ACTIVITY_SEE_DRAFT,
        ),
    ),
)  # fmt: skip
