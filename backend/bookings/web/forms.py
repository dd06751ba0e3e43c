"""What the signed-up list's pages take."""

from backend.bookings.models import BookingState
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery

REASON_LENGTH = 100


class SignUpsQuery(PageQuery):
    """The list's filters."""

    offering_id = fields.Id()
    slot_id = fields.Id()
    state = fields.Choice(BookingState)


class TakeAlongForm(Schema):
    """What the paper or the file is for."""

    reason = fields.ImpersonalText(REASON_LENGTH, required=True)
