"""An activity's own check-in code.

The printed code is an opaque word, `scene`: it opens the mini-program at this activity, can be
revoked, and never says what it is. Where an activity's code rotates, the printed word alone
admits nobody: the screen at the entrance shows `scene.proof`, and the proof changes every few
seconds, so that a photograph of the screen sent home to a friend is worth nothing.
"""

import hmac
import secrets
import string
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.models import MarketCode
from backend.core import clock
from backend.core.errors import NotFound

SCENE_LENGTH = 16  # 95 bits; WeChat takes up to 32 characters
_ALPHABET = string.ascii_letters + string.digits
_PROOF_LENGTH = 10
_SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class ShownCode:
    """What the entrance shows: the code, the address that carries it for any scanner, the printed
    word, when the code changes, and when the one shown admits nobody any more."""

    code: str
    link: str
    scene: str
    rotates_at: datetime | None
    expires_at: datetime | None


class MarketCodes:
    """Makes and checks the changing part, and writes codes as addresses.

    Args:
        key: a secret of the deployment.
        link_prefix: what WeChat opens the mini-program for, `https://…/q/` (普通链接二维码).
    """

    def __init__(self, key: bytes, link_prefix: str) -> None:
        self._key = hmac.digest(key, b"market-code", "sha256")
        self._link_prefix = link_prefix

    def link(self, code: str) -> str:
        """A code as a plain link: WeChat's scanner opens the mini-program with it, any other one
        a page that says what to do. The code alone is read by the mini-program's scanner only."""
        return self._link_prefix + code

    def shown(self, scene: str, rotates_seconds: int | None) -> ShownCode:
        """The code as the entrance shows it now."""
        if rotates_seconds is None:
            return ShownCode(scene, self.link(scene), scene, None, None)
        window = _window(rotates_seconds, clock.now())
        ends = datetime.fromtimestamp((window + 1) * rotates_seconds, UTC)
        expires = ends + timedelta(seconds=rotates_seconds)
        code = scene + _SEPARATOR + self._proof(scene, window)
        return ShownCode(code, self.link(code), scene, ends, expires)

    def proves(self, code: str, scene: str, rotates_seconds: int | None, at: datetime) -> bool:
        """Whether `code` is what the entrance showed at an instant, or showed in the window
        before, for those who scanned just as it changed."""
        if rotates_seconds is None:
            return hmac.compare_digest(code.encode(), scene.encode())
        return self.shown_since(code, scene, rotates_seconds, at) is not None

    def shown_since(
        self, code: str, scene: str, rotates_seconds: int, at: datetime
    ) -> datetime | None:
        """When the entrance began to show a code that changes; None for one that it showed
        neither at the instant nor in the window before."""
        window = _window(rotates_seconds, at)
        for shown in (window, window - 1):
            whole = scene + _SEPARATOR + self._proof(scene, shown)
            if hmac.compare_digest(code.encode(), whole.encode()):
                return datetime.fromtimestamp(shown * rotates_seconds, UTC)
        return None

    def _proof(self, scene: str, window: int) -> str:
        mac = hmac.digest(self._key, f"{scene}:{window}".encode(), "sha256")
        return urlsafe_b64encode(mac).decode()[:_PROOF_LENGTH]


def scene_of(code: str) -> str:
    """The printed word in a code."""
    return code.partition(_SEPARATOR)[0]


def is_scene(word: str) -> bool:
    """Whether a word could be a scene at all; the database needn't be asked about others."""
    return len(word) == SCENE_LENGTH and set(word) <= set(_ALPHABET)


def new_code(session: Session, activity_id: UUID) -> MarketCode:
    """A fresh code for an activity that has none that stands."""
    scene = "".join(secrets.choice(_ALPHABET) for _ in range(SCENE_LENGTH))
    code = MarketCode(activity_id=activity_id, scene=scene)
    session.add(code)
    session.flush()
    return code


class NoCode(NotFound):
    """An activity that was brought in from before has never had one."""

    def __init__(self) -> None:
        super().__init__("这场活动没有签到码")


def current_code(session: Session, activity_id: UUID) -> MarketCode:
    """The activity's code that stands.

    Raises NoCode (404).
    """
    statement = select(MarketCode).where(
        MarketCode.activity_id == activity_id, MarketCode.revoked_at.is_(None)
    )
    code = session.execute(statement).scalar_one_or_none()
    if code is None:
        raise NoCode
    return code


def _window(seconds: int, at: datetime) -> int:
    return int(at.timestamp()) // seconds
