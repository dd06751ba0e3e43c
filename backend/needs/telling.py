"""What becomes of a need, told to those who asked for it, in the transaction in which it happens
(docs/rules/needs.md). Nobody of the staff is named in it, and nobody else who asked."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from backend.activities.models import Activity, Venue
from backend.activities.permissions import ANNOUNCED
from backend.activities.words import quoted
from backend.core.dates import period
from backend.identity.models import Resident
from backend.needs.models import Need, NeedVoice
from backend.needs.reasons import title_of, turn_to
from backend.needs.voices.counting import ACCOUNT, of_group, reachable
from backend.notices.models import NoticeKind
from backend.notices.news import News
from backend.notices.operations import tell


def accepted(session: Session, need: Need, *, reworded: bool) -> None:
    """Tell that it was taken on, and whether everybody reads it in a clerk's words."""
    public = "公开的文字由社区整理过，点开可以看。" if reworded else ""
    _tell(session, need, NoticeKind.NEED_ACCEPTED, "已受理",
          f"社区已受理，排上集市后再告诉您。{public}")  # fmt: skip


def declined(session: Session, need: Need) -> None:
    _tell(session, need, NoticeKind.NEED_DECLINED, "没能受理", why(need))


def unsolved(session: Session, need: Need) -> None:
    _tell(session, need, NoticeKind.NEED_UNSOLVED, "没能解决",
          f"很抱歉，没能解决，已如实办结。{why(need)}")  # fmt: skip


def why(need: Need) -> str:
    """Why a need was not taken on, or ended unsolved, and where else one can turn."""
    assert need.reason_code is not None
    own_words = f"{need.reason}。" if need.reason else ""
    said = f"原因：{title_of(need.reason_code)}。{own_words}{turn_to(need.reason_code) or ''}"
    return said.replace("。。", "。")


def planned(session: Session, need: Need, activity: Activity) -> None:
    _tell(session, need, NoticeKind.NEED_PLANNED, "已安排", _when_and_where(session, activity))


def rearranged(session: Session, need: Need, activity: Activity) -> None:
    _tell(session, need, NoticeKind.NEED_PLANNED, "的时间地点有变",
          f"请按新的来。{_when_and_where(session, activity)}")  # fmt: skip


def _when_and_where(session: Session, activity: Activity) -> str:
    return planned_for(activity, session.get_one(Venue, activity.venue_id).name)


def planned_for(activity: Activity, place: str) -> str:
    """For what, as everybody may know it: of a draft neither name nor day is settled."""
    if activity.state not in ANNOUNCED:
        return "已列入一场正在筹备的集市，公布以后您就能看到时间地点。"
    when = period(activity.starts_at, activity.ends_at)
    return f"已排入{quoted(activity.title)}：{when}，{place}，欢迎到时候来。"


def moved_off(session: Session, need: Need, words: str) -> None:
    _tell(session, need, NoticeKind.NEED_MOVED_OFF, "要另作安排", words)


def served(session: Session, need: Need) -> None:
    _tell(session, need, NoticeKind.NEED_SERVED, "已服务",
          "集市已经办了这项服务。谢谢您提出来。")  # fmt: skip


def asked(session: Session, need: Need, voice_ids: Collection[UUID]) -> None:
    """Ask those of these voices whether it is solved."""
    _tell(session, need, NoticeKind.NEED_ASKED, "解决了吗",
          "集市已经办过这项服务。解决了没有，请您点开说一声；没解决的，社区再想办法。",
          voice_ids)  # fmt: skip


def reopened(session: Session, need: Need) -> None:
    _tell(session, need, NoticeKind.NEED_REOPENED, "重新办理", "还没有解决，社区重新安排。")


def taken_up(session: Session, need: Need) -> None:
    _tell(session, need, NoticeKind.NEED_REOPENED, "重新办理", "现在有能办的单位了，社区重新安排。")


def merged(session: Session, need: Need) -> None:
    """Nothing of the other one is said: others may not read it yet."""
    _tell(session, need, NoticeKind.NEED_MERGED, "合并办理",
          "附近有人提了同样的事，社区合在一起办。您提的仍然保留，办到哪一步都会告诉您；"
          "不想合在一起的，可以随时退出。")  # fmt: skip


def unmerged(session: Session, need: Need) -> None:
    _tell(session, need, NoticeKind.NEED_UNMERGED, "单独办理", "社区改为单独办理您提的这件事。")


def _tell(
    session: Session,
    need: Need,
    kind: NoticeKind,
    title: str,
    text: str,
    voice_ids: Collection[UUID] | None = None,
) -> None:
    """Tell the accounts of all who ask for it, or for one that was merged into it; or of these
    voices alone."""
    news = [
        News(
            user_id=row.account,
            kind=kind,
            title=f"需求{title}：{need.title}",
            text=text,
            page=f"/packages/needs/pages/need/need?id={need.id}",
            resident_ids=tuple(row.resident_ids),
        )
        for row in _accounts(session, need, voice_ids)
    ]
    tell(session, news)


def _accounts(session: Session, need: Need, voice_ids: Collection[UUID] | None) -> Iterable[Any]:
    """Of each account that is told of a need one row: `account`, `resident_ids` of those of its
    people who ask for it."""
    chosen = true() if voice_ids is None else NeedVoice.id.in_(voice_ids)
    return session.execute(
        select(ACCOUNT.label("account"), func.array_agg(Resident.id).label("resident_ids"))
        .join(NeedVoice, NeedVoice.resident_id == Resident.id)
        .where(of_group(need.id), reachable(), chosen)
        .group_by(ACCOUNT)
    )
