"""The demo's regions, organisations and people."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.context import composed
from backend.core.permissions import Actor, Grant, Role
from backend.gateways.fake_wechat.world import PushSettings, World
from backend.identity import operations as identity
from backend.identity import roles
from backend.identity.models import Resident
from backend.identity.requests import ProfileEdit
from backend.partners.operations import add_organisation
from backend.regions import operations as regions
from backend.regions.csv_files import read_region_files
from backend.regions.models import Region
from backend.settings import Settings

# 武进区 with its towns and subdistricts as the National Bureau of Statistics lists them; the
# names of the 99 communities are made up for the demo.
REGIONS_FILE = Path(__file__).parent / "data" / "regions.csv"

DISTRICT = "320412"
SUBDISTRICT = "320412100"

ORGANISATIONS = (
    "武进区仁和社区卫生服务中心",
    "湖塘镇巧手理发志愿服务队",
    "武进区明理法律服务中心",
    "武进区万家电器维修志愿服务队",
    "武进区银龄数字助老服务社",
    "湖塘派出所反诈宣传队",
    "武进区春风社会工作服务中心",
    "武进区童趣公益发展中心",
)
# The stall of this one is served by ok:partner.
PARTNER = ORGANISATIONS[0]


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody who logs in with `ok:<login>` at the stand-in WeChat."""

    login: str
    name: str
    birth_year: int
    role: Role | None = None
    region_code: str | None = None
    organisation: str | None = None


USERS = (
    DemoUser("admin", "陆建国", 1976, Role.ADMIN, DISTRICT),
    DemoUser("auditor", "恽文静", 1983, Role.AUDITOR, DISTRICT),
    DemoUser("organiser", "顾晓燕", 1985, Role.ORGANISER, SUBDISTRICT),
    DemoUser("volunteer", "沈佳怡", 2001, Role.VOLUNTEER, SUBDISTRICT),
    DemoUser("partner", "蒋志强", 1979, Role.PARTNER, organisation=PARTNER),
    DemoUser("resident", "王秀英", 1953),
)
_SURNAMES = "陈张李刘杨黄周吴徐孙"
_GIVEN_NAMES = ("桂英", "国强", "玉兰", "志明", "丽华", "建平", "小芳", "文斌")


def visitors(count: int) -> list[DemoUser]:
    """Residents who came to the market of some days ago: `ok:visitor-1` and so on."""
    return [
        DemoUser(
            f"visitor-{number}",
            _SURNAMES[number % len(_SURNAMES)] + _GIVEN_NAMES[number % len(_GIVEN_NAMES)],
            1940 + number * 7 % 60,
        )
        for number in range(1, count + 1)
    ]


def load_regions(session: Session) -> int:
    """Import the demo's own regions; how many were new or changed."""

    def quietly(step: str, done: int, total: int) -> None: ...

    found = read_region_files([REGIONS_FILE], quietly)
    rows = regions.with_pinyin(found.rows.values(), quietly)
    counts = regions.import_regions(session, None, rows, quietly)
    return counts.added + counts.changed


def load_organisations(session: Session) -> dict[str, UUID]:
    """The demo's organisations by name."""
    district = regions.region_by_code(session, DISTRICT)
    return {name: add_organisation(session, None, name, district)[0] for name in ORGANISATIONS}


def openid_of(login: str) -> str:
    """By the stand-in's own rule for openids, so that logging in there finds the same user."""
    settings = composed(Settings)
    return World(settings.wechat_appid, settings.wechat_secret, PushSettings()).openid(login)


def load_user(session: Session, user: DemoUser, organisations: dict[str, UUID]) -> Actor:
    """Find or make a user with their role. A profile that somebody has changed stays."""
    user_id = identity.find_or_create_user(session, openid_of(user.login))
    own = select(Resident.id, Resident.name).where(Resident.user_id == user_id)
    resident = session.execute(own).one()
    actor = Actor(user_id, resident.id, grants=_granted(session, user, user_id, organisations))
    if resident.name is None:
        profile = ProfileEdit(name=user.name, birth_year=user.birth_year)
        identity.update_me(session, actor, profile)
    return actor


def _granted(
    session: Session, user: DemoUser, user_id: UUID, organisations: dict[str, UUID]
) -> tuple[Grant, ...]:
    if user.role is None:
        return ()
    organisation_id = organisations[user.organisation] if user.organisation else None
    scope = roles.Scope(organisation_id=organisation_id)
    if user.region_code is not None:
        scope = roles.Scope(region_id=regions.region_by_code(session, user.region_code).id)
    roles.grant(session, None, user_id, user.role, scope)
    return (Grant(user.role, user.region_code, organisation_id),)


def region_id(session: Session, code: str) -> UUID:
    """The id of a region that has been imported."""
    return session.execute(select(Region.id).where(Region.code == code)).scalar_one()
