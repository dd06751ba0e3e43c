"""Activities, stalls, offerings, slots and codes."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities import copies, operations, queries, requests
from backend.activities.codes import images, scenes
from backend.activities.lifecycle import moves
from backend.activities.models import ActivityState
from backend.activities.permissions import (
    access_activity,
    access_activity_for_edit,
    access_offering,
    access_offering_for_edit,
    access_slot_for_edit,
    access_stall_for_edit,
)
from backend.activities.stalls import offerings
from backend.activities.stalls import operations as stalls
from backend.activities.stalls import slots as slot_times
from backend.activities.web import schemas, stall_schemas
from backend.core.config import load, titles
from backend.core.context import composed
from backend.core.db import transaction
from backend.core.given import UNSET, or_else
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.web.api import PUBLIC, Blueprint, Ready
from backend.regions.permissions import check_region

blp = Blueprint("activities", __name__, url_prefix="/api/v1", description="活动、摊位、服务、时段")


@blp.get("/catalogue", access=PUBLIC, answer=schemas.CatalogueAnswer)
def catalogue(_session: Session, _actor: Actor | None) -> dict[str, Any]:
    """The district's lists: service kinds, fields of action, special needs, consents."""
    return {
        "service_kinds": _titled("service_kinds"),
        "fields_": _titled("fields"),
        "special_needs": _titled("special_needs"),
        "consents": [{"purpose": key, **entry} for key, entry in load("consents").items()],
    }


def _titled(name: str) -> list[dict[str, str]]:
    return [{"key": key, "title": title} for key, title in titles(name).items()]


# ---------------------------------------------------------------------------- activities


@blp.get("/activities", access=PUBLIC, query=schemas.ActivityQuery,
         answer=schemas.ActivityItem, page=True)  # fmt: skip
def list_activities(session: Session, actor: Actor | None, query: requests.Activities) -> Ready:
    """Activities by start, or the nearest first."""
    page = queries.list_activities(session, actor, query)
    return Ready({"items": page.items, "next_cursor": page.next_cursor})


@blp.post("/activities", access=Permission.ACTIVITY_EDIT, status=201,
          body=schemas.ActivityRequest, answer=schemas.ActivityAnswer)  # fmt: skip
def create_activity(session: Session, actor: Actor, body: requests.NewActivity) -> dict[str, Any]:
    """Draft an activity."""
    check_region(session, actor, body.region_id, Permission.ACTIVITY_EDIT)
    return queries.activity_detail(session, operations.create_activity(session, actor, body))


@blp.get("/activities/<uuid:activity_id>", access=PUBLIC, answer=schemas.ActivityAnswer)
def get_activity(session: Session, actor: Actor | None, activity_id: UUID) -> dict[str, Any]:
    """An activity with its stalls, offerings and slots."""
    return queries.activity_detail(session, access_activity(session, actor, activity_id))


@blp.put("/activities/<uuid:activity_id>", access=Permission.ACTIVITY_EDIT,
         body=schemas.ActivityChange, answer=schemas.ActivityAnswer)  # fmt: skip
def put_activity(
    session: Session, actor: Actor, body: requests.ActivityEdit, activity_id: UUID
) -> dict[str, Any]:
    """Change an activity; what is not named stays."""
    activity = access_activity_for_edit(session, actor, activity_id)
    if body.region_id is not UNSET:
        check_region(session, actor, body.region_id, Permission.ACTIVITY_EDIT)
    operations.update_activity(session, actor, activity, body)
    return queries.activity_detail(session, activity)


@blp.post("/activities/<uuid:activity_id>/submit", access=Permission.ACTIVITY_SUBMIT,
          answer=schemas.ActivityAnswer)  # fmt: skip
def submit(session: Session, actor: Actor, _: Any, activity_id: UUID) -> dict[str, Any]:
    """Submit a draft to those who publish."""
    return _move(session, actor, activity_id, Permission.ACTIVITY_SUBMIT,
                 ActivityState.SUBMITTED, "submit")  # fmt: skip


