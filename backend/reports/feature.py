"""Ledger, brief, monthly and quarterly report, as files for the office."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.reports import ledger, models, periodic, tasks, waiting, words
from backend.reports.brief import content
from backend.reports.web import pages

FEATURE = Feature(
    name="reports",
    tables=(models,),
    pages=(pages.pages,),
    menu=(
        MenuEntry(
            90, "报表", "report_pages.list_reports", "file-spreadsheet", Permission.REPORT_MAKE
        ),
    ),
    titles={
        "REPORT_KINDS": words.KINDS,
        "REPORT_STATES": words.STATES,
        "REPORT_STATE_COLOURS": words.STATE_COLOURS,
    },
    audit=words.AUDIT,
    states={"报表 ReportRun (`backend/reports/models.py`)": models.REPORT_TRANSITIONS},
    jobs=(tasks.make_report, tasks.tend_reports),
    connects=(ledger, content, periodic),
    todos=waiting.TODOS_OF_REPORTS,
)
