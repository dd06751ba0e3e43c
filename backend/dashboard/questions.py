"""What others show of the dashboard's pages (core/providers.py)."""

from sqlalchemy.orm import Session

from backend.core.permissions import Actor
from backend.core.providers import Question
from backend.regions.models import Region

# (session, onlooker, region, live_url): the page of a region's wall, for whoever has its link.
region_wall: Question[[Session, Actor, Region, str], str] = Question("region_wall")
