"""The demo's resources: one in each state, and some that can be planned with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.permissions import Actor
from backend.demo import people
from backend.partners.models import Organisation
from backend.regions.operations import region_by_code
from backend.resources import operations
from backend.resources.credentials import operations as credentials
from backend.resources.credentials.requests import NewCredential
from backend.resources.models import Equipment, Resource, ResourceState
from backend.resources.requests import NewResource


@dataclass(frozen=True, slots=True)
class DemoResource:
    """A resource, and how far it has come.

    Attributes:
        organisation: index in people.ORGANISATIONS.
        regions: codes of where it may serve; none: anywhere.
        reason: why it was returned, or suspended.
    """

    organisation: int
    title: str
    kind: str
    state: ResourceState
    stations: int = 2
    minutes: int = 10
    regions: Sequence[str] = ()
    weekdays: Sequence[int] = ()
    lead_days: int = 0
    most_per_month: int | None = None
    requires: Sequence[Equipment] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DemoCredential:
    """A credential, and for how long it is still valid; those that the demo's markets need are so
    for long, whenever it is loaded again."""

    organisation: int
    kind: str
    issuer: str
    number: str
    days: int
    approved: bool = True


CREDENTIALS = (
    DemoCredential(0, "medical_practice", "武进区卫生健康局", "PDY00128X32041217A", 3650),
    DemoCredential(0, "health_certificate", "武进区疾病预防控制中心", "320412202600117", 20),
    DemoCredential(2, "legal_practice", "武进区司法局", "33204201010000128", 3650),
    DemoCredential(7, "registration", "武进区民政局", "52320412MJ0000017Q", 900, approved=False),
)
WEEKEND = (6, 7)
RESOURCES = (
    DemoResource(0, "义诊（内科、中医）", "clinic", ResourceState.APPROVED, 3, 8, weekdays=WEEKEND,
                 lead_days=7, most_per_month=4, requires=(Equipment.TABLE, Equipment.SHADE)),
    DemoResource(0, "量血压、测血糖", "health_check", ResourceState.SUBMITTED, 2, 4,
                 requires=(Equipment.TABLE,)),
    DemoResource(1, "义剪", "haircut", ResourceState.APPROVED, 4, 12, (people.SUBDISTRICT,),
                 (2, 4, 6), 3, requires=(Equipment.POWER, Equipment.WATER)),
    DemoResource(2, "法律咨询", "legal", ResourceState.APPROVED, 2, 15, lead_days=5,
                 requires=(Equipment.TABLE,)),
    DemoResource(3, "小家电维修", "repair", ResourceState.SUSPENDED, 2, 15, (people.SUBDISTRICT,),
                 WEEKEND, requires=(Equipment.POWER,), reason="检修工具送检，修好再恢复。"),
    DemoResource(4, "手机课堂", "phone_class", ResourceState.DRAFT, 6, 15, (people.SUBDISTRICT,),
                 reason="请写明一次能坐下几位老人。"),
    DemoResource(5, "反诈宣传", "anti_fraud", ResourceState.SUBMITTED, 2, 5,
                 (people.SUBDISTRICT,)),
    DemoResource(7, "儿童手工", "children", ResourceState.RETIRED, 8, 20),
)  # fmt: skip


def load(session: Session, actor: Actor, organisations: Mapping[str, UUID], today: date) -> int:
    """Make the demo's resources where there are none yet; how many were made."""
    if session.execute(select(Resource.id).limit(1)).first() is not None:
        return 0
    ids = [organisations[name] for name in people.ORGANISATIONS]
    for demo in RESOURCES:
        _make(session, actor, demo, ids[demo.organisation], today)
    for one in CREDENTIALS:
        _make_credential(session, actor, one, ids[one.organisation], today)
    return len(RESOURCES)


def _make_credential(
    session: Session, actor: Actor, demo: DemoCredential, organisation_id: UUID, today: date
) -> None:
    new = NewCredential(
        kind=demo.kind,
        issuer=demo.issuer,
        number=demo.number,
        valid_until=today + timedelta(days=demo.days),
    )
    organisation = session.get_one(Organisation, organisation_id)
    made = credentials.hand_in(session, actor, organisation, new)
    if demo.approved:
        credentials.approve(session, actor, made)


def _make(
    session: Session, actor: Actor, demo: DemoResource, organisation_id: UUID, today: date
) -> None:
    resource = operations.draft(
        session,
        actor,
        NewResource(
            organisation_id=organisation_id,
            title=demo.title,
            service_kind=demo.kind,
            people=demo.stations + 1,
            stations=demo.stations,
            minutes_per_person=demo.minutes,
            region_ids=[region_by_code(session, code).id for code in demo.regions],
            weekdays=demo.weekdays,
            from_time=time(9),
            to_time=time(16, 30),
            days_off=[today + timedelta(days=days) for days in (20, 21)],
            lead_days=demo.lead_days,
            most_per_month=demo.most_per_month,
            requires=demo.requires,
        ),
    )
    if demo.state is ResourceState.RETIRED:
        operations.retire(session, actor, resource)
        return
    operations.submit(session, actor, resource)
    if demo.state is ResourceState.DRAFT and demo.reason is not None:
        operations.send_back(session, actor, resource, demo.reason)
    if demo.state in (ResourceState.APPROVED, ResourceState.SUSPENDED):
        operations.approve(session, actor, resource)
    if demo.state is ResourceState.SUSPENDED and demo.reason is not None:
        operations.suspend(session, actor, resource, demo.reason)
