"""Announcements: an organiser's own words to who signed up, who is here, or who stands in a line.

A text is checked by WeChat before anybody reads it, by a job; whatever WeChat can't or won't say
leaves it to a colleague of who wrote it (docs/rules/messages.md, Announcements).
"""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.activities.checks.changes import announced
from backend.activities.models import Activity, ActivityState, Attendance, Offering
from backend.activities.signals import Change, ChangeKind
from backend.activities.words import quoted
from backend.bookings.days import day_over
from backend.bookings.models import ACTIVE_STATES, Booking, BookingState
from backend.core import audit, clock, jobs
from backend.core.audit import AuditEntry
from backend.core.config import ANNOUNCEMENTS
from backend.core.db import AnySelect, transaction
from backend.core.errors import AppError, ValidationFailed
from backend.core.permissions import Actor
from backend.core.states import lock, transition
from backend.identity.models import Resident, User
from backend.identity.names import own_name
from backend.identity.people.texts import CommentState, verdict_on
from backend.notices.models import NoticeKind
from backend.notices.news import Facts, News
from backend.notices.operations import tell
from backend.outreach import keeping
from backend.outreach.models import (
    ANNOUNCEMENT_TRANSITIONS,
    Announcement,
    AnnouncementState,
    Audience,
)
from backend.outreach.queries import account_of
from backend.outreach.requests import NewAnnouncement
from backend.outreach.words import ANNOUNCEMENT_STATES

_STATE_AFTER = {
    CommentState.PASSED: AnnouncementState.SENT,
    CommentState.REVIEW: AnnouncementState.HELD,
    CommentState.REJECTED: AnnouncementState.REJECTED,
}
_UNDECIDED = (AnnouncementState.CHECKING, AnnouncementState.HELD)
_IN_LINE = (BookingState.ARRIVED, BookingState.CALLED, BookingState.PARKED)


class NothingToAnnounce(AppError):
    status = 409
    code = "nothing_to_announce"
    title = "活动没有公布，或者已经结束、取消，不能发公告"


class NobodyToTell(AppError):
    status = 409
    code = "nobody_to_tell"
    title = "现在没有收得到的人：没有人，或者都没有小程序账号"


class TooManyAnnouncements(AppError):
    status = 409
    code = "too_many_announcements"
    title = f"一场活动一天最多发 {ANNOUNCEMENTS.a_day} 条公告，今天的已经用完"


class OwnAnnouncement(AppError):
    status = 409
    code = "own_announcement"
    title = "请另一位同事核对后发送"


class DecidedMeanwhile(AppError):
    status = 409
    code = "decided_meanwhile"
    title = "这条公告刚刚有了结果"


@dataclass(frozen=True, slots=True)
class Reachable:
    """How many people an announcement would concern now, and how many of them have an inbox."""

    people: int
    with_account: int


def announce(
    session: Session, actor: Actor, activity: Activity, new: NewAnnouncement
) -> Announcement:
    """Have a text checked and then sent; the job goes with the transaction.

    Raises as `reachable`.
    """
    # Those of one activity come one after the other, so that their limit holds.
    lock(session, Activity, activity.id)
    reachable(session, activity, new)
    row = Announcement(
        activity_id=activity.id,
        audience=new.audience,
        offering_id=new.offering_id,
        text=new.text,
        written_by=actor.user_id,
        on_day=clock.today(),
        nth=_written_today(session, activity.id) + 1,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        "announce",
        Announcement.__tablename__,
        row.id,
        region_code=activity.region_code,
        to_state=row.state,
        details={"activity_id": str(activity.id), "audience": new.audience},
    )
    jobs.defer(session, check_announcement, announcement_id=str(row.id))
    return row


def left_today(session: Session, activity_id: UUID) -> int:
    """How many more may be written to people of an activity today."""
    return max(0, ANNOUNCEMENTS.a_day - _written_today(session, activity_id))


def _written_today(session: Session, activity_id: UUID) -> int:
    written = select(func.count()).where(
        Announcement.activity_id == activity_id, Announcement.on_day == clock.today()
    )
    return session.execute(written).scalar_one()


def reachable(session: Session, activity: Activity, new: NewAnnouncement) -> Reachable:
    """Whom an announcement would reach now, if one more may be written today.

    Raises NothingToAnnounce, TooManyAnnouncements, NobodyToTell (409), ValidationFailed (422) for
    another activity's line.
    """
    if not announced(activity):
        raise NothingToAnnounce
    if not left_today(session, activity.id):
        raise TooManyAnnouncements
    if new.offering_id is not None:
        offering = session.get(Offering, new.offering_id)
        if offering is None or offering.activity_id != activity.id:
            raise ValidationFailed(errors={"to": ["没有这项服务"]})
    who = _audience(activity, new.audience, new.offering_id).subquery()
    people, with_account = session.execute(
        select(func.count(), func.count(account_of()))
        .select_from(who)
        .join(Resident, Resident.id == who.c.resident_id)
    ).one()
    if not with_account:
        raise NobodyToTell
    return Reachable(people, with_account)


def _audience(activity: Activity, audience: Audience, offering_id: UUID | None) -> AnySelect:
    """The people of an audience, each once."""
    day = clock.service_day(clock.now(), activity.starts_at, activity.ends_at)
    if audience is Audience.HERE:
        return select(Attendance.resident_id).where(
            Attendance.activity_id == activity.id,
            Attendance.on_day == day,
            Attendance.left_at.is_(None),
            Attendance.reverted_at.is_(None),
        )
    signed_up = select(Booking.resident_id).where(Booking.activity_id == activity.id).distinct()
    if audience is Audience.LINE:
        return signed_up.where(
            Booking.offering_id == offering_id,
            Booking.service_on == day,
            Booking.state.in_(_IN_LINE),
        )
    signed_up = signed_up.where(Booking.state.in_(ACTIVE_STATES))
    if activity.state is ActivityState.LIVE:
        signed_up = signed_up.join(Activity, Activity.id == Booking.activity_id).where(~day_over())
    return signed_up


