"""The demo's needs: some that wait, some that are planned, one that today's market has served."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.permissions import Actor
from backend.demo import markets
from backend.demo.markets import DemoActivity
from backend.needs import operations
from backend.needs.lifecycle import plans
from backend.needs.models import Need, NeedSource
from backend.needs.requests import Asker, Ended, NewNeed
from backend.regions.operations import region_by_code


@dataclass(frozen=True, slots=True)
class DemoNeed:
    """A need, and how far it has come.

    Attributes:
        days: since it was raised.
        activity: what it is planned for, if it has come so far.
        solved: the resident has said so, after it was served.
    """

    title: str
    kind: str
    region: str
    source: NeedSource
    days: int
    details: str | None = None
    accepted: bool = True
    declined: str | None = None
    activity: DemoActivity | None = None
    served: bool = False
    solved: bool = False


NEEDS = (
    DemoNeed("希望每月有人教老人用手机挂号", "phone_class", "320412100001", NeedSource.VISIT, 30,
             "独居老人较多，子女不在身边，最好安排在周末上午。",
             activity=markets.LIVE, served=True, solved=True),
    DemoNeed("想在家门口量血压、测血糖", "health_check", "320412100001", NeedSource.RESIDENT, 21,
             activity=markets.LIVE, served=True),
    DemoNeed("小家电坏了没处修", "repair", "320412100003", NeedSource.MEETING, 12,
             "议事会上多位居民提出，电饭煲、电风扇居多。", activity=markets.COMING[0]),
    DemoNeed("新入住居民想了解租房合同怎么签", "legal", "320412100002", NeedSource.HOTLINE, 9),
    DemoNeed("老人看牙不方便，希望集市请口腔医生", "dental", "320412100003", NeedSource.VISIT, 5,
             accepted=False),
    DemoNeed("广场晚上缺少反诈宣传", "anti_fraud", "320412102001", NeedSource.RESIDENT, 3,
             accepted=False),
    DemoNeed("希望集市代办车辆年检", "other", "320412100001", NeedSource.HOTLINE, 15,
             accepted=False, declined="不属于公益集市的服务范围，已告知车管所预约方式。"),
)  # fmt: skip


def load(session: Session, actor: Actor, today: date) -> int:
    """Make the demo's needs where there are none yet; how many were made."""
    if session.execute(select(Need.id).limit(1)).first() is not None:
        return 0
    for demo in NEEDS:
        _make(session, actor, demo, today)
    return len(NEEDS)


def _make(session: Session, actor: Actor, demo: DemoNeed, today: date) -> None:
    new = NewNeed(
        region_id=region_by_code(session, demo.region).id,
        title=demo.title,
        details=demo.details,
        service_kind=demo.kind,
        source=demo.source,
        raised_on=today - timedelta(days=demo.days),
    )
    need = operations.raise_need(session, actor, new, Asker(None, actor.user_id))
    if demo.declined is not None:
        operations.decline(
            session, actor, need, Ended(reason_code="not_ours", reason=demo.declined)
        )
    if demo.accepted:
        operations.accept(session, actor, need)
    activity = markets.latest(session, demo.activity) if demo.activity else None
    if activity is not None:
        plans.plan(session, actor, need, activity)
    if demo.served:
        plans.serve(session, actor, need)
    if demo.solved:
        operations.evaluate(session, actor, need)
