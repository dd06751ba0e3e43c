"""Organisations that run stalls."""

from backend.core.feature import Feature, MenuEntry
from backend.core.permissions import Permission
from backend.partners import models, words
from backend.partners.web import pages, routes

FEATURE = Feature(
    name="partners",
    tables=(models,),
    api=(routes.blp,),
    pages=(pages.pages,),
    menu=(
        MenuEntry(
            70,
            "伙伴",
            "organisations.list_organisations",
            "heart-handshake",
            Permission.ORGANISATION_LIST,
        ),
    ),
    audit=words.AUDIT,
)
