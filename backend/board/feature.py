"""A market's day as it runs: board, walls, calling display, summary."""

from backend.board import models, words
from backend.board.web import pages, routes, walls
from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission

FEATURE = Feature(
    name="board",
    tables=(models,),
    api=(routes.blp,),
    pages=(pages.pages, walls.pages),
    menu=(
        MenuEntry(
            30,
            "现场",
            "board.markets",
            "speakerphone",
            Permission.ACTIVITY_SUMMARY,
            also=("walls",),
        ),
    ),
    audit=words.AUDIT,
)
