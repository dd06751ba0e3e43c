"""Sign-up, numbers, the line, and the desk that calls."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities.permissions import access_activity, access_offering
from backend.bookings import operations, queries
from backend.bookings.answers import shown
from backend.bookings.line import calling, desk, order
from backend.bookings.models import Booking, BookingState
from backend.bookings.news import answer
from backend.bookings.permissions import access_booking, access_own_booking, access_to_move
from backend.bookings.requests import (
    ActivityBookings,
    CallNext,
    Keep,
    MyBookings,
    SignUp,
    TakeNumber,
)
from backend.bookings.web import schemas
from backend.core.limits import Limit
from backend.core.pagination import Page
from backend.core.permissions import Actor, Permission
from backend.core.web.api import LOGIN, PUBLIC, Blueprint, Ready

S = BookingState
blp = Blueprint("bookings", __name__, url_prefix="/api/v1", description="报名、取号、叫号")


@blp.post("/offerings/<uuid:offering_id>/bookings", access=LOGIN, status=201,
          body=schemas.BookingRequest, answer=schemas.BookingAnswer,
          limit=Limit("sign_up_tries", in_process=True))  # fmt: skip
def sign_up(session: Session, actor: Actor, body: SignUp, offering_id: UUID) -> Ready:
    """Sign up, for oneself or a family member."""
    booked = operations.sign_up(session, actor, offering_id, body)
    return Ready(shown.booking_answer(session, actor, booked))


@blp.post("/offerings/<uuid:offering_id>/tickets", access=LOGIN, status=201,
          body=schemas.TicketRequest, answer=schemas.BookingAnswer,
          limit=Limit("tickets"))  # fmt: skip
def take_number(session: Session, actor: Actor, body: TakeNumber, offering_id: UUID) -> Ready:
    """A walk-in number: from a volunteer, or one's own on the spot after check-in."""
    booked = operations.take_number(session, actor, offering_id, body)
    return Ready(shown.booking_answer(session, actor, booked))


@blp.get("/offerings/<uuid:offering_id>/queue", access=PUBLIC, answer=schemas.QueueAnswer)
def get_queue(session: Session, actor: Actor | None, offering_id: UUID) -> dict[str, Any]:
    """The line: who is called where, how many wait, how long it takes."""
    return order.queue_of(session, access_offering(session, actor, offering_id))


@blp.get("/bookings/<uuid:booking_id>", access=LOGIN, answer=schemas.BookingAnswer)
def get_booking(session: Session, actor: Actor, booking_id: UUID) -> dict[str, Any]:
    """A booking, with its place in the line while it waits."""
    found = access_booking(session, actor, booking_id)
    return shown.booking_detail(session, actor, found.booking.id)


@blp.get("/me/bookings", access=LOGIN, query=schemas.MyBookingQuery,
         answer=schemas.BookingAnswer, page=True)  # fmt: skip
def my_bookings(session: Session, actor: Actor, query: MyBookings) -> Page:
    """My bookings and my family's, in the order asked for."""
    return queries.my_bookings(session, actor, query)


@blp.get("/activities/<uuid:activity_id>/bookings", access=Permission.BOOKING_SEE,
         query=schemas.ActivityBookingQuery, answer=schemas.BookingAnswer, page=True)  # fmt: skip
def list_bookings(
    session: Session, actor: Actor, query: ActivityBookings, activity_id: UUID
) -> Page:
    """An activity's bookings, for its staff: what a desk or the entrance looks through."""
    activity = access_activity(session, actor, activity_id, Permission.BOOKING_SEE)
    return queries.activity_bookings(session, actor, activity.id, query)


@blp.get("/stalls/<uuid:stall_id>/desk", access=Permission.QUEUE_CALL,
         answer=schemas.DeskAnswer)  # fmt: skip
def get_desk(session: Session, actor: Actor, stall_id: UUID) -> dict[str, Any]:
    """A stall's desk: who is called and served, who is next, who stepped out, the day's counts."""
    return desk.desk_of(session, actor, stall_id)


@blp.post("/stalls/<uuid:stall_id>/call-next", access=Permission.QUEUE_CALL,
          body=schemas.CallNextRequest, answer=schemas.DeskBookingAnswer,
          key_field="press_id", also={204: "nobody waits"},
          limit=Limit("calls", in_process=True))  # fmt: skip
