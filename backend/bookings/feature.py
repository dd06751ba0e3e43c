"""Sign-up, numbers, the line and the desk that calls."""

from backend.bookings import models, receivers, tasks, words
from backend.bookings.web import pages, routes
from backend.core.feature import Feature

FEATURE = Feature(
    name="bookings",
    tables=(models,),
    api=(routes.blp,),
    pages=(pages.pages,),
    titles={
        "BOOKING_STATES": words.BOOKING_STATES,
        "SIGN_UP_ANSWERS": words.SIGN_UP_ANSWERS,
        "SIGN_UP_CANCELLED_BY": words.SIGN_UP_CANCELLED_BY,
        "SIGN_UP_WHOM": words.SIGN_UP_WHOM,
    },
    audit=words.AUDIT,
    states={"预约、号 Booking (`backend/bookings/models.py`)": models.BOOKING_TRANSITIONS},
    jobs=(tasks.end_days, tasks.tell_tomorrow),
    connects=(receivers,),
)
