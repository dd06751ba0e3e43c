"""What was achieved, by region and period."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.dashboard import models, receivers, tasks, words
from backend.dashboard.web import pages, routes

FEATURE = Feature(
    name="dashboard",
    tables=(models,),
    api=(routes.blp,),
    pages=(pages.pages,),
    menu=(
        MenuEntry(10, "总览", "dashboard.show", "layout-dashboard", Permission.EVALUATION_SEE_ALL),
    ),
    titles={"LAST_MARKETS": words.LAST_MARKETS},
    jobs=(tasks.refresh_totals,),
    connects=(receivers,),
)
