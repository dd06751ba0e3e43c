"""The fast path of sign-up and calling: hand-written statements (make bench shows their figures).

Nobody oversells: a place is taken by one conditional UPDATE of the slot's row and one of the
service's day, both in the statement that writes the booking; locks come in the order
resident → activity → offering → slot → service day. Nobody is called twice: FOR UPDATE SKIP LOCKED.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy.orm import Session

from backend.bookings.answers.rows import written_bookings
from backend.bookings.line.order import LINE_ORDER, gone, place_in_line
from backend.bookings.models import ACTIVE_STATES
from backend.core.db.statement import Statement

_ACTIVE = ", ".join(f"'{state.value}'" for state in ACTIVE_STATES)

# Locks the person FOR UPDATE: their requests come one after the other, and a check-in of theirs
# either has committed, and is seen below, or waits and then sees the booking (its foreign key
# takes FOR KEY SHARE). Locks activity and offering FOR KEY SHARE, as the booking's foreign keys
# will: whoever closes or deletes them takes FOR UPDATE, so no booking slips in behind.
_CONTEXT = Statement(
    """
    SELECT a.id AS activity_id, a.state, a.starts_at, a.ends_at, a.checkin_opens_minutes,
           g.code AS region_code,
           o.mode, o.letter, o.capacity, o.min_age, o.daily_cap_per_person, o.walk_in_share,
           o.sign_up_opens_at, o.sign_up_closes_at, t.organisation_id,
           s.id AS slot_id, s.starts_at AS slot_starts_at, s.ends_at AS slot_ends_at,
           s.capacity AS slot_capacity,
           r.id AS resident_id, r.birth_year, r.user_id, r.guardian_user_id
      FROM offering o
      JOIN stall t ON t.id = o.stall_id
      JOIN activity a ON a.id = o.activity_id
      JOIN region g ON g.id = a.region_id
      JOIN resident r ON r.id = :resident_id AND r.removed_at IS NULL
      LEFT JOIN slot s ON s.id = :slot_id AND s.offering_id = o.id
     WHERE o.id = :offering_id AND o.dropped_at IS NULL
       FOR UPDATE OF r FOR KEY SHARE OF a, o
    """,
    plans_once=True,
)

# `mine`: what the person holds already. `too_many`: when they did the sign-up that leaves no room
# for another (config/rules.toml, `sign_up`); theirs come one after the other, so it sees all of
# them. `place`: a place of the slot, if one is free (without a slot, always). `numbered`: the
# day's next number and its instant, which is later than that of the number before, whoever looked
# at the clock first: told under the lock of the day's row, it is the place in the line. `roomy`:
# that number, if the day has room: read from the offering FOR SHARE, after the day's row is ours,
# so that a cut of its capacity is seen that was committed while we waited for that row. The
# booking follows, the audit entry from the booking. Which part stayed empty tells the refusal.
_BOOK = Statement(
    f"""
    WITH mine AS (
        SELECT count(*) FILTER (WHERE offering_id = :offering_id AND state IN ({_ACTIVE})) AS held,
               count(*) FILTER (WHERE offering_id = :offering_id
                                  AND state NOT IN ('cancelled', 'expired')) AS used,
               count(*) FILTER (WHERE state IN ({_ACTIVE})) AS held_today,
               EXISTS (SELECT FROM attendance v
                        WHERE v.activity_id = :activity_id AND v.resident_id = :resident_id
                          AND :is_today AND v.on_day IN (:service_on, :today)
                          AND v.reverted_at IS NULL AND v.left_at IS NULL) AS present
          FROM booking
         WHERE resident_id = :resident_id AND service_on = :service_on
    ), too_many AS (
        SELECT at FROM audit_entry
         WHERE actor_user_id = :booked_by AND action = :action AND at > :limited_since
         ORDER BY at DESC OFFSET :limit - 1 LIMIT 1
    ), allowed AS (
        SELECT present FROM mine
         WHERE held = 0 AND used < :cap AND held_today < :cap_a_day
           AND NOT EXISTS (SELECT FROM too_many)
           AND (present OR NOT :must_be_present)
    ), slot_place AS (
        UPDATE slot SET taken = taken + 1
         WHERE id = :slot_id AND starts_at = :slot_starts_at
           AND taken < capacity - floor(capacity * :walk_in_share)
           AND EXISTS (SELECT FROM allowed)
        RETURNING id
    ), place AS (
        SELECT id FROM slot_place
        UNION ALL SELECT NULL::uuid FROM allowed WHERE CAST(:slot_id AS uuid) IS NULL
    ), numbered AS (
        INSERT INTO service_day (offering_id, on_day, last_number, taken, numbered_at)
        SELECT :offering_id, :service_on, 1, 1, :now FROM place
        ON CONFLICT (offering_id, on_day) DO UPDATE
           SET last_number = service_day.last_number + 1, taken = service_day.taken + 1,
               numbered_at = greatest(:now, service_day.numbered_at + interval '1 microsecond')
        RETURNING last_number, taken, numbered_at
    ), roomy AS (
        SELECT n.last_number, n.numbered_at FROM numbered n JOIN offering o ON o.id = :offering_id
         WHERE o.capacity IS NULL OR n.taken <= o.capacity
           FOR SHARE OF o
    ), booked AS (
        INSERT INTO booking (id, activity_id, offering_id, slot_id, resident_id, booked_by, origin,
                             service_on, number, ticket, state, urgent, due_at, queued_at,
                             created_at, arrived_at, calls, rejoined)
        SELECT :id, :activity_id, :offering_id, CAST(:slot_id AS uuid), :resident_id,
               :booked_by, :origin, :service_on, n.last_number,
               :letter || CASE WHEN n.last_number < 1000 THEN lpad(n.last_number::text, 3, '0')
                               ELSE n.last_number::text END,
               CASE WHEN w.here THEN 'arrived' ELSE 'confirmed' END, :urgent,
               CASE WHEN w.here AND :now <= :keeps_until
                    THEN CAST(:slot_starts_at AS timestamptz) END,
               CASE WHEN w.here THEN n.numbered_at END, :now, CASE WHEN w.here THEN :now END,
               0, false
          FROM roomy n, (SELECT :walk_in OR present AS here FROM allowed) w
        RETURNING *
    ), noted AS (
        INSERT INTO audit_entry (id, at, actor_user_id, request_id, address, action, object_type,
                                 object_id, region_code, from_state, to_state, details)
        SELECT :audit_id, :now, :booked_by, :request_id, :address, :action, 'booking', id,
               :region_code, NULL, state, CAST(:details AS jsonb)
          FROM booked
    )
    SELECT mine.*, (SELECT at FROM too_many) AS limited_by, EXISTS (SELECT FROM place) AS placed,
           detail.*
      FROM mine LEFT JOIN ({written_bookings("booked")}) detail ON true
    """
)

# What the person had signed up for that day waits from their arrival on, or from when they signed
# up, where a scan was uploaded after that; an appointment reached within its grace keeps its time,
# a later one waits as a walk-in. What waits already waits from an arrival that turns out to have
# been earlier, unless it has been put back; who was taken for absent when the market ended was
# there. The rows are locked by id, as everybody does who locks several.
_ARRIVE = Statement(
    """
    WITH mine AS (
        SELECT id, state, greatest(:at, created_at) AS at FROM booking
         WHERE activity_id = :activity_id AND resident_id = :resident_id
           AND service_on = :service_on
           AND (state IN ('confirmed', 'no_show')
                OR state = 'arrived' AND NOT rejoined AND greatest(:at, created_at) < arrived_at)
         ORDER BY id FOR UPDATE
    )
    UPDATE booking b
       SET state = CASE mine.state WHEN 'no_show' THEN 'expired' ELSE 'arrived' END,
           arrived_at = mine.at, queued_at = mine.at,
           due_at = (SELECT s.starts_at FROM slot s
                      WHERE s.id = b.slot_id AND s.starts_at >= mine.at - :grace)
      FROM mine WHERE b.id = mine.id
    RETURNING b.id, mine.state AS was
    """
)


# The stall's row is locked: two presses at one stall come one after the other. KEY SHARE lets
# new bookings and desks refer to it meanwhile. What `select_bookings` names of market and stall is
# the same for whoever is called: it is read here, and not by the statement that calls, which starts
# up each of its tables at every run (with five more it took half as long again).
_STALL = Statement(
    """
    SELECT t.id AS stall_id, t.organisation_id, t.number AS stall_number, t.name AS stall_name,
           a.title AS activity_title, a.state AS activity_state,
           a.starts_at AS activity_starts_at, a.ends_at AS activity_ends_at,
           a.opened_at AS activity_opened_at, a.closed_at AS activity_closed_at,
           a.cancel_reason AS activity_cancel_reason,
           v.name AS venue_name, v.address AS venue_address, g.code AS region_code
      FROM stall t
      JOIN activity a ON a.id = t.activity_id
      JOIN venue v ON v.id = a.venue_id
      JOIN region g ON g.id = a.region_id
     WHERE t.id = :stall_id
       FOR NO KEY UPDATE OF t
    """,
    plans_once=True,
)

# Where there is a head that is not `called`, its person has left, and the caller has not said that
# they are to be called all the same. `near`: who has come near to their turn by this call. It is
# counted from the head: those before it, of which there are none but while others are calling, are
# being called.
_CALL_NEXT = Statement(
    f"""
    WITH busy AS (
        SELECT ticket FROM booking
         WHERE called_stall_id = :stall_id AND service_on = :service_on AND state = 'called'
    ), head AS (
        SELECT b.*
          FROM desk d
          JOIN booking b ON b.offering_id = d.offering_id
         WHERE d.stall_id = :stall_id AND b.service_on = :service_on AND b.state = 'arrived'
           AND NOT EXISTS (SELECT FROM busy)
         ORDER BY {LINE_ORDER}
         LIMIT 1
           FOR UPDATE OF b SKIP LOCKED
    ), called AS (
        UPDATE booking b
           SET state = 'called', called_stall_id = :stall_id, called_at = :now, calls = 1,
               first_called_at = coalesce(b.first_called_at, :now)
          FROM head
         WHERE b.id = head.id
           AND (head.id IS NOT DISTINCT FROM CAST(:although_left AS uuid) OR NOT {gone("head")})
        RETURNING b.*
    ), near AS (
        SELECT b.id, b.ticket, b.resident_id
          FROM head JOIN booking b ON b.offering_id = head.offering_id
         WHERE b.service_on = :service_on AND b.state = 'arrived'
           AND ({LINE_ORDER}) > ({place_in_line("head")})
         ORDER BY {LINE_ORDER}
        OFFSET :near - 1 LIMIT 1
    ), noted AS (
        INSERT INTO audit_entry (id, at, actor_user_id, request_id, address, action, object_type,
                                 object_id, region_code, from_state, to_state, details)
        SELECT :audit_id, :now, :actor_user_id, :request_id, :address, 'call', 'booking', id,
               :region_code, 'arrived', 'called', CAST(:details AS jsonb)
          FROM called
    )
    SELECT busy.ticket AS busy, head.id AS head_id,
           near.id AS near_id, near.ticket AS near_ticket, near.resident_id AS near_resident_id,
           r.name AS near_name, r.user_id AS near_user_id, r.guardian_user_id AS near_guardian_id,
           detail.*
      FROM (SELECT) press LEFT JOIN busy ON true LEFT JOIN head ON true LEFT JOIN near ON true
      LEFT JOIN resident r ON r.id = near.resident_id
      LEFT JOIN ({written_bookings("called", at_stall=True)}) detail ON true
    """
)


def read_context(
    session: Session, offering_id: UUID, resident_id: UUID, slot_id: UUID | None
) -> Any:
    """What a sign-up is judged by, with its locks; None when offering or person do not exist."""
    return _CONTEXT.first(
        session, offering_id=offering_id, resident_id=resident_id, slot_id=slot_id
    )


class Place(TypedDict):
    """The booking to write, and what it must find: `_book` of `operations.py` fills it.

    A dict as the driver binds it, typed: there are hundreds of these in a market's first minute.
    """

    id: UUID
    audit_id: UUID
    now: datetime
    is_today: bool
    today: date
    request_id: str | None
    address: str | None
    action: str
    details: str
    region_code: str
    activity_id: UUID
    offering_id: UUID
    slot_id: UUID | None
    resident_id: UUID
    booked_by: UUID
    origin: str
    service_on: date
    letter: str
    urgent: bool
    walk_in: bool
    must_be_present: bool
    slot_starts_at: datetime | None
    keeps_until: datetime | None
    walk_in_share: Decimal
    cap: int
    cap_a_day: int
    limit: int
    limited_since: datetime


def book(session: Session, values: Place) -> Any:
    """Take a place and a number and write the booking; or tell which of them was not to be had.

    Answers `held`, `used`, `held_today`, `present` (what the person had before), `limited_by` (when
    they did the one that is one too many; None where none is), `placed`, and the
    booking as `select_bookings` has it; its `id` is None when nothing was written: the caller must
    then roll back.
    """
    return _BOOK.first(session, **values)


def arrive(
    session: Session,
    activity_id: UUID,
    resident_id: UUID,
    service_on: date,
    at: datetime,
    grace: timedelta,
) -> list[Any]:
    """Let what a person had signed up for wait from an instant on; answers the bookings that
    this concerns: `id`, and the state that each `was` in.

    Args:
        grace: appointments reached this long after their time, or sooner, are kept.
    """
    return _ARRIVE.rows(
        session,
        activity_id=activity_id,
        resident_id=resident_id,
        service_on=service_on,
        at=at,
        grace=grace,
    )


def lock_stall(session: Session, stall_id: UUID) -> Any:
    """The stall with its market, locked against a second press; None when there is none."""
    return _STALL.first(session, stall_id=stall_id)


class Call(TypedDict):
    """Whose line is called, and what is noted of it; a typed dict, as `Place`."""

    stall_id: UUID
    service_on: date
    now: datetime
    although_left: UUID | None
    audit_id: UUID
    actor_user_id: UUID
    request_id: str | None
    address: str | None
    region_code: str
    details: str
    near: int


def call_next(session: Session, stall: Any, values: Call) -> Any:
    """Call the head of a stall's line. Answers the booking as `select_bookings` has it, its `id`
    None when nobody is called: nobody waits, or `busy` is the ticket of that day that the stall has
    called already, or `head_id` is one whose person has left. `near_id` and so on: who has come
    near to their turn by it, None where nobody waits so near.

    Args:
        stall: as `lock_stall` answers it.
    """
    result = _CALL_NEXT.first(session, **values)
    return SimpleNamespace(**stall._asdict(), **result._asdict())


_LEFT = Statement(
    f"""
    SELECT b.id, b.ticket, r.name FROM booking b JOIN resident r ON r.id = b.resident_id
     WHERE b.id = :booking_id AND b.state = 'arrived' AND {gone("b")}
    """
)


def who_has_left(session: Session, booking_id: UUID) -> Any:
    """The number (`id`, `ticket`, `name`), if it waits and its person has left; else None."""
    return _LEFT.first(session, booking_id=booking_id)
