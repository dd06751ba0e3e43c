"""Needs (list one): raised, supported, decided on, planned."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities.models import Activity
from backend.core import clock
from backend.core.db import transaction
from backend.core.errors import ValidationFailed
from backend.core.limits import Limit
from backend.core.pagination import Asked, Page
from backend.core.permissions import Actor, Permission
from backend.core.photos import MIMETYPE, made_safe
from backend.core.web.api import LOGIN, PUBLIC, Blueprint
from backend.core.web.lists import ListQuery
from backend.core.web.replies import photo_response
from backend.core.web.sent import sent_photo
from backend.identity.permissions import access_own_resident
from backend.needs import operations, photos
from backend.needs.answers import shown
from backend.needs.lifecycle import merging, plans
from backend.needs.permissions import (
    access_need,
    access_to_read,
    access_to_show,
    check_head,
    check_offering,
    find_asker,
    find_voice,
    people_of,
)
from backend.needs.requests import Accepted, Ended, Judged, NeedsAsked, Raised, SimilarAsked
from backend.needs.verdicts import operations as verdicts
from backend.needs.voices import looking
from backend.needs.voices import operations as voices
from backend.needs.web import schemas
from backend.regions.models import Region

blp = Blueprint("needs_api", __name__, url_prefix="/api/v1", description="需求清单")
_NEEDS = Limit("needs")


@blp.post("/needs", access=LOGIN, status=201, body=schemas.NeedRequest,
          answer=schemas.NeedInFullAnswer, limit=_NEEDS)  # fmt: skip
def raise_need(session: Session, actor: Actor, body: Raised) -> dict[str, Any]:
    """Raise a need, of mine or a family member's; staff that name the `source` write one down for
    somebody, or for nobody."""
    region = session.get(Region, body.region_id)
    if region is None:
        raise ValidationFailed(errors={"region_id": ["没有这个地区"]})
    others = body.source is not None
    asker = find_asker(session, actor, region.code, body.resident_id, for_others=others)
    need = operations.raise_need(session, actor, body.as_of(clock.today()), asker)
    return shown.need_in_full(session, actor, need)


@blp.get("/needs", access=PUBLIC, query=schemas.NeedsQuery, answer=schemas.NeedAnswer,
         page=True)  # fmt: skip
def list_needs(session: Session, actor: Actor | None, query: tuple[NeedsAsked, Asked]) -> Page:
    """What communities have taken on and what became of it, without persons; of the regions of
    staff, all."""
    wanted, asked = query
    return shown.list_needs(session, actor, wanted, asked)


@blp.get("/needs/similar", access=PUBLIC, query=schemas.SimilarQuery,
         answer=schemas.SimilarAnswer)  # fmt: skip
def list_similar(session: Session, actor: Actor | None, query: SimilarAsked) -> dict[str, Any]:
    """Needs under way in the same subdistrict that are like the one which is about to be raised,
    the most alike first, at most five: of those that I may read."""
    return {"items": shown.list_similar(session, actor, query)}


@blp.get("/me/needs", access=LOGIN, query=ListQuery, answer=schemas.NeedInFullAnswer,
         page=True)  # fmt: skip
def list_own_needs(session: Session, actor: Actor, query: Asked) -> Page:
    """The needs that I or my family ask for, the last raised first."""
    return shown.list_own(session, actor, query)


@blp.get("/needs/<uuid:need_id>", access=PUBLIC, answer=schemas.NeedInFullAnswer)
def get_need(session: Session, actor: Actor | None, need_id: UUID) -> dict[str, Any]:
    """A need, with what has become of it."""
    return shown.need_in_full(session, actor, access_to_read(session, actor, need_id))


@blp.put("/needs/<uuid:need_id>/photos/<uuid:photo_id>", access=LOGIN, raw=True,
         in_transaction=False, answer=schemas.NeedInFullAnswer, limit=Limit("photos"))  # fmt: skip
def put_photo(actor: Actor, need_id: UUID, photo_id: UUID) -> dict[str, Any]:
    """Add a photo to what I have raised or written down, before it is decided on. The body is the
    photo itself (JPEG, PNG or WebP, at most 2 MB), the id is made by the phone: the same photo may
    be sent again."""
    with transaction() as session:
        access_to_show(session, actor, need_id)
    # While it is looked at nobody waits for a connection.
    jpeg = made_safe(sent_photo())
    with transaction() as session:
        need = access_to_show(session, actor, need_id)
        photos.add_photo(session, need, photo_id, jpeg)
        return shown.need_in_full(session, actor, need)


@blp.get("/needs/<uuid:need_id>/photos/<uuid:photo_id>", access=PUBLIC,
         content_type=MIMETYPE)  # fmt: skip
def get_photo(session: Session, actor: Actor | None, need_id: UUID, photo_id: UUID) -> Response:
    """A photo of a need, for whoever reads the need."""
    need = access_to_read(session, actor, need_id)
    return photo_response(photos.photo_of(session, need.id, photo_id))


@blp.post("/needs/<uuid:need_id>/support", access=LOGIN, status=201,
          body=schemas.SupportRequest, answer=schemas.NeedInFullAnswer,
          also={200: "it stands already"}, limit=_NEEDS)  # fmt: skip
def support(
    session: Session, actor: Actor, body: dict[str, UUID], need_id: UUID
) -> tuple[dict[str, Any], int]:
    """「我也需要」: mine, or a family member's; staff for somebody who stands before them."""
    need = access_to_read(session, actor, need_id)
    asker = find_asker(session, actor, need.region_code, body.get("resident_id"))
    new = voices.support(session, need, asker)
    return shown.need_in_full(session, actor, need), 201 if new else 200


