"""The demo's needs in every state, late, merged and ended unsolved, too; and who asks for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.config import NEEDS as NEEDS_RULES
from backend.core.permissions import Actor
from backend.core.workdays import workdays_on
from backend.demo import markets
from backend.demo.markets import DemoActivity
from backend.needs import operations
from backend.needs.lifecycle import merging, plans
from backend.needs.models import Need, NeedSource
from backend.needs.requests import Asker, Ended, NewNeed
from backend.needs.voices import operations as voices
from backend.regions.operations import region_by_code


@dataclass(frozen=True, slots=True)
class DemoNeed:
    """A need, and how far it has come.

    Attributes:
        days: since it was raised.
        activity: what it is planned for, if it has come so far.
        solved: the clerk was told so, after it was served.
        voices: how many of the demo's residents ask for it; the first one has raised it.
        unsolved: why it ended for want of somebody who can do it.
        into: the title of what it was merged into.
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
    voices: int = 0
    unsolved: str | None = None
    into: str | None = None


NEEDS = (
    DemoNeed("希望每月有人教老人用手机挂号", "phone_class", "320412100001", NeedSource.VISIT, 30,
             "独居老人较多，子女不在身边，最好安排在周末上午。",
             activity=markets.LIVE, served=True, solved=True),
    DemoNeed("想在家门口量血压、测血糖", "health_check", "320412100001", NeedSource.RESIDENT, 21,
             activity=markets.LIVE, served=True, voices=3),
    DemoNeed("小家电坏了没处修", "repair", "320412100003", NeedSource.MEETING, 12,
             "议事会上多位居民提出，电饭煲、电风扇居多。", activity=markets.COMING[0]),
    DemoNeed("新入住居民想了解租房合同怎么签", "legal", "320412100002", NeedSource.HOTLINE, 9),
    DemoNeed("老人看牙不方便，希望集市请口腔医生", "dental", "320412100003", NeedSource.VISIT, 5,
             accepted=False),
    DemoNeed("广场晚上缺少反诈宣传", "anti_fraud", "320412102001", NeedSource.RESIDENT, 3,
             accepted=False, voices=2),
    DemoNeed("晚上带老人散步，想有人陪着练八段锦", "other", "320412100002", NeedSource.RESIDENT, 20,
             accepted=False, voices=1),
    DemoNeed("电饭煲和电扇想找人修", "repair", "320412100003", NeedSource.RESIDENT, 8,
             accepted=False, voices=2, into="小家电坏了没处修"),
    DemoNeed("想给眼睛不好的老人配助视器", "other", "320412100001", NeedSource.RESIDENT, 40,
             voices=2, unsolved="还没有能配助视器的单位，联系上了再办。"),
    DemoNeed("希望集市代办车辆年检", "other", "320412100001", NeedSource.HOTLINE, 15,
             accepted=False, declined="不属于公益集市的服务范围，已告知车管所预约方式。"),
)  # fmt: skip


def load(session: Session, actor: Actor, residents: Sequence[Actor], today: date) -> int:
    """Make the demo's needs where there are none yet; how many were made.

    Args:
        actor: who decides on them.
        residents: who asks for them.
    """
    if session.execute(select(Need.id).limit(1)).first() is not None:
        return 0
    for demo in NEEDS:
        _make(session, actor, demo, residents[: demo.voices], today)
    return len(NEEDS)


def _make(
    session: Session, actor: Actor, demo: DemoNeed, askers: Sequence[Actor], today: date
) -> None:
    new = NewNeed(
        region_id=region_by_code(session, demo.region).id,
        title=demo.title,
        details=demo.details,
        service_kind=demo.kind,
        source=demo.source,
        raised_on=today - timedelta(days=demo.days),
    )
    by_residents = demo.source is NeedSource.RESIDENT
    asker = Asker(
        askers[0].resident_id if askers else None, None if by_residents else actor.user_id
    )
    need = operations.raise_need(session, actor, new, asker)
    # As if it had been handed in on that day.
    need.decide_by = workdays_on(new.raised_on, NEEDS_RULES.decide_days)
    for one in askers[1:]:
        voices.support(session, need, Asker(one.resident_id, None))
    if demo.into is not None:
        head = session.execute(select(Need).where(Need.title == demo.into)).scalar_one()
        merging.merge(session, actor, need, head)
    if demo.declined is not None:
        operations.decline(
            session, actor, need, Ended(reason_code="not_ours", reason=demo.declined)
        )
    if demo.accepted:
        operations.accept(session, actor, need)
    if demo.unsolved is not None:
        why = Ended(reason_code="no_resource_yet", reason=demo.unsolved)
        operations.close_unsolved(session, actor, need, why)
    activity = markets.latest(session, demo.activity) if demo.activity else None
    if activity is not None:
        plans.plan(session, actor, need, activity)
    if demo.served:
        plans.serve(session, actor, need)
    if demo.solved:
        operations.evaluate(session, actor, need)
