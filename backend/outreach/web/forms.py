"""What the forms of the call list carry."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import marshmallow as ma

from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.outreach.models import Audience, Call
from backend.outreach.requests import NewAnnouncement

REASON_LENGTH = ANNOUNCEMENT_LENGTH = 100


class Shown(StrEnum):
    """Which of those whom a change concerns are listed."""

    OPEN = "open"
    ALL = "all"


class ListQuery(Schema):
    shown = fields.Choice(Shown, load_default=Shown.OPEN)
    # Who was just ticked off: stays in sight, where they stood.
    at = fields.Id(load_default=None)


class CallForm(Schema):
    # Empty: takes the tick back.
    call = fields.Choice(Call, allow_none=True)
    seen = fields.Text(40, required=True)


class LookForm(Schema):
    reason = fields.ImpersonalText(REASON_LENGTH, required=True)


class AnnouncementForm(Schema):
    text = fields.ImpersonalText(ANNOUNCEMENT_LENGTH, required=True)
    # An audience; of a line with the service's id after a colon.
    to = fields.Text(50, required=True)
    # Whether it has been shown how many people that are.
    confirmed = fields.FlagInQuery()

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        audience, _, offering_id = data["to"].partition(":")
        try:
            new = NewAnnouncement(
                text=data["text"],
                audience=Audience(audience),
                offering_id=UUID(offering_id) if audience == Audience.LINE else None,
            )
        except ValueError:
            raise ma.ValidationError("请选择发给谁", "to") from None
        return {"new": new, "to": data["to"], "confirmed": data.get("confirmed", False)}
