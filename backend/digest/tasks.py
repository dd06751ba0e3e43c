"""The job of the digest."""

import logging

from backend.core import clock
from backend.core.context import composed
from backend.core.db import transaction
from backend.core.jobs import job
from backend.core.todos import AllToDos
from backend.digest import operations
from backend.gateways.robots import RobotFailed, Robots, RobotUnknown

log = logging.getLogger(__name__)


@job("digest.send", cron="*/10 * * * *")
def send() -> None:
    """Say in the office's chats what waits: once each morning; what has certainly told nobody is
    tried again at the next ticks."""
    if not composed(Robots) or not operations.is_due():
        return
    today = clock.today()
    with transaction() as session:
        text = operations.text_of(session, composed(AllToDos))
    for robot in composed(Robots) if text else ():
        with transaction() as session:
            claimed = operations.claim(session, robot.name)
        if not claimed:
            continue
        try:
            robot.say(text or "")
        except RobotFailed as error:
            log.warning("digest not taken", extra={"robot": robot.name, "why": str(error)})
            with transaction() as session:
                operations.note_failed(session, robot.name, today)
        except RobotUnknown as error:
            why = {"robot": robot.name, "why": str(error)}
            log.warning("digest may not have been taken", extra=why)
