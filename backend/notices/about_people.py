"""What accounts are told of themselves: roles given and taken, and who has looked them up, as the
law lets everybody know (个人信息保护法, article 44)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.dates import moment
from backend.core.permissions import Actor, Role
from backend.core.text import sentence
from backend.identity.models import Resident
from backend.identity.names import own_name
from backend.identity.words import ROLES
from backend.notices.models import NoticeKind
from backend.notices.news import News
from backend.notices.operations import tell


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """A look at somebody's data that was none of a market's routine.

    Attributes:
        office: who has looked, by office and not by name.
        did: how they looked, and at what of whom: 「按手机号查询了{who}的登记信息」.
        reason: why, as they have written it.
    """

    office: str
    did: str
    reason: str


def tell_looked_up(
    session: Session, actor: Actor, resident_ids: Sequence[UUID], look: LookUp
) -> None:
    """Tell the accounts of people that somebody has looked them up; guests have none, and whoever
    looks for themselves knows."""
    account = func.coalesce(Resident.user_id, Resident.guardian_user_id)
    found = session.execute(
        select(Resident.id, Resident.user_id, Resident.name, account.label("account"))
        .where(
            Resident.id.in_(resident_ids),
            Resident.removed_at.is_(None),
            account != actor.user_id,
        )
        .order_by(Resident.id)
    )
    theirs: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for row in found:
        theirs[row.account][row.id] = "您" if row.user_id else own_name(row.name)
    tell(session, [_looked_up(user_id, people, look) for user_id, people in theirs.items()])


def _looked_up(user_id: UUID, people: dict[UUID, str], look: LookUp) -> News:
    who = "、".join(people.values())
    return News(
        user_id=user_id,
        kind=NoticeKind.LOOKED_UP,
        title=f"有工作人员查看了{who}的信息",
        text=f"{moment(clock.now())}，{look.office}{look.did.format(who=who)}。"
        f"写明的原因：{sentence(look.reason)}觉得不应当查看的，可以向当地民政部门反映。",
        page="/pages/my-data/my-data",
        resident_ids=tuple(people),
    )


def tell_role(session: Session, user_id: UUID, kind: NoticeKind, role: Role, place: str) -> None:
    """Tell somebody that they were given a role, or that it was taken back.

    Args:
        kind: ROLE_GIVEN or ROLE_TAKEN.
        place: the region or organisation where it holds.
    """
    title, text = _ROLE_WORDS[kind]
    words = {"role": ROLES[role], "place": place}
    news = News(
        user_id=user_id,
        kind=kind,
        title=title.format(**words),
        text=text.format(**words),
        page="/pages/mine/mine",
    )
    tell(session, [news])


_ROLE_WORDS = {
    NoticeKind.ROLE_GIVEN: (
        "您是{place}的{role}了",
        "您有了{place}的{role}角色，现在就能用：请打开「我的」。有疑问的，请问给您安排工作的单位。",
    ),
    NoticeKind.ROLE_TAKEN: (
        "{place}的{role}角色收回了",
        "您在{place}的{role}角色已经收回，相应的功能不能再用。有疑问的，请问给您安排工作的单位。",
    ),
}
