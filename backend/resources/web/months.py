"""The console's month of resources: when each is free."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import titles
from backend.core.pagination import Asked
from backend.core.permissions import Actor, Permission
from backend.core.web.replies import render
from backend.regions.queries import regions_to_choose
from backend.resources import queries
from backend.resources.lists.months import Free, days_of_month, month_of
from backend.resources.models import ResourceState
from backend.resources.requests import ResourcesAsked
from backend.resources.web import forms
from backend.resources.web.pages import pages


@pages.page("/month", access=Permission.RESOURCE_SEE, query=forms.MonthQuery)
def month(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """What can be planned with, and when it is free, day by day."""
    on = query.get("on") or clock.today()
    days = days_of_month(on)
    wanted = ResourcesAsked(
        organisation_id=query.get("organisation_id"),
        region_id=query.get("region_id"),
        service_kind=query.get("service_kind"),
        state=ResourceState.APPROVED,
    )
    asked = Asked(cursor=query.get("cursor"), limit=query["limit"])
    return render(
        "resources/month.html",
        query=query,
        days=days,
        before=days[0] - timedelta(days=1),
        after=days[-1] + timedelta(days=1),
        regions=regions_to_choose(session, actor.region_codes(Permission.RESOURCE_SEE)),
        organisations=queries.organisations_offering(session, actor),
        kinds=titles("service_kinds"),
        page=month_of(session, actor, wanted, on, asked),
        called={Free.FREE: "空", Free.BUSY: "忙", Free.OFF: "休", Free.FULL: "满", Free.LATE: "迟"},
    )
