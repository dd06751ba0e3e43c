"""What the use cases of needs take, as the schemas of web/ make it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from backend.needs.models import ForWhom, NeedSource, NeedState, Suits, Verdict
from backend.needs.similar.meaning import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNeed:
    """A need of a region that is to be registered.

    Attributes:
        raised_on: the day on which somebody spoke of it.
        service_kind: a key of config/, where it can be told.
        suits: when it would suit; empty: whenever.
    """

    region_id: UUID
    title: str
    source: NeedSource
    raised_on: date
    details: str | None = None
    service_kind: str | None = None
    for_whom: ForWhom | None = None
    suits: tuple[Suits, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A need as a phone sends it.

    Attributes:
        resident_id: who asks: the caller's family member; of staff, anybody. None: the caller, or
            of staff that say the `source`, nobody.
        source: said by staff, who write down what others ask for.
    """

    region_id: UUID
    title: str
    details: str | None = None
    service_kind: str | None = None
    for_whom: ForWhom | None = None
    suits: tuple[Suits, ...] = ()
    resident_id: UUID | None = None
    source: NeedSource | None = None

    def as_of(self, today: date) -> NewNeed:
        return NewNeed(
            region_id=self.region_id,
            title=self.title,
            source=self.source or NeedSource.RESIDENT,
            raised_on=today,
            details=self.details,
            service_kind=self.service_kind,
            for_whom=self.for_whom,
            suits=self.suits,
        )


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a need.

    Attributes:
        resident_id: None: nobody, as of what was heard on a visit.
        counted: somebody asks whom nobody can name, and counts as one.
        entered_by: the member of the staff who writes it down for them; None: they do themselves.
    """

    resident_id: UUID | None
    entered_by: UUID | None
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one who asked says of how a need was solved.

    Attributes:
        reason: in their words; None: nothing, or as before where the answer is the same.
        resident_id: the family member who is answered for; None: the caller.
    """

    verdict: Verdict
    reason: str | None = None
    resident_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicWords:
    """A need as everybody reads it, in a clerk's words.

    Attributes:
        service_kind: a key of config/, where it can be told.
    """

    title: str
    details: str | None = None
    service_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """How a need is taken on.

    Attributes:
        words: what everybody reads of it; None: as it was written.
    """

    words: PublicWords | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Why a need is not taken on, or ends unsolved.

    Attributes:
        reason_code: a key of config/need_reasons.toml.
        reason: the clerk's own words.
    """

    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class SimilarAsked:
    """What somebody is about to ask for, and of which region."""

    region_id: UUID
    wording: Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsAsked:
    """Which needs a phone asks for; None: whichever.

    Attributes:
        region_id: with all below it.
        words: of the title.
        late: not decided in time.
    """

    region_id: UUID | None = None
    state: NeedState | None = None
    service_kind: str | None = None
    reason_code: str | None = None
    words: str | None = None
    late: bool = False