def release(session: Session, actor: Actor, activity: Activity, row: Announcement) -> None:
    """A colleague has read a text that could not be checked, and sends it.

    Raises OwnAnnouncement (409) for who wrote it, NothingToAnnounce, DecidedMeanwhile and
    IllegalTransition (409).
    """
    if row.written_by == actor.user_id:
        raise OwnAnnouncement
    lock(session, Activity, activity.id)
    _check_undecided(session, actor, row)
    if not announced(activity):
        raise NothingToAnnounce
    _move(session, actor, activity, row, AnnouncementState.SENT)


def withdraw(session: Session, actor: Actor, activity: Activity, row: Announcement) -> None:
    """A held text is not to be sent after all, whatever WeChat says of it later; it counts among
    those of its day all the same.

    Raises DecidedMeanwhile (409) where it was sent, refused or withdrawn, IllegalTransition (409)
    while it is still checked.
    """
    _check_undecided(session, actor, row)
    _move(session, actor, activity, row, AnnouncementState.WITHDRAWN)


def _check_undecided(session: Session, actor: Actor, row: Announcement) -> None:
    """Raise DecidedMeanwhile (409), saying what became of a text and by whom, where its page was
    opened before that."""
    lock(session, Announcement, row.id)
    if row.state in _UNDECIDED:
        return
    decided = (
        select(AuditEntry.actor_user_id, Resident.name)
        .outerjoin(Resident, Resident.user_id == AuditEntry.actor_user_id)
        .where(
            AuditEntry.object_type == Announcement.__tablename__,
            AuditEntry.object_id == row.id,
            AuditEntry.to_state == row.state,
        )
    )
    by = session.execute(decided).one()
    if by.actor_user_id is None:
        raise DecidedMeanwhile(f"系统刚刚检查完这条公告：{ANNOUNCEMENT_STATES[row.state]}")
    who = "您刚刚在别处" if by.actor_user_id == actor.user_id else f"{own_name(by.name)}已经"
    did = "撤下" if row.state is AnnouncementState.WITHDRAWN else "核对并发送"
    raise DecidedMeanwhile(f"{who}{did}了这条公告，下面是最新的")


@jobs.job("outreach.check_announcement")
def check_announcement(announcement_id: str) -> None:
    """Ask WeChat about a text, and send it where there is nothing against it. A second run finds
    nothing that waits.

    Raises WeChatError where asking again later may help; a colleague may send it until then.
    """
    with transaction() as session:
        waiting = session.execute(
            select(Announcement.text, User.openid)
            .join(User, User.id == Announcement.written_by)
            .where(Announcement.id == UUID(announcement_id), Announcement.state.in_(_UNDECIDED))
        ).one_or_none()
    if waiting is None:
        return
    said, later = verdict_on(waiting.openid, waiting.text)
    state = _STATE_AFTER[said]
    with transaction() as session:
        row = session.get_one(Announcement, UUID(announcement_id))
        # The activity first, so that nothing is announced of one that is cancelled this moment.
        activity = lock(session, Activity, row.activity_id)
        lock(session, Announcement, row.id)
        if state is AnnouncementState.SENT and not announced(activity):
            state = AnnouncementState.HELD
        if row.state in _UNDECIDED and row.state is not state:
            _move(session, None, activity, row, state)
    if later is not None:
        raise later


def _move(
    session: Session,
    actor: Actor | None,
    activity: Activity,
    row: Announcement,
    to: AnnouncementState,
) -> None:
    transition(
        session,
        actor,
        ANNOUNCEMENT_TRANSITIONS,
        row,
        to,
        action=f"announcement_{to.value}",
        region_code=activity.region_code,
        details={"activity_id": str(activity.id)},
    )
    if to is AnnouncementState.SENT:
        _send(session, activity, row)


def _send(session: Session, activity: Activity, row: Announcement) -> None:
    """Tell everybody whom it concerns this moment, each account once, and keep whom."""
    who = _audience(activity, row.audience, row.offering_id)
    resident_ids = list(session.execute(who).scalars())
    change = Change(
        id=row.id, kind=ChangeKind.ANNOUNCEMENT, words=row.text, offering_id=row.offering_id
    )
    keeping.keep(session, row.written_by, activity.id, change, resident_ids)
    together: dict[UUID, list[UUID]] = defaultdict(list)
    accounts = select(Resident.id, account_of().label("account")).where(
        Resident.id.in_(resident_ids)
    )
    for person in session.execute(accounts):
        if person.account is not None:
            together[person.account].append(person.id)
    facts = Facts(
        activity=activity.title,
        place="",
        at=clock.now(),
        until=activity.ends_at,
        note=row.text,
        urgent=activity.state is ActivityState.LIVE,
    )
    tell(
        session,
        [
            News(
                user_id=account,
                kind=NoticeKind.ANNOUNCEMENT,
                title=f"公告：{activity.title}",
                text=f"{quoted(activity.title)}的工作人员通知：{row.text}",
                page=f"/pages/market/market?id={activity.id}",
                activity_id=activity.id,
                cause_id=row.id,
                resident_ids=tuple(people),
                facts=facts,
            )
            for account, people in together.items()
        ],
    )
