"""Who reaches for what is not theirs stands in the audit log, wherever they do it.

Known people alone: what strangers send goes to the process's log, which anybody may fill without
harm. And each of them once in a while for one route, whatever ids they try: so the table, which
forgets nothing, grows with the people and not with their tries.
"""

import logging
from collections.abc import Callable

from flask import request
from sqlalchemy.orm import Session

from backend.core import audit, limits
from backend.core.db import transaction
from backend.core.errors import AppError
from backend.core.ids import new_id
from backend.core.permissions import Actor
from backend.core.text import one_line

log = logging.getLogger(__name__)


def note(refusal: AppError, actor_of: Callable[[Session], Actor | None], object_type: str) -> None:
    """Keep a refusal, with who was refused and what they reached for. No transaction is open.

    Args:
        actor_of: tells whose the request is; None for a stranger's.
        object_type: what was sent, as the log names it: a `form` or an `api_call`.
    """
    route = str(request.url_rule)
    with transaction() as session:
        actor = actor_of(session)
        if actor is None:
            log.warning("refused", extra={"route": route, "code": refusal.code})
            return
        same = f"{actor.user_id} {request.method} {route} {refusal.code}"
        if limits.spend(session, "refusals", same).wait:
            return
        audit.record(
            session,
            actor,
            "refuse",
            object_type,
            new_id(),
            details={
                "route": route,
                "path": one_line(request.path),
                "method": request.method,
                "code": refusal.code,
            },
        )
