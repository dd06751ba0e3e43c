"""The dashboard at a desk and on the wall, and the lists behind its figures."""

from datetime import date
from functools import partial
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import DASHBOARD, RATING, titles
from backend.core.given import picked
from backend.core.permissions import Actor
from backend.core.web.pages import Pages
from backend.core.web.replies import render
from backend.dashboard import lists, questions
from backend.dashboard import queries as dashboard
from backend.dashboard.periods import ALL, Period, months_back, this_year
from backend.dashboard.requests import Counted
from backend.dashboard.web.schemas import CommunitiesQuery, CountedQuery, DashboardQuery
from backend.needs.models import NeedState
from backend.regions.models import Region
from backend.regions.queries import regions_to_choose

pages = Pages("dashboard", __name__, url_prefix="/console/dashboard", template_folder="templates")

# Months to choose from; further back there are the years.
_MONTHS_TO_CHOOSE = 12
# A day before which nothing took place: the evaluations' list begins a year ago unless told.
_SINCE = date(2010, 1, 1)


@pages.page("/", access=dashboard.SEE, query=DashboardQuery)
def show(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """What has been done, in my regions."""
    regions = regions_to_choose(session, actor.region_codes(dashboard.SEE))
    region, period = _asked(session, actor, query)
    return render(
        "dashboard/dashboard.html", regions=regions, **_figures(session, actor, region, period)
    )


@pages.page("/wall", access=dashboard.SEE, query=DashboardQuery)
def wall(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """The same for a big screen: it refreshes by itself, and turns its pages."""
    region, period = _asked(session, actor, query)
    shown = _figures(session, actor, region, period)
    where: dict[str, Any] = {"region_id": region.id, "period": period.key}
    return render(
        "dashboard/wall.html",
        now=clock.now(),
        live_url=url_for(".wall", **where),
        back_url=url_for(".show", **where),
        **shown,
    )


@questions.region_wall.answered
def linked_wall(session: Session, onlooker: Actor, region: Region, live_url: str) -> str:
    """The same by a link of its own; it refreshes by asking for the whole page."""
    return render(
        "dashboard/wall.html",
        now=clock.now(),
        live_url=live_url,
        back_url=None,
        **_figures(session, onlooker, region, this_year()),
    )


@pages.page("/activities", access=dashboard.SEE, query=CountedQuery)
def list_activities(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """The activities behind a figure, each with what it adds to it."""
    regions = regions_to_choose(session, actor.region_codes(dashboard.SEE))
    region, period = _asked(session, actor, query)
    return render(
        "dashboard/counted_activities.html",
        regions=regions,
        query=query,
        kinds=titles("service_kinds").items(),
        answer=lists.list_counted(session, actor, region, period, picked(Counted, query)),
        fresh=dashboard.freshness(session),
        **_choices(region, period),
    )


@pages.page("/communities", access=dashboard.SEE, query=CommunitiesQuery)
def list_communities(session: Session, actor: Actor, query: dict[str, Any]) -> str:
    """The communities behind a figure."""
    regions = regions_to_choose(session, actor.region_codes(dashboard.SEE))
    region, period = _asked(session, actor, query)
    return render(
        "dashboard/communities.html",
        regions=regions,
        query=query,
        fresh=dashboard.freshness(session),
        communities=[
            row for row in lists.communities(session, actor, region, period) if _wanted(row, query)
        ],
        **_choices(region, period),
    )


def _wanted(community: dict[str, Any], query: dict[str, Any]) -> bool:
    reached, last = query.get("reached"), query.get("last_market")
    return (reached is None or reached == (community["activities"] > 0)) and (
        last is None or last is community["last_market"]
    )


def _asked(session: Session, actor: Actor, query: dict[str, Any]) -> tuple[Region, Period]:
    return dashboard.access_region(session, actor, query.get("region_id")), query["period"]


def _figures(session: Session, actor: Actor, region: Region, period: Period) -> dict[str, Any]:
    """What the dashboard's pages show."""
    figures = dashboard.dashboard(session, actor, region, period)
    return {
        "figures": figures,
        "charts": _charts(figures, region, period),
        "communities": lists.communities(session, actor, region, period),
    } | _choices(region, period)


def _charts(figures: dict[str, Any], region: Region, period: Period) -> dict[str, Any]:
    """What static/charts.js draws; each point with the address of the list behind it."""
    months, kinds = figures["months"], figures["service_kinds"]
    several_years = months[0]["month"][:4] != months[-1]["month"][:4]

    def counted(key: str, **more: Any) -> str:
        return url_for("dashboard.list_activities", region_id=region.id, period=key, **more)

    def name(month: dict[str, Any]) -> str:
        """11月; the January of an axis that passes into another year with that year."""
        with_year = several_years and month["month"].endswith("-01")
        title: str = month["title"]
        return title[2:] if with_year else title[5:]

    return {
        "visits_by_month": {
            "kind": "bars",
            "data": {
                "names": ["服务人次"],
                "unit": "人次",
                "rows": [
                    {
                        "title": name(month),
                        "values": [month["visits"]],
                        "url": counted(month["month"]),
                    }
                    for month in months
                ],
            },
        },
        "share_by_month": _share_chart(
            "trend",
            # Every month, as on the axis of the visits; none where nothing was rated.
            [
                (name(month), month, _evaluations_url(region, month["month"]))
                for month in months
                if any(one["rated"] for one in months)
            ],
        ),
        "served_by_kind": {
            "kind": "lines",
            "data": {
                "rows": [
                    {
                        "title": kind["title"],
                        "n": kind["served"],
                        "url": counted(period.key, kind=kind["service_kind"]),
                    }
                    for kind in kinds
                ]
            },
        },
        "share_by_kind": _share_chart(
            "intervals",
            [
                (kind["title"], kind, counted(period.key, kind=kind["service_kind"]))
                for kind in kinds
                if kind["rated"]
            ],
        ),
    }


def _share_chart(kind: str, rows: list[tuple[str, dict[str, Any], str]]) -> dict[str, Any]:
    """Satisfied shares with their intervals. Few answers are no figure here, where anybody may be
    looking on: the table beside it has them, marked."""
    return {
        "kind": kind,
        "data": {
            "target": RATING.target_share,
            "rows": [
                {"title": title, **_share_of(row), "n": row["rated"], "url": url}
                for title, row, url in rows
            ],
        },
    }


def _share_of(row: dict[str, Any]) -> dict[str, Any]:
    if row["small_sample"]:
        return {"value": None, "small": row["rated"] > 0}
    return {**row["satisfied_share"], "small": False}


def _choices(region: Region, period: Period) -> dict[str, Any]:
    """What every page here needs: the region and the period asked for, and the periods there are
    to choose from."""
    this = this_year()
    last = Period.of(str(int(this.key) - 1))
    months = months_back(clock.today(), _MONTHS_TO_CHOOSE)[::-1]
    periods = [this, last, Period(ALL), *months]
    if period not in periods:
        periods.append(period)
    return {
        "region": region,
        "span": period,
        "periods": [(one.key, one.title) for one in periods],
        "rules": RATING,
        "late_minutes": DASHBOARD.late_minutes,
        "evaluations_url": _evaluations_url,
        "needs_url": partial(_needs_url, region, period),
    }


def _evaluations_url(region: Region, key: str) -> str:
    """The list of evaluations over the same activities as the figures of a period."""
    period = Period.of(key)
    days: dict[str, Any] = {"from": period.first or _SINCE, "to": period.last}
    return url_for("evaluations.list_evaluations", region_id=region.id, **days)


def _needs_url(region: Region, period: Period, state: NeedState | None = None) -> str:
    """The list of needs that were raised in a period, of one state or of all."""
    days: dict[str, Any] = {"from": period.first, "to": period.last}
    return url_for("needs.list_needs", region_id=region.id, state=state, **days)
