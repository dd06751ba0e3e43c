"""What every request goes through, by the same rules for the API and the console.

A read is answered in one transaction: who asks (401), what they may (403), the view.

A write is done once, however often it is sent:
1. Who sends it, what they may, how often (429): counted in a transaction of its own before the
   work, so that a refused try counts too; once, however often the work is run.
2. What is sent (422), then the view, in one transaction; with a key the answer is kept in it.
3. Few writes are repeats. The first run does the work and learns from keeping its answer that it
   was one; the next run then looks before it does anything. What WeChat is asked for can't be
   rolled back: there the first run looks too. A race that is lost is run again likewise.
4. What is refused may be so only because the first sending has done the work: then the first
   answer is the answer. What the database refuses is a refusal like any other (problems.py).
5. Who reaches for what is not theirs stands in the audit log (refusals.py); a try that came to
   nothing is counted as any other change, where its limit says so.

An endpoint says all that it differs in once, in one frozen `Declared`; api.py and pages.py
say what differs between JSON and forms.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

from flask import g
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.core import idempotency, limits
from backend.core.db import RunAgain, transaction
from backend.core.errors import AppError, Forbidden, NotFound, NotLoggedIn, TryAgain
from backend.core.idempotency import IdempotencyKeyReused, StoredAnswer
from backend.core.limits import CHANGES, Limit, TooManyRequests, Unlimited
from backend.core.permissions import Actor, Permission
from backend.core.web import refusals
from backend.core.web.problems import refusal_for

MAX_RUNS = 3

View = Callable[..., Any]
#: The values in a request's path, by name.
Path = dict[str, Any]


class Access(Enum):
    """Who may call an endpoint, where no permission is needed."""

    PUBLIC = "public"
    LOGIN = "login"


PUBLIC, LOGIN = Access.PUBLIC, Access.LOGIN
A_READ = Unlimited("a read")


def declare_access(access: Access | Permission) -> Callable[[View], View]:
    """Declare the access of a view that is no endpoint of API or console (health, documents)."""

    def declare(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return declare


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What an endpoint says of itself.

    Attributes:
        access: PUBLIC, LOGIN, or the permission that the caller must hold somewhere; where they
            hold it is checked with the row, by `access_*`.
        limit: how often one person, or one address, may call it. A read changes nothing: its limit
            is counted in the process.
        reads: whether it changes nothing.
        in_transaction: False for a view that talks to WeChat: it is handed no session and opens
            `transaction()` itself, around the database work alone.
    """

    access: Access | Permission
    limit: Limit | Unlimited = CHANGES
    reads: bool = False
    in_transaction: bool = True

    @property
    def counted(self) -> Limit | None:
        """The limit that is counted in the database, before the work."""
        limit = self.limit
        return limit if isinstance(limit, Limit) and not limit.in_process else None

    @property
    def counted_here(self) -> Limit | None:
        """The limit of a hot path, counted in the process."""
        limit = self.limit
        return limit if isinstance(limit, Limit) and limit.in_process else None


@dataclass(frozen=True, slots=True)
class Sending:
    """A write that its sender may send again.

    Attributes:
        meaning: a hash of what it asks for; the same key with another one is a mistake.
    """

    user_id: UUID
    key: str
    meaning: bytes


