"""The demo's activities: what they offer, and when. Made by the features' own operations."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities import operations
from backend.activities.lifecycle import moves
from backend.activities.models import (
    Activity,
    ActivityState,
    ExchangeKind,
    Offering,
    OfferingMode,
    Programme,
)
from backend.activities.requests import (
    ActivityEdit,
    NewActivity,
    NewOffering,
    NewStall,
    NewVenue,
    SlotPattern,
)
from backend.activities.stalls import offerings
from backend.activities.stalls import operations as stalls
from backend.activities.stalls import slots as slot_times
from backend.core import audit, clock
from backend.core.permissions import Actor
from backend.demo.people import region_id

OPENS, CLOSES = timedelta(hours=8, minutes=30), timedelta(hours=16, minutes=30)
HALF_HOUR = timedelta(minutes=30)
# A market that is loaded late in the day stays on for this long.
STAYS_ON = timedelta(hours=4)
SLOT_MINUTES = 30
STALLS_A_ROW = 5
AUDIT_ACTION = "load_demo"
_BUREAU = "武进区民政局"
_CONTACT = "0519-00000000"  # nobody's number


@dataclass(frozen=True, slots=True)
class DemoOffering:
    """A stall with its one service."""

    stall: str
    title: str
    kind: str
    mode: OfferingMode
    organisation: int  # index in people.ORGANISATIONS
    slot_capacity: int = 0
    walk_in_share: float = 0.0


_OPEN, _QUEUE, _SLOTS = OfferingMode.OPEN, OfferingMode.QUEUE, OfferingMode.SLOTS
# The article's offerings, and four that markets of this kind usually have.
MARKET = (
    DemoOffering("义诊台", "义诊", "clinic", _SLOTS, 0, slot_capacity=8, walk_in_share=0.25),
    DemoOffering("健康角", "量血压、测血糖", "health_check", _QUEUE, 0),
    DemoOffering("理发角", "义剪", "haircut", _QUEUE, 1),
    DemoOffering("法律咨询台", "法规解读", "legal", _QUEUE, 2),
    DemoOffering("维修铺", "家电维修", "repair", _SLOTS, 3, slot_capacity=4, walk_in_share=0.25),
    DemoOffering("手机课堂", "手机课堂", "phone_class", _SLOTS, 4, slot_capacity=12),
    DemoOffering("反诈宣传台", "反诈宣传", "anti_fraud", _OPEN, 5),
    DemoOffering("文明岗", "文明劝导", "courtesy", _OPEN, 6),
    DemoOffering("展示区", "成果展示", "showcase", _OPEN, 6),
    DemoOffering("游戏区", "互动游戏", "games", _OPEN, 7),
)
SMALL_MARKET = (MARKET[0], MARKET[1], MARKET[2], MARKET[6])
TRAINING = (DemoOffering("会议室", "手机摄影课", "phone_class", _SLOTS, 4, slot_capacity=30),)
ACTION = (DemoOffering("集合点", "河道清洁", "other", _OPEN, 6),)


@dataclass(frozen=True, slots=True)
class DemoActivity:
    """One activity of the demo.

    Attributes:
        key: recognises it when the demo is loaded again.
        days: from today; 0 is the live one.
        state: what it is brought to.
        region: a community's code.
    """

    key: str
    title: str
    days: int
    state: ActivityState
    region: str
    venue: NewVenue
    offerings: tuple[DemoOffering, ...]
    programme: Programme = Programme.MARKET
    more: tuple[tuple[str, Any], ...] = ()


def _venue(name: str, address: str, latitude: float, longitude: float) -> NewVenue:
    return NewVenue(
        name=name, address=address, latitude=latitude, longitude=longitude, wheelchair=True
    )


_PUBLISHED = ActivityState.PUBLISHED
LIVE = DemoActivity(
    "live-market", "「益行社区」花园社区公益集市", 0, ActivityState.LIVE, "320412100001",
    _venue("花园社区广场", "湖塘镇花园路 1 号", 31.7206, 119.9512), MARKET,
)  # fmt: skip
PAST = DemoActivity(
    "past-market", "「益行社区」明湖社区公益集市", -3, ActivityState.CLOSED, "320412100002",
    _venue("明湖社区党群服务中心", "湖塘镇明湖路 18 号", 31.7138, 119.9435), SMALL_MARKET,
)  # fmt: skip
COMING = (
    DemoActivity(
        "coming-market-1", "「益行社区」春晖社区公益集市", 2, _PUBLISHED, "320412100003",
        _venue("春晖社区文化广场", "湖塘镇春晖路 6 号", 31.7267, 119.9388), MARKET,
    ),
    DemoActivity(
        "coming-market-2", "「益行社区」丫河社区公益集市", 5, _PUBLISHED, "320412102001",
        _venue("丫河社区邻里中心", "牛塘镇丫河路 20 号", 31.7113, 119.8982), SMALL_MARKET,
    ),
    DemoActivity(
        "coming-market-3", "「益行社区」塘桥社区公益集市", 9, _PUBLISHED, "320412104001",
        _venue("塘桥社区小公园", "遥观镇塘桥路 9 号", 31.7081, 120.0519), SMALL_MARKET,
    ),
    DemoActivity(
        "coming-action", "吾社行：剑湖河道清洁志愿行动", 3, _PUBLISHED, "320412104003",
        _venue("剑湖社区河畔步道", "遥观镇剑湖路", 31.7012, 120.0447), ACTION,
        Programme.ACTION, (("field", "ecology"),),
    ),
    DemoActivity(
        "coming-exchange", "吾社汇：社会组织数字助老能力培训", 6, _PUBLISHED, "320412100004",
        _venue("区社会组织培育发展服务中心", "湖塘镇景云路 2 号", 31.7180, 119.9467), TRAINING,
        Programme.EXCHANGE, (("kind", ExchangeKind.TRAINING),),
    ),
    DemoActivity(
        "draft-market", "「益行社区」荷塘社区公益集市", 14, ActivityState.DRAFT, "320412100010",
        _venue("荷塘社区小广场", "湖塘镇荷塘路 3 号", 31.7169, 119.9601), SMALL_MARKET,
    ),
)  # fmt: skip


def day_hours(day: date) -> tuple[datetime, datetime]:
    """When a market opens and closes on a day."""
    midnight = clock.day_start(day)
    return midnight + OPENS, midnight + CLOSES


def live_hours(now: datetime) -> tuple[datetime, datetime]:
    """The hours of a market that is on at `now`, whenever that is: the day's usual ones, begun
    earlier or drawn out so that `now` lies well within."""
    opens, closes = day_hours(clock.local_day(now))
    since = clock.day_start(clock.local_day(now))
    begun = since + (now - since) // HALF_HOUR * HALF_HOUR
    return min(opens, begun), max(closes, begun + STAYS_ON)


def make(
    session: Session,
    actor: Actor,
    demo: DemoActivity,
    hours: tuple[datetime, datetime],
    organisations: list[UUID],
) -> Activity:
    """An activity with its stalls, offerings and slots, published unless it is to stay a draft.

    Args:
        actor: who the audit log says has made it.
        hours: its start and end.
        organisations: ids, in the order of people.ORGANISATIONS.
    """
    new = NewActivity(
        programme=demo.programme,
        title=demo.title,
        region_id=region_id(session, demo.region),
        venue=demo.venue,
        starts_at=hours[0],
        ends_at=hours[1],
        organiser_name=_BUREAU,
        contact_phone=_CONTACT,
        **dict(demo.more),
    )
    activity = operations.create_activity(session, actor, new)
    _remember(session, demo, activity)
    for number, offering in enumerate(demo.offerings, start=1):
        _add_stall(session, actor, activity, number, offering, organisations)
    if demo.state is not ActivityState.DRAFT:
        move(session, actor, activity, _PUBLISHED)
    return activity


def move(session: Session, actor: Actor, activity: Activity, to: ActivityState) -> None:
    """Bring an activity to a state, as its organiser would."""
    actions = {_PUBLISHED: "publish", ActivityState.LIVE: "open", ActivityState.CLOSED: "close"}
    moves.move_activity(session, actor, activity, to, action=actions[to])


def _add_stall(
    session: Session,
    actor: Actor,
    activity: Activity,
    number: int,
    demo: DemoOffering,
    organisations: list[UUID],
) -> None:
    row, column = _row_and_column(number)
    new_stall = NewStall(
        number=str(number),
        name=demo.stall,
        organisation_id=organisations[demo.organisation],
        spot_row=row,
        spot_column=column,
    )
    stall = stalls.add_stall(session, actor, activity, new_stall)
    new_offering = NewOffering(
        title=demo.title,
        service_kind=demo.kind,
        mode=demo.mode,
        walk_in_share=demo.walk_in_share,
    )
    offering = offerings.add_offering(session, actor, activity, stall, new_offering)
    if demo.mode is OfferingMode.SLOTS:
        _add_slots(session, actor, activity, offering, activity.starts_at, demo.slot_capacity)


def _row_and_column(number: int) -> tuple[int, int]:
    """Where the stall of a number stands: five in a row."""
    row, column = divmod(number - 1, STALLS_A_ROW)
    return row + 1, column + 1


def _add_slots(
    session: Session,
    actor: Actor,
    activity: Activity,
    offering: Offering,
    first: datetime,
    capacity: int,
) -> None:
    pattern = SlotPattern(first, activity.ends_at, SLOT_MINUTES, capacity)
    slot_times.add_slots(session, actor, activity, offering, slot_times.generate_slots(pattern))


def draw_out(session: Session, actor: Actor, activity: Activity, until: datetime) -> None:
    """Keep a live market on until later, with appointments for the added time."""
    before = activity.ends_at
    if until <= before:
        return
    operations.update_activity(session, actor, activity, ActivityEdit(ends_at=until))
    capacities = {demo.kind: demo.slot_capacity for demo in LIVE.offerings}
    appointments = select(Offering).where(
        Offering.activity_id == activity.id, Offering.mode == OfferingMode.SLOTS
    )
    for offering in session.execute(appointments).scalars():
        capacity = capacities.get(offering.service_kind) or 1
        _add_slots(session, actor, activity, offering, before, capacity)


def latest(session: Session, demo: DemoActivity) -> Activity | None:
    """The activity made last for this part of the demo, locked; whatever became of its title."""
    entry = audit.AuditEntry
    statement = (
        select(Activity)
        .join(entry, entry.object_id == Activity.id)
        .where(
            entry.object_type == Activity.__tablename__,
            entry.action == AUDIT_ACTION,
            entry.details["key"].astext == demo.key,
        )
        .order_by(Activity.id.desc())
        .limit(1)
        .with_for_update(key_share=True, of=Activity)
    )
    return session.execute(statement).scalar_one_or_none()


def _remember(session: Session, demo: DemoActivity, activity: Activity) -> None:
    audit.record(
        session,
        None,
        AUDIT_ACTION,
        Activity.__tablename__,
        activity.id,
        region_code=demo.region,
        details={"key": demo.key},
    )
