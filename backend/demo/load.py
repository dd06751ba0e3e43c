"""`flask demo load`: a district with a market on today, so that no page is empty.

May be run again, also twice at once: nothing doubles. Run on another day, it makes that day's
market and leaves the old one.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.activities import staff
from backend.activities.models import ActivityState
from backend.activities.requests import Assignment
from backend.core import clock
from backend.core.context import composed
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.permissions import Actor
from backend.dashboard.tasks import refresh
from backend.demo import history, markets, needs, past, people, resources, today
from backend.settings import Settings

# One load at a time in a database: the second waits, then finds everything there.
_ADVISORY_LOCK = 0x77757368656A69
_LOCK = text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
_PATIENCE = text(
    "SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '60s', true)"
)
ENVIRONMENTS = frozenset({"development", "test"})


class DemoNotAllowed(AppError):
    status = 403
    code = "demo_not_allowed"
    title = "演示数据只能载入开发或测试环境（APP_ENV 为 development 或 test）"


def load_demo() -> list[str]:
    """Load whatever of the demo data is not there yet, all or nothing.

    Answers what was done, a line each.

    Raises DemoNotAllowed (403) in production.
    """
    if composed(Settings).app_env not in ENVIRONMENTS:
        raise DemoNotAllowed
    with transaction() as session:
        session.execute(_PATIENCE)
        session.execute(_LOCK)
        done = list(_load(session, clock.now()))
    # The job that counts comes each minute; whoever has just loaded the demo looks at once.
    refresh()
    return done


def _load(session: Session, now: datetime) -> Iterable[str]:
    changed = people.load_regions(session)
    yield f"地区：{changed} 个新增或更新" if changed else "地区：已是最新"
    organisations = people.load_organisations(session)
    actors = {user.login: people.load_user(session, user, organisations) for user in people.USERS}
    yield "用户：" + "、".join(f"ok:{login}" for login in actors)
    ids = [organisations[name] for name in people.ORGANISATIONS]
    yield from _load_activities(session, now, actors, ids)
    others = people.visitors(2)
    residents = [
        actors["resident"],
        *(people.load_user(session, one, organisations) for one in others),
    ]
    made = needs.load(session, actors["admin"], residents, clock.local_day(now))
    yield f"需求：新建 {made} 条" if made else "需求：已是最新"
    made = resources.load(session, actors["admin"], organisations, clock.local_day(now))
    yield f"资源：新建 {made} 项" if made else "资源：已是最新"
    yield from past.load_past(session, now, actors["volunteer"], ids)


def _load_activities(
    session: Session, now: datetime, actors: dict[str, Actor], organisations: list[UUID]
) -> Iterable[str]:
    yield _load_live(session, now, actors, organisations)
    for demo in markets.COMING:
        known = markets.latest(session, demo)
        if known is None or known.ends_at <= now:
            hours = markets.day_hours(clock.local_day(now) + timedelta(days=demo.days))
            markets.make(session, actors["admin"], demo, hours, organisations)
            yield f"新建：{demo.title}"
    if markets.latest(session, markets.PAST) is None:
        history.play(session, now, actors, organisations)
        yield f"新建：{markets.PAST.title}（已结束，有签到和评价）"


def _load_live(
    session: Session, now: datetime, actors: dict[str, Actor], organisations: list[UUID]
) -> str:
    """Today's market, on now, with a volunteer at its entrance."""
    organiser = actors["organiser"]
    hours = markets.live_hours(now)
    known = markets.latest(session, markets.LIVE)
    if (
        known is not None
        and known.state is ActivityState.LIVE
        and clock.local_day(known.starts_at) == clock.local_day(now)
    ):
        markets.draw_out(session, organiser, known, hours[1])
        return f"今天的集市：{known.title}（正在举行）"
    activity = markets.make(session, organiser, markets.LIVE, hours, organisations)
    duty = Assignment(user_id=actors["volunteer"].user_id, words="入口签到")
    staff.assign(session, organiser, activity, duty)
    markets.move(session, organiser, activity, ActivityState.LIVE)
    today.play(session, now, activity, actors["volunteer"])
    return f"今天的集市：{activity.title}（新建，正在举行）"
