"""Regions, for anybody who chooses one."""

from typing import Any

from sqlalchemy.orm import Session

from backend.core.pagination import Page
from backend.core.permissions import Actor
from backend.core.web.api import PUBLIC, Blueprint
from backend.regions import queries
from backend.regions.web import schemas

blp = Blueprint("regions", __name__, url_prefix="/api/v1", description="区、镇（街道）、社区")


@blp.get("/regions", access=PUBLIC, query=schemas.RegionQuery,
         answer=schemas.RegionAnswer, page=True)  # fmt: skip
def list_regions(session: Session, _: Actor | None, query: dict[str, Any]) -> Page:
    """Regions by parent, level or name; without any of them, the topmost ones."""
    return queries.list_regions(session, **query)
