"""Ratings, the evaluation checklist, rectification."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.feedback import comments, models, receivers, tasks, words
from backend.feedback.rectification import waiting
from backend.feedback.web import pages, routes

FEATURE = Feature(
    name="feedback",
    tables=(models,),
    api=(routes.blp,),
    pages=(pages.evaluations, pages.rectifications),
    menu=(
        MenuEntry(
            40, "评价", "evaluations.list_evaluations", "star", Permission.EVALUATION_SEE_ALL
        ),
        MenuEntry(
            50,
            "整改",
            "rectifications.list_rectifications",
            "alert-triangle",
            Permission.RECTIFICATION_SEE,
        ),
    ),
    titles={
        "RECTIFICATION_STATES": words.RECTIFICATION_STATES,
        "VERDICTS": words.VERDICTS,
        "VERDICT_COLOURS": words.VERDICT_COLOURS,
    },
    audit=words.AUDIT,
    states={"整改 Rectification (`backend/feedback/models.py`)": models.RECTIFICATION_TRANSITIONS},
    todos=waiting.TODOS_OF_RECTIFICATIONS,
    jobs=(comments.check_comment, comments.check_words, tasks.freeze_evaluations),
    connects=(receivers,),
)