@blp.post("/activities/<uuid:activity_id>/publish", access=Permission.ACTIVITY_PUBLISH,
          answer=schemas.ActivityAnswer)  # fmt: skip
def publish(session: Session, actor: Actor, _: Any, activity_id: UUID) -> dict[str, Any]:
    """Publish a draft or a submitted activity."""
    return _move(session, actor, activity_id, Permission.ACTIVITY_PUBLISH,
                 ActivityState.PUBLISHED, "publish")  # fmt: skip


@blp.post("/activities/<uuid:activity_id>/return", access=Permission.ACTIVITY_PUBLISH,
          body=schemas.ReasonRequest, answer=schemas.ActivityAnswer)  # fmt: skip
def return_to_draft(
    session: Session, actor: Actor, body: dict[str, str], activity_id: UUID
) -> dict[str, Any]:
    """Return a submitted activity to its draft, with a reason."""
    return _move(session, actor, activity_id, Permission.ACTIVITY_PUBLISH,
                 ActivityState.DRAFT, "return", body["reason"])  # fmt: skip


@blp.post("/activities/<uuid:activity_id>/open", access=Permission.ACTIVITY_RUN,
          answer=schemas.ActivityAnswer)  # fmt: skip
def open_activity(session: Session, actor: Actor, _: Any, activity_id: UUID) -> dict[str, Any]:
    """Open a published activity: check-in and queues begin."""
    return _move(session, actor, activity_id, Permission.ACTIVITY_RUN,
                 ActivityState.LIVE, "open")  # fmt: skip


@blp.post("/activities/<uuid:activity_id>/undo-open", access=Permission.ACTIVITY_RUN,
          answer=schemas.ActivityAnswer)  # fmt: skip
def undo_open(session: Session, actor: Actor, _: Any, activity_id: UUID) -> dict[str, Any]:
    """Undo the opening of an activity that nobody has come to."""
    return _move(session, actor, activity_id, Permission.ACTIVITY_RUN,
                 ActivityState.PUBLISHED, moves.UNDO_OPEN)  # fmt: skip


@blp.post("/activities/<uuid:activity_id>/close", access=Permission.ACTIVITY_RUN,
          answer=schemas.ActivityAnswer)  # fmt: skip
def close_activity(session: Session, actor: Actor, _: Any, activity_id: UUID) -> dict[str, Any]:
    """Close a live activity: who still waits has not been served."""
    return _move(session, actor, activity_id, Permission.ACTIVITY_RUN,
                 ActivityState.CLOSED, "close")  # fmt: skip


@blp.post("/activities/<uuid:activity_id>/cancel", access=Permission.ACTIVITY_CANCEL,
          body=schemas.CancelRequest, answer=schemas.ActivityAnswer)  # fmt: skip
def cancel_activity(
    session: Session, actor: Actor, body: dict[str, Any], activity_id: UUID
) -> dict[str, Any]:
    """Cancel an activity that is not closed, and every booking of it."""
    return _move(session, actor, activity_id, Permission.ACTIVITY_CANCEL,
                 ActivityState.CANCELLED, "cancel", body["reason"])  # fmt: skip


def _move(
    session: Session,
    actor: Actor,
    activity_id: UUID,
    permission: Permission,
    to: ActivityState,
    action: str,
    reason: str | None = None,
) -> dict[str, Any]:
    activity = access_activity(session, actor, activity_id, permission)
    moves.move_activity(session, actor, activity, to, action=action, reason=reason)
    return queries.activity_detail(session, activity)


@blp.post("/activities/<uuid:activity_id>/copy", access=Permission.ACTIVITY_EDIT, status=201,
          body=schemas.CopyRequest, answer=schemas.ActivityAnswer)  # fmt: skip