@blp.delete("/needs/<uuid:need_id>/support", access=LOGIN, body=schemas.OwnVoiceRequest,
            limit=_NEEDS)  # fmt: skip
def withdraw(session: Session, actor: Actor, body: dict[str, UUID], need_id: UUID) -> Response:
    """Take my support back, or that I have raised it; or a family member's. Staff take nobody
    else's back."""
    need = access_to_read(session, actor, need_id)
    person = access_own_resident(session, actor, body.get("resident_id"), lock=True)
    voices.withdraw(session, need, person.id)
    return Response(status=204)


@blp.post("/needs/<uuid:need_id>/verdict", access=LOGIN, body=schemas.VerdictRequest,
          answer=schemas.NeedInFullAnswer, limit=_NEEDS)  # fmt: skip
def judge(session: Session, actor: Actor, body: Judged, need_id: UUID) -> dict[str, Any]:
    """「解决了吗？」: what I, or a family member, say of it. It may be said anew while the need is
    served or judged."""
    need = access_to_read(session, actor, need_id)
    verdicts.judge(session, need, find_voice(session, actor, need, body.resident_id), body)
    return shown.need_in_full(session, actor, need)


@blp.post("/needs/<uuid:need_id>/accept", access=Permission.NEED_HANDLE,
          body=schemas.NeedAcceptRequest, answer=schemas.NeedInFullAnswer)  # fmt: skip
def accept(session: Session, actor: Actor, body: Accepted, need_id: UUID) -> dict[str, Any]:
    """Take a need on: everybody reads it from now on."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.accept(session, actor, need, body.words)
    return shown.need_in_full(session, actor, need)


@blp.post("/needs/<uuid:need_id>/decline", access=Permission.NEED_HANDLE,
          body=schemas.NeedDeclineRequest, answer=schemas.NeedInFullAnswer)  # fmt: skip
def decline(session: Session, actor: Actor, body: Ended, need_id: UUID) -> dict[str, Any]:
    """Refuse a need, with a reason from the list."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.decline(session, actor, need, body)
    return shown.need_in_full(session, actor, need)


@blp.post("/needs/<uuid:need_id>/close-unsolved", access=Permission.NEED_HANDLE,
          body=schemas.NeedUnsolvedRequest, answer=schemas.NeedInFullAnswer)  # fmt: skip
def close_unsolved(session: Session, actor: Actor, body: Ended, need_id: UUID) -> dict[str, Any]:
    """End a need without a solution, with a reason from the list."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.close_unsolved(session, actor, need, body)
    return shown.need_in_full(session, actor, need)


@blp.post("/needs/<uuid:need_id>/take-up", access=Permission.NEED_HANDLE,
          answer=schemas.NeedInFullAnswer)  # fmt: skip
def take_up(session: Session, actor: Actor, _body: dict[str, Any], need_id: UUID) -> dict[str, Any]:
    """Take on anew a need that ended with `no_resource_yet`."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    operations.take_up(session, actor, need)
    return shown.need_in_full(session, actor, need)