class Work(ABC):
    """One endpoint at work; made once, called for each request.

    Args:
        view: is handed the session (unless it opens its own), the actor, what came in and the
            path's values.
    """

    #: What was sent, as the audit log names it.
    sent_as: ClassVar[str]

    def __init__(self, view: View, declared: Declared) -> None:
        self.view, self.declared = view, declared
        self._counted, self._counted_here = declared.counted, declared.counted_here
        self._needed = declared.access if isinstance(declared.access, Permission) else None

    # ------------------------------------------------------------------------ what differs

    @abstractmethod
    def actor_of(self, session: Session) -> Actor | None:
        """Whose the request is; None for a visitor's."""

    @abstractmethod
    def incoming(self) -> tuple[Any, ...]:
        """What came in, loaded. Raises ValidationFailed (422) and its like."""

    @abstractmethod
    def respond(self, returned: Any) -> Any:
        """The answer to what a view has returned."""

    def check_sender(self) -> None:  # noqa: B027 - nothing, for most
        """What must be right of a write before anybody asks whose it is."""

    def answer_read(self, answer: Any, actor: Actor | None) -> Any:
        """What is said beside a read's answer, when the transaction is over."""
        return answer

    def key_of(self, incoming: tuple[Any, ...]) -> str | None:
        """The key under which a repeat of this write finds its answer, if it has one."""
        return None

    def meaning(self, path: Path) -> bytes:
        """A hash of what a write asks for."""
        raise NotImplementedError

    def to_keep(self, answer: Any) -> StoredAnswer | None:
        """What is kept of an answer; None for what may be done again."""
        raise NotImplementedError

    def replay(self, stored: StoredAnswer) -> Any:
        """The first answer, once more."""
        raise NotImplementedError

    def refused(self, refusal: AppError) -> Any:
        """A refusal as an answer that is kept; None where it is only raised."""
        return None

    def sent_other(self, session: Session, sending: Sending) -> AppError:
        """The refusal of a key that came with something else before."""
        return IdempotencyKeyReused()

    def is_reach(self, refusal: AppError) -> bool:
        """Whether somebody reached for what is not theirs. Of a row that is another's a write
        says that it is not there. A read that finds nothing is mostly an old link, and what is
        known not to be there (a code, a stall that was deleted) has an error of its own."""
        hidden = type(refusal) is NotFound and not self.declared.reads
        return hidden or isinstance(refusal, Forbidden)

    # ------------------------------------------------------------------------ what is the same

    def handle(self, path: Path) -> Any:
        """Answer a request. Raises AppError."""
        try:
            return self._read(path) if self.declared.reads else self._write(path)
        except AppError as refusal:
            self.note(refusal)
            if refusal.status == 422:
                self._take_back(refusal)
            raise

    def note(self, refusal: AppError) -> None:
        """Keep in the audit log who reached for what is not theirs."""
        if self.is_reach(refusal):
            refusals.note(refusal, self.actor_of, self.sent_as)

    def authenticated(self, session: Session) -> Actor | None:
        """Whose the request is, if they may send it.

        Raises NotLoggedIn (401), Forbidden (403), TooManyRequests (429).
        """
        actor = g.actor = self.actor_of(session)
        if self.declared.access is PUBLIC:
            return actor
        if actor is None:
            raise NotLoggedIn
        if self._needed is not None and not actor.may_anywhere(self._needed):
            raise Forbidden
        if self._counted_here is not None:
            limits.check_here(self._counted_here, actor)
        return actor

    def show(self, session: Session, actor: Actor | None, path: Path) -> Any:
        """What the view says to a read."""
        return self.view(session, actor, *self.incoming(), **path)

    def _read(self, path: Path) -> Any:
        if self.declared.in_transaction:
            with transaction() as session:
                actor = self.authenticated(session)
                answer = self.respond(self.show(session, actor, path))
        else:
            with transaction() as session:
                actor = self.authenticated(session)
            answer = self.respond(self.view(actor, *self.incoming(), **path))
        return self.answer_read(answer, actor)

    def _write(self, path: Path) -> Any:
        self.check_sender()
        known = self._count(path)
        for run in range(MAX_RUNS):
            try:
                return self._run(path, known, look=run > 0 or not self.declared.in_transaction)
            except RunAgain:
                continue
        raise TryAgain

    def _count(self, path: Path) -> Actor | None:
        """Count the request, and answer whose it is. Who may not call it at all is told so, and
        uses nothing up. None where it is not counted here.

        Raises TooManyRequests (429).
        """
        if self._counted is None:
            return None
        with transaction() as session:
            actor = self.authenticated(session)
            refusal = limits.count_request(session, self._counted, actor, path)
        if refusal is not None:
            raise refusal
        return actor

    def _take_back(self, refusal: AppError) -> None:
        """Raises TooManyRequests (429) where even that was too often."""
        if self._counted is None or not self._counted.done_only:
            return
        with transaction() as session:
            too_many = limits.take_back(session, self._counted, self.actor_of(session))
        if too_many is not None:
            raise too_many from refusal

    def _run(self, path: Path, known: Actor | None, *, look: bool) -> Any:
        attempt = _Attempt()
        try:
            return self._try(path, known, attempt, look=look)
        except AppError as refusal:
            return self._refuse(refusal, attempt.sending)
        except DBAPIError as error:
            refused = refusal_for(error)
            if refused is None:
                raise
            return self._refuse(refused, attempt.sending)

    def _try(self, path: Path, known: Actor | None, attempt: "_Attempt", *, look: bool) -> Any:
        with transaction() as session:
            actor = known or self.authenticated(session)
            incoming = self.incoming()
            sending = attempt.sending = self._sending(actor, incoming, path)
            stored = self._find(session, sending) if look else None
            if stored is not None:
                return self.replay(stored)
            if self.declared.in_transaction:
                answer = self._do(session, actor, incoming, path)
                self._keep(session, sending, answer)
                return answer
        answer = self.respond(self.view(actor, *incoming, **path))
        with transaction() as session:
            self._keep(session, sending, answer)
        return answer

    def _do(
        self, session: Session, actor: Actor | None, incoming: tuple[Any, ...], path: Path
    ) -> Any:
        try:
            return self.respond(self.view(session, actor, *incoming, **path))
        except TooManyRequests as refusal:
            if self._counted_here is not None:
                limits.hold_here(self._counted_here, actor, refusal)
            raise
        except AppError as refusal:
            answer = self.refused(refusal) if refusal.kept else None
            if answer is None:
                raise
            return answer

    def _refuse(self, refusal: AppError, sending: Sending | None) -> Any:
        """Answer a refusal, and keep it for a repeat where it is a rule's."""
        if sending is None or isinstance(refusal, IdempotencyKeyReused):
            raise refusal
        with transaction() as session:
            stored = self._find(session, sending)
            if stored is not None:
                return self.replay(stored)
            answer = self.refused(refusal) if refusal.status == 409 else None
            if answer is None:
                raise refusal
            self._keep(session, sending, answer)
        return answer

    def _sending(
        self, actor: Actor | None, incoming: tuple[Any, ...], path: Path
    ) -> Sending | None:
        """None where no repeat can be known: two visitors' keys can't be told apart."""
        key = self.key_of(incoming) if actor is not None else None
        if actor is None or key is None:
            return None
        return Sending(actor.user_id, key, self.meaning(path))

    def _find(self, session: Session, sending: Sending | None) -> StoredAnswer | None:
        if sending is None:
            return None
        try:
            return idempotency.find(session, sending.user_id, sending.key, sending.meaning)
        except IdempotencyKeyReused:
            raise self.sent_other(session, sending) from None

    def _keep(self, session: Session, sending: Sending | None, answer: Any) -> None:
        kept = self.to_keep(answer) if sending is not None else None
        if sending is not None and kept is not None:
            idempotency.store(session, sending.user_id, sending.key, sending.meaning, kept)


class _Attempt:
    """What is learnt of a write on its way, for when it is refused."""

    __slots__ = ("sending",)

    def __init__(self) -> None:
        self.sending: Sending | None = None


def words_of(path: Path) -> dict[str, str]:
    """A path's values as text, for the hash of what is asked."""
    return {name: str(value) for name, value in path.items()}
