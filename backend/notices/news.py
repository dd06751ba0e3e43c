"""What whoever has news says of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.notices.models import NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a subscription message says, beside what a notice does: WeChat's templates take a few
    short fields (config/messages.toml), and nothing is sent about what is over.

    Attributes:
        at: when it is: the slot's or the market's begin; of a call, the call.
        until: from this instant on it is over.
        urgent: of today: it is sent in the quiet hours too.
    """

    activity: str
    place: str
    at: datetime
    until: datetime
    ticket: str = ""
    note: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that one account is to know.

    Attributes:
        title: what happened, in a few words.
        text: the rest, in whole sentences, so that nothing has to be looked up to understand it.
        page: where a tap leads in the mini-program, such as `/pages/number/number`.
        cause_id: of the change or announcement that many are told of; of what is said of one
            number, its booking.
        resident_ids: who of the account's people it is about; the account's own resident, too.
        once: a word for what is told at most once to an account (`tomorrow:<activity>:<day>`).
        facts: for a subscription message beside it; None where none is sent.
    """

    user_id: UUID
    kind: NoticeKind
    title: str
    text: str
    page: str
    activity_id: UUID | None = None
    cause_id: UUID | None = None
    resident_ids: tuple[UUID, ...] = ()
    once: str | None = None
    facts: Facts | None = None