def copy_activity(
    session: Session, actor: Actor, body: requests.Copy, activity_id: UUID
) -> dict[str, Any]:
    """Copy an activity with its stalls, offerings and slots to another time, and region."""
    source = access_activity(session, actor, activity_id, Permission.ACTIVITY_EDIT)
    region_id = or_else(body.region_id, source.region_id)
    check_region(session, actor, region_id, Permission.ACTIVITY_EDIT)
    differs = requests.ActivityEdit(ends_at=body.ends_at)
    place = copies.Place(body.starts_at, region_id, differs, body.slots)
    copied = copies.copy_activity(session, actor, source, place)
    return queries.activity_detail(session, copied)


# ---------------------------------------------------------------------------- stalls


@blp.post("/activities/<uuid:activity_id>/stalls", access=Permission.ACTIVITY_EDIT, status=201,
          body=stall_schemas.StallRequest, answer=stall_schemas.StallAnswer)  # fmt: skip
def add_stall(
    session: Session, actor: Actor, body: requests.NewStall, activity_id: UUID
) -> dict[str, Any]:
    """Add a stall."""
    activity = access_activity_for_edit(session, actor, activity_id)
    stall = stalls.add_stall(session, actor, activity, body)
    return queries.stall_detail(session, stall.id)


@blp.put("/stalls/<uuid:stall_id>", access=Permission.ACTIVITY_EDIT,
         body=stall_schemas.StallChange, answer=stall_schemas.StallAnswer)  # fmt: skip
def put_stall(
    session: Session, actor: Actor, body: requests.StallEdit, stall_id: UUID
) -> dict[str, Any]:
    """Change a stall; what is not named stays."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    stalls.update_stall(session, actor, activity, stall, body)
    return queries.stall_detail(session, stall.id)


@blp.delete("/stalls/<uuid:stall_id>", access=Permission.ACTIVITY_EDIT)
def delete_stall(session: Session, actor: Actor, _: Any, stall_id: UUID) -> None:
    """Delete a stall that nobody has signed up at."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    stalls.delete_stall(session, actor, activity, stall)


# ---------------------------------------------------------------------------- offerings


@blp.post("/stalls/<uuid:stall_id>/offerings", access=Permission.ACTIVITY_EDIT, status=201,
          body=stall_schemas.OfferingRequest, answer=stall_schemas.OfferingAnswer)  # fmt: skip
def add_offering(
    session: Session, actor: Actor, body: requests.NewOffering, stall_id: UUID
) -> dict[str, Any]:
    """Add a service to a stall."""
    activity, stall = access_stall_for_edit(session, actor, stall_id)
    offering = offerings.add_offering(session, actor, activity, stall, body)
    return queries.offering_detail(session, offering.id)


@blp.get("/offerings/<uuid:offering_id>", access=PUBLIC, answer=stall_schemas.OfferingAnswer)
def get_offering(session: Session, actor: Actor | None, offering_id: UUID) -> dict[str, Any]:
    """A service with its slots and free places."""
    return queries.offering_detail(session, access_offering(session, actor, offering_id).id)


@blp.put("/offerings/<uuid:offering_id>", access=Permission.ACTIVITY_EDIT,
         body=stall_schemas.OfferingChange, answer=stall_schemas.OfferingAnswer)  # fmt: skip
def put_offering(
    session: Session, actor: Actor, body: requests.OfferingEdit, offering_id: UUID
) -> dict[str, Any]:
    """Change a service; what is not named stays."""
    activity, offering = access_offering_for_edit(session, actor, offering_id)
    offerings.update_offering(session, actor, activity, offering, body)
    return queries.offering_detail(session, offering.id)


@blp.delete("/offerings/<uuid:offering_id>", access=Permission.ACTIVITY_EDIT)
def delete_offering(session: Session, actor: Actor, _: Any, offering_id: UUID) -> None:
    """Delete a service that nobody has signed up for."""
    activity, offering = access_offering_for_edit(session, actor, offering_id)
    offerings.delete_offering(session, actor, activity, offering)