def call_next(session: Session, actor: Actor, body: CallNext, stall_id: UUID) -> Any:
    """Call the next number; 204 when nobody waits. The same press_id gets the same answer."""
    called = calling.call_next(session, actor, stall_id, body)
    if called is None:
        return None, 204
    (answer,) = shown.desk_answers(session, actor, [called])
    return Ready(answer)


@blp.post("/bookings/<uuid:booking_id>/cancel", access=LOGIN, answer=schemas.BookingAnswer,
          limit=Limit("cancel"))  # fmt: skip
def cancel(session: Session, actor: Actor, _: Any, booking_id: UUID) -> dict[str, Any]:
    """Cancel a booking that has not begun; its place is free again."""
    found = access_to_move(session, actor, booking_id, S.CANCELLED)
    operations.cancel(session, actor, found.booking, region_code=found.region_code)
    return shown.booking_detail(session, actor, booking_id)


@blp.post("/bookings/<uuid:booking_id>/keep", access=LOGIN, body=schemas.KeepRequest,
          answer=schemas.BookingAnswer)  # fmt: skip
def keep(session: Session, actor: Actor, body: Keep, booking_id: UUID) -> dict[str, Any]:
    """It was moved, and I (or my family member) still come."""
    found = access_own_booking(session, actor, booking_id)
    answer.keep(session, actor, found.booking, body, region_code=found.region_code)
    return shown.booking_detail(session, actor, booking_id)


@blp.post("/bookings/<uuid:booking_id>/rejoin", access=LOGIN, answer=schemas.BookingAnswer)
def rejoin(session: Session, actor: Actor, _: Any, booking_id: UUID) -> dict[str, Any]:
    """Back into the line: after being set aside, or once after being missed."""
    return _at_desk(session, actor, booking_id, calling.rejoin, S.ARRIVED)


@blp.post("/bookings/<uuid:booking_id>/park", access=LOGIN, answer=schemas.BookingAnswer)
def park(session: Session, actor: Actor, _: Any, booking_id: UUID) -> dict[str, Any]:
    """Set a number aside; it keeps its place."""
    return _at_desk(session, actor, booking_id, calling.park, S.PARKED)


@blp.post("/bookings/<uuid:booking_id>/recall", access=Permission.QUEUE_CALL,
          answer=schemas.BookingAnswer)  # fmt: skip
def recall(session: Session, actor: Actor, _: Any, booking_id: UUID) -> dict[str, Any]:
    """Call a called number again; soon after the last call it is still that one."""
    return _at_desk(session, actor, booking_id, calling.recall, S.CALLED)


@blp.post("/bookings/<uuid:booking_id>/start", access=Permission.QUEUE_CALL,
          answer=schemas.BookingAnswer)  # fmt: skip
def start(session: Session, actor: Actor, _: Any, booking_id: UUID) -> dict[str, Any]:
    """The person has come to the desk."""
    return _at_desk(session, actor, booking_id, calling.start, S.SERVING)


@blp.post("/bookings/<uuid:booking_id>/finish", access=Permission.QUEUE_CALL,
          answer=schemas.BookingAnswer)  # fmt: skip
def finish(session: Session, actor: Actor, _: Any, booking_id: UUID) -> dict[str, Any]:
    """The service has been given."""
    return _at_desk(session, actor, booking_id, calling.finish, S.SERVED)


@blp.post("/bookings/<uuid:booking_id>/undo-finish", access=Permission.QUEUE_CALL,
          answer=schemas.BookingAnswer)  # fmt: skip
def undo_finish(session: Session, actor: Actor, _: Any, booking_id: UUID) -> dict[str, Any]:
    """It was not finished after all; for a minute."""
    return _at_desk(session, actor, booking_id, calling.undo_finish, S.SERVING)


@blp.post("/bookings/<uuid:booking_id>/miss", access=Permission.QUEUE_CALL,
          answer=schemas.BookingAnswer)  # fmt: skip
def miss(session: Session, actor: Actor, _: Any, booking_id: UUID) -> dict[str, Any]:
    """Pass over a number that has been called several times and did not come."""
    return _at_desk(session, actor, booking_id, calling.miss, S.MISSED)


def _at_desk(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    act: Callable[[Session, Actor, Booking, str], None],
    to: BookingState,
) -> dict[str, Any]:
    found = access_to_move(session, actor, booking_id, to)
    act(session, actor, found.booking, found.region_code)
    session.flush()
    return shown.booking_detail(session, actor, booking_id)
