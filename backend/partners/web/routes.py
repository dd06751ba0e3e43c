"""Organisations, for those who give them a stall."""

from typing import Any

from sqlalchemy.orm import Session

from backend.core.pagination import Page
from backend.core.permissions import Actor, Permission
from backend.core.web.api import Blueprint
from backend.partners import queries
from backend.partners.web import schemas

blp = Blueprint("partners", __name__, url_prefix="/api/v1", description="社会组织与合伙人")


@blp.get("/organisations", access=Permission.ORGANISATION_LIST, query=schemas.OrganisationQuery,
         answer=schemas.OrganisationAnswer, page=True)  # fmt: skip
def list_organisations(session: Session, _: Actor, query: dict[str, Any]) -> Page:
    """Organisations by name."""
    return queries.list_organisations(session, **query)