# ---------------------------------------------------------------------------- slots


@blp.post("/offerings/<uuid:offering_id>/slots", access=Permission.ACTIVITY_EDIT, status=201,
          body=stall_schemas.SlotsRequest, answer=stall_schemas.OfferingAnswer)  # fmt: skip
def add_slots(
    session: Session, actor: Actor, body: requests.NewSlots, offering_id: UUID
) -> dict[str, Any]:
    """Add slots: a list, or a pattern to make them from. Answers the offering with all of them."""
    activity, offering = access_offering_for_edit(session, actor, offering_id)
    slots = slot_times.generate_slots(body) if isinstance(body, requests.SlotPattern) else body
    slot_times.add_slots(session, actor, activity, offering, slots)
    return queries.offering_detail(session, offering.id)


@blp.put("/slots/<uuid:slot_id>", access=Permission.ACTIVITY_EDIT,
         body=stall_schemas.SlotChange, answer=stall_schemas.SlotAnswer)  # fmt: skip
def put_slot(session: Session, actor: Actor, body: requests.SlotEdit, slot_id: UUID) -> Any:
    """Change a slot; what is not named stays."""
    activity, slot = access_slot_for_edit(session, actor, slot_id)
    slot_times.update_slot(session, actor, activity, slot_id, body)
    detail = queries.offering_detail(session, slot.offering_id)
    return next(slot for slot in detail["slots"] if slot["id"] == slot_id)


@blp.delete("/slots/<uuid:slot_id>", access=Permission.ACTIVITY_EDIT)
def delete_slot(session: Session, actor: Actor, _: Any, slot_id: UUID) -> None:
    """Delete a slot that nobody has booked."""
    activity, _slot = access_slot_for_edit(session, actor, slot_id)
    slot_times.delete_slot(session, actor, activity, slot_id)


# ---------------------------------------------------------------------------- codes


@blp.get("/activities/<uuid:activity_id>/code", access=Permission.CODE_SHOW,
         answer=schemas.MarketCodeAnswer)  # fmt: skip
def get_code(session: Session, actor: Actor, activity_id: UUID) -> scenes.ShownCode:
    """The market's own check-in code, as the entrance shows it now."""
    activity = access_activity(session, actor, activity_id, Permission.CODE_SHOW)
    scene = scenes.current_code(session, activity.id).scene
    return composed(scenes.MarketCodes).shown(scene, activity.code_rotates_seconds)


@blp.post("/activities/<uuid:activity_id>/code/revoke", access=Permission.CODE_REVOKE,
          answer=schemas.MarketCodeAnswer)  # fmt: skip
def revoke_code(session: Session, actor: Actor, _: Any, activity_id: UUID) -> scenes.ShownCode:
    """Make every printed code of this activity worthless; answers the new one."""
    activity = access_activity(session, actor, activity_id, Permission.CODE_REVOKE)
    scene = operations.revoke_code(session, actor, activity).scene
    return composed(scenes.MarketCodes).shown(scene, activity.code_rotates_seconds)


@blp.get("/activities/<uuid:activity_id>/code.png", access=Permission.CODE_SHOW,
         in_transaction=False, content_type="image/png",
         limit=Limit("images", in_process=True))  # fmt: skip
def get_code_image(actor: Actor, activity_id: UUID) -> Response:
    """The mini-program code image; a QR of a plain link where WeChat can't be reached."""
    with transaction() as session:
        access_activity(session, actor, activity_id, Permission.CODE_SHOW)
        code, png = images.kept_image(session, activity_id)
    return Response(images.image_or_link(code, png), content_type="image/png")


@blp.get("/market-codes/<scene>", access=PUBLIC, answer=schemas.CodeTargetAnswer)
def get_code_target(session: Session, _: Actor | None, scene: str) -> dict[str, Any]:
    """The activity that a scanned or printed code belongs to."""
    return queries.target_of_code(session, scenes.scene_of(scene))
