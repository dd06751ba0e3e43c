"""The audit log's pages: looking through it, and its export."""

from backend.audit import export, words
from backend.audit.web import pages
from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission

FEATURE = Feature(
    name="audit",
    pages=(pages.pages,),
    menu=(MenuEntry(100, "审计", "audit.list_entries", "shield-check", Permission.AUDIT_SEE),),
    audit=words.AUDIT,
    connects=(export,),
)