@blp.post("/needs/<uuid:need_id>/reopen", access=LOGIN,
          body=schemas.ReopenRequest, answer=schemas.NeedInFullAnswer, limit=_NEEDS)  # fmt: skip
def reopen(
    session: Session, actor: Actor, body: dict[str, str | None], need_id: UUID
) -> dict[str, Any]:
    """Begin a new round of a need: I, or a family member, have said that it isn't solved; or staff
    were told so, and say by what reason."""
    need, people = access_to_read(session, actor, need_id), people_of(session, actor)
    as_staff = actor.may(Permission.NEED_HANDLE, region_code=need.region_code)
    if not as_staff or verdicts.is_unsolved_to(session, need, people):
        verdicts.ask_again(session, need, people, body["reason"])
    elif body["reason"] is None:
        raise ValidationFailed(errors={"reason": ["请写居民怎么说"]})
    else:
        operations.reopen(session, actor, need, body["reason"])
    return shown.need_in_full(session, actor, need)


@blp.get("/needs/<uuid:need_id>/voices", access=Permission.NEED_VOICES,
         query=schemas.WhyQuery, answer=schemas.SeenVoicesAnswer)  # fmt: skip
def see_voices(
    session: Session, actor: Actor, query: dict[str, str], need_id: UUID
) -> dict[str, Any]:
    """Who asks for a need, for the clerks of its own community. Each look is kept, with why, and
    told to those who were looked at."""
    need = access_need(session, actor, need_id, Permission.NEED_VOICES)
    return {"items": looking.see_voices(session, actor, need, query["why"])}


@blp.post("/needs/<uuid:need_id>/voices/<uuid:voice_id>/contact", access=Permission.NEED_VOICES,
          body=schemas.WhyRequest, answer=schemas.VoiceNumberAnswer)  # fmt: skip
def see_number(
    session: Session, actor: Actor, body: dict[str, str], need_id: UUID, voice_id: UUID
) -> looking.Number:
    """The phone number in full of one who asks, to call them; kept and told likewise."""
    need = access_need(session, actor, need_id, Permission.NEED_VOICES)
    return looking.see_number(session, actor, need, voice_id, body["reason"])


@blp.post("/needs/<uuid:need_id>/merge", access=Permission.NEED_HANDLE,
          body=schemas.MergeRequest, answer=schemas.NeedInFullAnswer)  # fmt: skip
def merge(session: Session, actor: Actor, body: dict[str, UUID], need_id: UUID) -> dict[str, Any]:
    """Deal with a need as one with another of its subdistrict."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    merging.merge(session, actor, need, check_head(session, actor, body["into_id"]))
    return shown.need_in_full(session, actor, need)


@blp.post("/needs/<uuid:need_id>/unmerge", access=Permission.NEED_HANDLE,
          answer=schemas.NeedInFullAnswer)  # fmt: skip
def unmerge(session: Session, actor: Actor, _body: dict[str, Any], need_id: UUID) -> dict[str, Any]:
    """Deal with a need by itself again: it is as it was before it was merged."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    merging.unmerge(session, actor, need)
    return shown.need_in_full(session, actor, need)


@blp.post("/needs/<uuid:need_id>/plans", access=Permission.NEED_HANDLE, status=201,
          body=schemas.PlanRequest, answer=schemas.NeedInFullAnswer)  # fmt: skip
def plan(session: Session, actor: Actor, body: dict[str, UUID], need_id: UUID) -> dict[str, Any]:
    """Plan a need for a service of a market."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    offering = check_offering(session, actor, body["offering_id"])
    plans.plan(session, actor, need, session.get_one(Activity, offering.activity_id), offering)
    return shown.need_in_full(session, actor, need)


@blp.delete("/needs/<uuid:need_id>/plans/<uuid:offering_id>", access=Permission.NEED_HANDLE)
def take_off(
    session: Session, actor: Actor, _body: dict[str, Any], need_id: UUID, offering_id: UUID
) -> Response:
    """Take a need off a service."""
    need = access_need(session, actor, need_id, Permission.NEED_HANDLE)
    plans.take_off(session, actor, need, offering_id)
    return Response(status=204)
