"""What the stand-in remembers. One lock guards all of it; nothing slow happens under it."""

import base64
import hashlib
import secrets
import threading
import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from backend.settings import STAND_IN_PUSH_AES_KEY, STAND_IN_PUSH_TOKEN

CODE_LIFETIME_S = 300
TOKEN_LIFETIME_S = 7200
TOKEN_RENEWED_BEFORE_S = 300
TOKEN_LENGTH = 512
FORCE_REFRESH_A_DAY = 20
FORCE_REFRESH_EVERY_S = 30
SEEN_FOR_S = 7200
CODE_IMAGES_A_MINUTE = 5000
CALLS_KEPT = 10_000
USERS_KEPT = 200_000

V = TypeVar("V")


class Bounded(OrderedDict[str, V], Generic[V]):
    """A dict that forgets what was put in first once it is full."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._size:
            self.popitem(last=False)


class CodeUse(Enum):
    """What became of a single-use code."""

    FIRST = "first"
    REPEATED = "repeated"
    EXPIRED = "expired"


@dataclass
class _Code:
    issued_at: float
    used: bool = False


@dataclass(frozen=True)
class Token:
    value: str
    expires_at: float


@dataclass(frozen=True)
class PushSettings:
    """What signs and encrypts our pushes: the token and the 43-character key."""

    token: str = STAND_IN_PUSH_TOKEN
    aes_key: str = STAND_IN_PUSH_AES_KEY


@dataclass
class _Memory:
    """What a reset forgets."""

    clock_ahead_s: float = 0.0
    codes: Bounded[_Code] = field(default_factory=lambda: Bounded(USERS_KEPT))
    busy_seen: set[str] = field(default_factory=set)
    seen_at: Bounded[float] = field(default_factory=lambda: Bounded(USERS_KEPT))
    token: Token | None = None
    tokens: Bounded[Token] = field(default_factory=lambda: Bounded(1000))
    forced_at: list[float] = field(default_factory=list)
    credits: Counter[tuple[str, str]] = field(default_factory=Counter)
    templates: set[str] = field(default_factory=set)
    images_by_minute: Counter[int] = field(default_factory=Counter)


class World:
    """The state of one stand-in; may be used from any number of threads.

    Args:
        appid, secret: the only mini-program it knows.
        push: see PushSettings.
        allowed: messages of each template of the stand-in's (`standin-…`) that everybody may be
            sent without a grant: for people trying things.
    """

    def __init__(self, appid: str, secret: str, push: PushSettings, *, allowed: int = 0) -> None:
        self.appid = appid
        self.secret = secret
        self.push = push
        self._allowed = allowed
        self._lock = threading.Lock()
        self._called = threading.Condition(self._lock)
        self._memory = _Memory()
        self._calls: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
        self._counts: Counter[str] = Counter()
        self._connections = 0

    def reset(self) -> None:
        with self._lock:
            self._memory = _Memory()
            self._calls.clear()
            self._counts.clear()
            self._connections = 0

    # the clock

    def now(self) -> float:
        """Seconds since the epoch, by the stand-in's clock."""
        return time.time() + self._memory.clock_ahead_s

    def advance(self, seconds: float) -> float:
        with self._lock:
            self._memory.clock_ahead_s += seconds
        return self.now()

    # who is who

    def openid(self, name: str) -> str:
        """28 characters, always the same for a name."""
        digest = hashlib.sha256(f"{self.appid}:{name}".encode()).digest()
        return "o" + base64.urlsafe_b64encode(digest).decode()[:27]

    def seen(self, openid: str) -> None:
        """This user has just used the mini-program."""
        with self._lock:
            self._memory.seen_at[openid] = self.now()

    def seen_lately(self, openid: str) -> bool:
        with self._lock:
            return self.now() - self._memory.seen_at.get(openid, 0.0) <= SEEN_FOR_S

    # codes

    def issue_code(self, name: str) -> str:
        code = f"once:{name}:{secrets.token_hex(8)}"
        with self._lock:
            self._memory.codes[code] = _Code(self.now())
        return code

    def use_code(self, code: str) -> CodeUse:
        """Use a single-use code; one we haven't issued counts as issued now."""
        with self._lock:
            kept = self._memory.codes.get(code)
            if kept is None:
                kept = self._memory.codes[code] = _Code(self.now())
            if self.now() - kept.issued_at > CODE_LIFETIME_S:
                return CodeUse.EXPIRED
            if kept.used:
                return CodeUse.REPEATED
            kept.used = True
            return CodeUse.FIRST

    def busy_for_the_first_time(self, code: str) -> bool:
        with self._lock:
            first = code not in self._memory.busy_seen
            self._memory.busy_seen.add(code)
            return first

    # access tokens

    def stable_token(self) -> Token:
        """The current token, or from 300 s before its end a new one; both are good then."""
        with self._lock:
            token = self._memory.token
            if token is None or token.expires_at - self.now() <= TOKEN_RENEWED_BEFORE_S:
                token = self._new_token()
            return token

    def forced_token(self) -> Token | int:
        """A new token that ends the old one at once, or the errcode of a limit."""
        with self._lock:
            now = self.now()
            forced = [at for at in self._memory.forced_at if now - at < 24 * 3600]
            if forced and now - forced[-1] < FORCE_REFRESH_EVERY_S:
                return 45011
            if len(forced) >= FORCE_REFRESH_A_DAY:
                return 45009
            self._memory.forced_at = [*forced, now]
            if self._memory.token is not None:
                del self._memory.tokens[self._memory.token.value]
            return self._new_token()

    def token_error(self, value: str) -> int:
        """0 for a good token, else the errcode."""
        if not value:
            return 41001
        with self._lock:
            token = self._memory.tokens.get(value)
            if token is None:
                return 40001
            return 0 if self.now() < token.expires_at else 42001

    def _new_token(self) -> Token:
        value = f"{secrets.token_hex(TOKEN_LENGTH // 2)}"
        token = Token(value, self.now() + TOKEN_LIFETIME_S)
        self._memory.token = self._memory.tokens[value] = token
        return token

    # limits and credits

    def count_code_image(self) -> bool:
        """Whether this minute's allowance holds one more code image."""
        minute = int(self.now() // 60)
        with self._lock:
            self._memory.images_by_minute[minute] += 1
            return self._memory.images_by_minute[minute] <= CODE_IMAGES_A_MINUTE

    def grant(self, openid: str, template: str, n: int) -> int:
        """Give credits for messages; makes the template known. Returns the credits now."""
        with self._lock:
            self._memory.templates.add(template)
            left = self._memory.credits.get((openid, template), self._allowed_of(template))
            self._memory.credits[openid, template] = left + n
            return left + n

    def knows_template(self, template: str) -> bool:
        with self._lock:
            return template in self._memory.templates or self._allowed_of(template) > 0

    def spend_credit(self, openid: str, template: str) -> bool:
        with self._lock:
            left = self._memory.credits.get((openid, template), self._allowed_of(template))
            self._memory.credits[openid, template] = max(0, left - 1)
            return left > 0

    def _allowed_of(self, template: str) -> int:
        return self._allowed if template.startswith("standin-") else 0

    # the log

    def log_call(self, path: str, entry: dict[str, Any]) -> None:
        with self._called:
            self._counts[path] += 1
            self._calls.append({"path": path, "at": self.now(), **entry})
            self._called.notify_all()

    def log_connection(self) -> None:
        with self._lock:
            self._connections += 1

    def calls(self, path: str | None, *, wait_for: int, timeout_s: float) -> dict[str, Any]:
        """The kept calls, of one path or all, once there have been `wait_for` of them."""

        def count() -> int:
            return self._counts.total() if path is None else self._counts[path]

        with self._called:
            self._called.wait_for(lambda: count() >= wait_for, timeout=timeout_s)
            return {
                "count": count(),
                "connections": self._connections,
                "calls": [call for call in self._calls if path in (None, call["path"])],
            }
