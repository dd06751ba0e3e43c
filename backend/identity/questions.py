"""What is asked about people that only features above know (core/providers.py)."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import Session

from backend.core.providers import Survey

# (session, since): a SELECT of resident ids: who has made use of a feature since that day, or is
# going to.
active_since: Survey[[Session, date], Select[UUID]] = Survey("active_since")

# (session, resident_ids): what a feature stores about these people; its name is the section's.
exported: Survey[[Session, list[UUID]], list[dict[str, Any]]] = Survey("exported")

# (session, resident_ids, region_codes): how often they made use of what a feature offers in these
# regions.
uses: Survey[[Session, list[UUID], tuple[str, ...]], dict[UUID, int]] = Survey("uses")

# (session, activity_id, day, resident_ids): what these people have done at an activity on its day
# (`identity/people/standing.py`); who has done nothing is left out.
standing: Survey[[Session, UUID, date, list[UUID]], dict[UUID, dict[str, Any]]] = Survey("standing")
