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

from backend.activities.models import Activity, MarketCode
from backend.core import audit, clock
from backend.core.permissions import Actor

SCENE_LENGTH = 16  # 95 bits; WeChat takes up to 32 characters
_ALPHABET = string.ascii_letters + string.digits
_PROOF_LENGTH = 10
_SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class ShownCode:
    """What the entrance shows: the code to scan, the printed word, when the code changes, and when
    the one shown admits nobody any more."""

    code: str
    scene: str
    rotates_at: datetime | None
    expires_at: datetime | None


class MarketCodes:
    """Makes and checks the changing part.

    Args:
        key: a secret of the deployment.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"market-code", "sha256")

    def shown(self, scene: str, rotates_seconds: int | None) -> ShownCode:
        """The code as the entrance shows it now."""
        if rotates_seconds is None:
            return ShownCode(scene, scene, None, None)
        window = _window(rotates_seconds)
        ends = datetime.fromtimestamp((window + 1) * rotates_seconds, UTC)
        expires = ends + timedelta(seconds=rotates_seconds)
        return ShownCode(scene + _SEPARATOR + self._proof(scene, window), scene, ends, expires)

    def proves(self, code: str, scene: str, rotates_seconds: int | None) -> bool:
        """Whether `code` is what the entrance shows now, or showed in the window before, for
        those who scanned just as it changed."""
        if rotates_seconds is None:
            return hmac.compare_digest(code.encode(), scene.encode())
        window = _window(rotates_seconds)
        return any(
            hmac.compare_digest(
                code.encode(), (scene + _SEPARATOR + self._proof(scene, past)).encode()
            )
            for past in (window, window - 1)
        )

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


def current_code(session: Session, activity_id: UUID) -> MarketCode:
    """The activity's code that stands."""
    statement = select(MarketCode).where(
        MarketCode.activity_id == activity_id, MarketCode.revoked_at.is_(None)
    )
    return session.execute(statement).scalar_one()


def revoke_code(session: Session, actor: Actor, activity: Activity) -> MarketCode:
    """Make every printed code of the activity worthless, and give it a new one."""
    current = current_code(session, activity.id)
    current.revoked_at = clock.now()
    session.flush()
    replaced = new_code(session, activity.id)
    audit.record(
        session,
        actor,
        "revoke_code",
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        details={"revoked": str(current.id), "replaced_by": str(replaced.id)},
    )
    return replaced


def _window(seconds: int) -> int:
    return int(clock.now().timestamp()) // seconds
