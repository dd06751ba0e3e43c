"""Scans, visits, finding people."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.activities.permissions import access_activity
from backend.checkin import operations, queries
from backend.checkin.requests import Scanned, Undo, Wanted
from backend.checkin.web import schemas
from backend.core import audit
from backend.core.limits import Limit
from backend.core.pagination import Asked, Page
from backend.core.permissions import Actor, Permission
from backend.core.web.api import LOGIN, Blueprint, Ready
from backend.core.web.lists import ListQuery

blp = Blueprint("checkin", __name__, url_prefix="/api/v1", description="签到")


def _tell_organiser(session: Session, actor: Actor | None, path: Mapping[str, Any]) -> None:
    operations.note_limit(session, actor, path["activity_id"], Permission.RESIDENT_FIND)


@blp.post("/activities/<uuid:activity_id>/scans", access=LOGIN, status=201,
          body=schemas.ScanRequest, answer=schemas.ScanAnswer,
          also={200: "here already, or refused"},
          limit=Limit("scans", in_process=True))  # fmt: skip
def post_scan(
    session: Session, actor: Actor, body: Scanned, activity_id: UUID
) -> tuple[Ready, int]:
    """One scan. 201 when it makes a visit, 200 when the person is here already or is refused."""
    answer = operations.record_scan(session, actor, activity_id, body)
    return Ready(answer), answer.status


@blp.post("/scans/<uuid:scan_id>/revert", access=Permission.CHECKIN_REVERT, status=201,
          body=schemas.RevertRequest, answer=schemas.RevertAnswer)  # fmt: skip
def revert_scan(session: Session, actor: Actor, body: Undo, scan_id: UUID) -> dict[str, Any]:
    """Undo a scan, with a reason."""
    revert = operations.revert_scan(session, actor, scan_id, body)
    return {
        "id": revert.id,
        "scan_id": scan_id,
        "reason": body.reason,
        "at": revert.at,
        "tickets": queries.numbers_left(session, scan_id),
    }


@blp.get("/activities/<uuid:activity_id>/attendances", access=Permission.ATTENDANCE_LIST,
         query=ListQuery, answer=schemas.ListedAttendanceAnswer, page=True)  # fmt: skip
def list_attendances(session: Session, actor: Actor, query: Asked, activity_id: UUID) -> Page:
    """Who has come, newest first, and how we know."""
    activity = access_activity(session, actor, activity_id, Permission.ATTENDANCE_LIST)
    return queries.list_attendances(session, activity.id, query)


@blp.post("/activities/<uuid:activity_id>/residents/find", access=Permission.RESIDENT_FIND,
          body=schemas.FindRequest, answer=schemas.FoundPage,
          limit=Limit("find", done_only=True, reached=_tell_organiser))  # fmt: skip
def find_residents(
    session: Session, actor: Actor, body: Wanted, activity_id: UUID
) -> dict[str, Any]:
    """Find a person without their code, while people are checked in: by the whole phone number
    anybody; by its last four digits or the whole name who has to do with the place.

    A POST, so that no number stands in an address or an access log; each look-up is audited.
    """
    activity = access_activity(session, actor, activity_id, Permission.RESIDENT_FIND)
    operations.check_find(activity)
    found = queries.find_residents(session, activity, body)
    audit.record(
        session,
        actor,
        "find_residents",
        Activity.__tablename__,
        activity.id,
        region_code=activity.region_code,
        details={
            "by": "name" if body.phone is None else "phone",
            "found": [str(one["id"]) for one in found.people],
        },
    )
    return {"items": found.people, "next_cursor": None, "more": found.more}


@blp.get("/me/attendances", access=LOGIN, query=ListQuery,
         answer=schemas.MyAttendanceAnswer, page=True)  # fmt: skip
def my_attendances(session: Session, actor: Actor, query: Asked) -> Page:
    """My visits and my family's."""
    return queries.my_attendances(session, actor, query)
