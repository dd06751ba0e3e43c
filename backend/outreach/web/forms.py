"""What the forms of the call list carry."""

from enum import StrEnum

from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.outreach.models import Call

REASON_LENGTH = 100


class Shown(StrEnum):
    """Which of those whom a change concerns are listed."""

    OPEN = "open"
    ALL = "all"


class ListQuery(Schema):
    shown = fields.Choice(Shown, load_default=Shown.OPEN)


class CallForm(Schema):
    # Empty: takes the tick back.
    call = fields.Choice(Call, allow_none=True)
    seen = fields.Text(40, required=True)


class LookForm(Schema):
    reason = fields.ImpersonalText(REASON_LENGTH, required=True)
