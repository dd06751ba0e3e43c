"""What the signed-up list's pages take."""

from backend.bookings.models import BookingState
from backend.bookings.signed_up.filters import Answered, Whom
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery

REASON_LENGTH = 100


class SignUpsQuery(PageQuery):
    """The list's filters."""

    offering_id = fields.Id()
    slot_id = fields.Id()
    state = fields.Choice(BookingState)
    answer = fields.Choice(Answered)
    whom = fields.Choice(Whom)


class TakeAlongForm(Schema):
    """What the paper or the file is for."""

    reason = fields.ImpersonalText(REASON_LENGTH, required=True)
