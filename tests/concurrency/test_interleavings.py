"""The moments that chance finds once a year, forced: somebody else's transaction stands still at
its worst point while a request comes in, and is committed when the request waits for it (or has
shown that it does not)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text
from werkzeug.test import TestResponse

from backend.core import clock
from backend.core.config import MESSAGES, QUEUE
from backend.core.db import db, transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.identity import operations
from backend.identity.models import User
from backend.local.waiting import wait_until
from backend.notices.models import Notice
from tests.api.activities.test_put_off import shift
from tests.api.bookings.test_news import announced, move_to
from tests.support.desk import Desk
from tests.support.inbox import kinds
from tests.support.market_day import GUEST, MarketDay, another_phone, minutes
from tests.support.world import COMMUNITY, DISTRICT, Person, World, ok, refused

PATIENCE_S = 30.0
Answer = TypeVar("Answer", TestResponse, operations.Login)


class Other:
    """Somebody else's transaction, open until it is committed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def does(self, statement: str, **values: Any) -> None:
        self.connection.execute(text(statement), values)

    def meets(
        self, request: Callable[[], Answer], meanwhile: Callable[[], None] = lambda: None
    ) -> Answer:
        """Send a request, wait until it waits for this transaction, which goes on and is committed:
        its answer."""
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(request)
            wait_until(lambda: self.is_waited_for() or answer.done(), timeout_s=PATIENCE_S,
                       what="a request that waits")  # fmt: skip
            assert not answer.done(), "it did not wait"
            meanwhile()
            self.connection.commit()
            return answer.result()

    def is_waited_for(self) -> bool:
        # pg_locks, not pg_stat_activity: that one is read once per transaction, and a request
        # whose connection is younger than the first look would never be seen.
        waiting = (
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return bool(self.connection.execute(text(waiting)).scalar_one())

    def cancel_who_waits(self) -> None:
        """End the statements that wait for this transaction, as a timeout does."""
        self.does(
            "SELECT pg_cancel_backend(pid) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )

    def passes(self, request: Callable[[], Answer]) -> Answer:
        """Send a request that must not need what this transaction holds: its answer."""
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(request)
            wait_until(lambda: self.is_waited_for() or answer.done(), timeout_s=PATIENCE_S,
                       what="a request that ends")  # fmt: skip
            waits = not answer.done()
            self.connection.rollback()
            assert not waits, "it waited"
            return answer.result()


@pytest.fixture
def other(committed_app: Flask) -> Iterator[Other]:
    with committed_app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        yield Other(connection)


@pytest.fixture
def day(committed_world: World) -> MarketDay:
    return MarketDay.begin(committed_world)


@pytest.fixture
def person(committed_world: World) -> Person:
    return committed_world.person()


# ---------------------------------------------------------------------------- logging in


def logs_in(app: Flask, openid: str) -> Callable[[], operations.Login]:
    def log_in() -> operations.Login:
        with app.app_context(), transaction() as session:
            return operations.log_in(session, openid, None)

    return log_in


def test_an_account_that_is_closed_while_a_login_waits_for_it_is_made_anew(
    committed_app: Flask, person: Person, other: Other
) -> None:
    openid = other.connection.execute(
        select(User.openid).where(User.id == person.user_id)
    ).scalar_one()
    assert openid is not None
    close = "UPDATE user_account SET openid = NULL, state = 'closed' WHERE id = :id"
    other.does(close, id=person.user_id)
    login = other.meets(logs_in(committed_app, openid))
    assert login.user_id != person.user_id


def test_an_account_that_is_made_while_a_login_makes_it_too_is_found(
    committed_app: Flask, other: Other
) -> None:
    first = new_id()
    other.does(
        "INSERT INTO user_account (id, openid, state, elder_mode, created_at)"
        " VALUES (:id, 'twice', 'active', false, now())",
        id=first,
    )
    login = other.meets(logs_in(committed_app, "twice"))
    assert login.user_id == first


# ---------------------------------------------------------------------------- sign-up


def test_a_cut_that_is_committed_while_a_sign_up_waits(
    day: MarketDay, person: Person, other: Other
) -> None:
    """The sign-up had read the old capacity; it must go by the new one."""
    day.booked(day.world.person())
    row = {"id": day.offering_id}
    other.does("SELECT 1 FROM service_day WHERE offering_id = :id FOR UPDATE", **row)
    other.does("UPDATE offering SET capacity = 1 WHERE id = :id", **row)
    refused(other.meets(lambda: day.sign_up(person)), 409, "slot_full")


def test_a_check_in_that_is_committed_while_a_sign_up_waits(
    day: MarketDay, person: Person, other: Other
) -> None:
    """It has come, so its booking waits at once."""
    other.does(
        "INSERT INTO attendance (id, activity_id, resident_id, on_day, attended_at)"
        " VALUES (:id, :activity_id, :resident_id,"
        "         (:now AT TIME ZONE 'Asia/Shanghai')::date, :now)",
        id=new_id(), activity_id=day.id, resident_id=person.resident_id, now=datetime.now(UTC),
    )  # fmt: skip
    assert ok(other.meets(lambda: day.sign_up(person)), 201)["state"] == "arrived"


@pytest.mark.parametrize(
    ("state", "code"), [("closed", "sign_up_closed"), ("cancelled", "sign_up_closed")]
)
def test_an_end_that_is_committed_while_a_sign_up_waits(
    day: MarketDay, person: Person, other: Other, state: str, code: str
) -> None:
    other.does("SELECT 1 FROM activity WHERE id = :id FOR UPDATE", id=day.id)
    other.does("UPDATE activity SET state = :state WHERE id = :id", id=day.id, state=state)
    refused(other.meets(lambda: day.sign_up(person)), 409, code)


def test_a_service_that_is_deleted_while_a_sign_up_waits(
    day: MarketDay, person: Person, other: Other
) -> None:
    other.does("DELETE FROM offering WHERE id = :id", id=day.offering_id)
    refused(other.meets(lambda: day.sign_up(person)), 404, "not_found")


def test_an_account_that_is_closed_while_a_sign_up_waits(
    day: MarketDay, person: Person, other: Other
) -> None:
    """The family member is no longer theirs, and no booking of nobody is left."""
    member = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
    other.does("UPDATE resident SET removed_at = now(), code_handle = :handle WHERE id = :id",
               id=member, handle=uuid4())  # fmt: skip
    refused(other.meets(lambda: day.sign_up(person, resident_id=member)), 404, "not_found")


def test_a_family_booking_that_is_committed_while_another_waits(
    day: MarketDay, person: Person, other: Other
) -> None:
    """Bookings of one account for its family come one after the other: so their cap is counted."""
    members = [
        ok(person.post("/me/family", {"name": name}), 201)["id"] for name in ("奶奶", "爷爷")
    ]
    other.does("SELECT 1 FROM resident WHERE id = :id FOR UPDATE", id=person.resident_id)
    ok(other.meets(lambda: day.sign_up(person, resident_id=members[0])), 201)


def test_a_cancellation_takes_the_place_before_the_booking(
    committed_world: World, person: Person, other: Other
) -> None:
    """In the order of all others: while it waits for the slot, the booking is free for the desk."""
    day = MarketDay.begin(committed_world, mode="slots")
    booking = day.booked(person)
    other.does("SELECT 1 FROM slot WHERE id = :id FOR UPDATE", id=day.slot_id)

    def cancel() -> TestResponse:
        return day.act(booking, "cancel", person)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(cancel)
        wait_until(other.is_waited_for, timeout_s=PATIENCE_S, what="a cancellation that waits")
        other.does("SELECT 1 FROM booking WHERE id = :id FOR UPDATE NOWAIT", id=booking["id"])
        other.connection.commit()
        assert ok(answer.result())["state"] == "cancelled"


def test_the_smaller_number_is_called_first_whoever_looked_at_the_clock_before(
    committed_world: World, person: Person, other: Other
) -> None:
    """Both are here, one too late for the appointment: they wait by the time of their numbers, and
    that is told when the number is given. Position, desk and call agree."""
    began = clock.now() - minutes(25)
    day = MarketDay.begin(committed_world, mode="slots", starts_at=began)
    neighbour = committed_world.person()
    for one in (person, neighbour):
        day.come(one)
    other.does("SELECT 1 FROM slot WHERE id = :id FOR UPDATE", id=day.slot_id)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lambda: day.sign_up(person))
        wait_until(other.is_waited_for, timeout_s=PATIENCE_S, what="a sign-up that waits")
        first = ok(day.ticket(neighbour), 201)
        other.connection.commit()
        second = ok(answer.result(), 201)
    assert [first["ticket"], second["ticket"]] == ["A001", "A002"]
    assert [day.booking(one)["ahead"] for one in (first, second)] == [0, 1]
    desk = ok(day.volunteer.get(f"/stalls/{day.market.stall_id}/desk"))
    assert [one["ticket"] for one in desk["waiting"]] == ["A001", "A002"]
    assert day.serve_all() == ["A001", "A002"]


# ---------------------------------------------------------------------------- check-in


@pytest.mark.parametrize("who", ["found", "by code"])
def test_a_guest_who_becomes_a_resident_while_a_scan_waits(
    day: MarketDay, other: Other, who: str
) -> None:
    """Nobody is admitted as somebody who is no more; the volunteer looks again."""
    guest = day.number(guest=GUEST | {"phone": "13800003333"})["resident"]["id"]
    person = day.world.person()
    body = {"source": "search", "resident_id": guest}
    if who == "by code":
        body = {"source": "scan", "resident_code": ok(person.get("/me/code"))["code"]}
        guest = str(person.resident_id)
    other.does("UPDATE resident SET removed_at = now(), code_handle = :handle, guest_key = NULL"
               " WHERE id = :id", id=guest, handle=uuid4())  # fmt: skip
    answer = other.meets(lambda: day.scan(day.volunteer, **body))
    if who == "found":
        refused(answer, 422, "validation_failed")
    else:
        assert ok(answer)["reason"] == "revoked"
    assert day.rows("SELECT id FROM attendance WHERE resident_id = :id", id=guest) == []


@pytest.mark.parametrize(("earlier", "stands"), [(10, "theirs"), (-10, "mine")])
def test_a_visit_that_is_committed_while_an_upload_waits(
    day: MarketDay, person: Person, other: Other, earlier: int, stands: str
) -> None:
    """The upload was begun before anybody had seen the visit; the earlier of the two stands."""
    day.rows("UPDATE activity SET opened_at = opened_at - interval '1 hour' WHERE id = :id"
             " RETURNING id", id=day.id)  # fmt: skip
    mine = datetime.now(UTC) - timedelta(minutes=20)
    theirs = mine - timedelta(minutes=earlier)
    other.does(
        "INSERT INTO attendance (id, activity_id, resident_id, on_day, attended_at, device_id)"
        " VALUES (:id, :activity_id, :resident_id, :on_day, :theirs, 'theirs')",
        id=new_id(), activity_id=day.id, resident_id=person.resident_id, theirs=theirs,
        on_day=clock.local_day(mine),
    )  # fmt: skip
    body = {"source": "search", "resident_id": str(person.resident_id), "device_id": "mine"}
    answer = ok(other.meets(lambda: day.scan(day.volunteer, scanned_at=mine.isoformat(), **body)))
    assert answer["verdict"] == "already_checked_in"
    assert answer["attendance"]["device_id"] == stands
    attended_at = datetime.fromisoformat(answer["attendance"]["attended_at"])
    assert attended_at == min(mine, theirs)


@pytest.mark.parametrize("kind", ["refused", "exit"])
def test_a_twin_that_is_committed_while_a_scan_waits(
    day: MarketDay, person: Person, other: Other, kind: str
) -> None:
    """Its id is taken: here by another scan, so this one is refused and leaves nothing."""
    day.come(person)
    body: dict[str, Any] = {"source": "search", "resident_id": str(person.resident_id)}
    body |= {"direction": "exit"} if kind == "exit" else {}
    if kind == "refused":
        body = {"source": "scan", "resident_code": "nonsense"}
    scan_id = uuid4()
    other.does(
        "INSERT INTO scan (id, activity_id, operator_user_id, direction, source, scanned_at,"
        " received_at, derived_verdict, reason, request_hash)"
        " VALUES (:id, :activity_id, :by, 'entry', 'scan', now(), now(), 'refused', 'invalid', '')",
        id=scan_id, activity_id=day.id, by=day.volunteer.user_id,
    )  # fmt: skip
    answer = other.meets(lambda: day.scan(day.volunteer, id=str(scan_id), **body))
    refused(answer, 409, "scan_id_reused")
    visit = "SELECT left_at FROM attendance WHERE resident_id = :id"
    assert day.rows(visit, id=person.resident_id)[0][0] is None


def test_a_sign_up_that_is_committed_while_a_revert_waits(
    day: MarketDay, person: Person, other: Other
) -> None:
    """It had found the person here; the revert must find the booking, and expect it again."""
    booking, scan = day.booked(person), day.come(person)
    row = {"id": booking["id"]}
    other.does("UPDATE booking SET state = 'confirmed', arrived_at = NULL, queued_at = NULL"
               " WHERE id = :id", **row)  # fmt: skip
    other.connection.commit()
    other.does("SELECT 1 FROM resident WHERE id = :id FOR UPDATE", id=person.resident_id)
    other.does("UPDATE booking SET state = 'arrived', arrived_at = now(), queued_at = now()"
               " WHERE id = :id", **row)  # fmt: skip
    ok(other.meets(lambda: day.revert(scan["id"])), 201)
    assert day.booking(booking)["state"] == "confirmed"


def test_an_exit_takes_the_person_before_the_visit(
    day: MarketDay, person: Person, other: Other
) -> None:
    """In the order of those who merge guests: while it waits for the person, the visit is free."""
    visit, code = day.come(person)["attendance"], day.code()
    other.does("SELECT 1 FROM resident WHERE id = :id FOR UPDATE", id=person.resident_id)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lambda: day.self_scan(person, code=code, direction="exit"))
        wait_until(other.is_waited_for, timeout_s=PATIENCE_S, what="an exit that waits")
        other.does("SELECT 1 FROM attendance WHERE id = :id FOR UPDATE NOWAIT", id=visit["id"])
        other.connection.commit()
        assert ok(answer.result())["attendance"]["id"] == visit["id"]


# ---------------------------------------------------------------------------- desks and endings


def test_a_head_that_somebody_else_holds_is_passed_over(day: MarketDay, other: Other) -> None:
    """A press never waits for a row of the line; the next in it is called. Who is third then is
    counted from it: whoever holds the one before tells the fourth."""
    people = [day.world.person() for _ in range(2 + MESSAGES.near)]
    first, second, *_ = [day.number(resident_id=str(one.resident_id)) for one in people]
    other.does("SELECT 1 FROM booking WHERE id = :id FOR UPDATE", id=first["id"])
    assert ok(other.passes(day.press))["id"] == second["id"]
    near = [place for place, one in enumerate(people, 1) if "number_near" in kinds(one)]
    assert near == [2 + MESSAGES.near]


@pytest.mark.parametrize("end", ["close", "cancel"])
@pytest.mark.parametrize("before", ["parked", "missed"])
def test_a_number_that_comes_back_while_the_market_ends(
    day: MarketDay, other: Other, end: str, before: str
) -> None:
    """It was in a state that is ended last and comes into one that was ended first."""
    number = day.number()
    if before == "parked":
        day.acted(number, "park")
    else:
        day.called()
        day.acted(number, "recall", "recall", "miss")
    other.does("UPDATE booking SET state = 'arrived' WHERE id = :id", id=number["id"])
    ok(other.meets(lambda: day.organiser.post(f"/activities/{day.id}/{end}")))
    ended = "expired" if end == "close" else "cancelled"
    assert day.booking(number)["state"] == ended
    assert day.moves(number)[-1][1:] == ("arrived", ended)
    places = day.rows("SELECT taken FROM service_day WHERE offering_id = :id", id=day.offering_id)
    assert places[0][0] == (1 if end == "close" else 0)


ACTS: dict[str, tuple[list[str], str]] = {
    "call": ([], "call"),
    "recall": (["call"], "recall"),
    "start": (["call"], "start"),
    "finish": (["call", "start"], "finish"),
    "undo finish": (["call", "start", "finish"], "undo-finish"),
    "miss": (["call", "recall", "recall"], "miss"),
    "park": ([], "park"),
    "rejoin": (["park"], "rejoin"),
    "come back after being missed": (["call", "recall", "recall", "miss"], "rejoin"),
    "call out of order": ([], "out of order"),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_desk_never_waits_for_the_market(day: MarketDay, other: Other, name: str) -> None:
    """Whoever ends it holds the market and waits for bookings; a desk that held a booking and
    waited for the market would be a deadlock."""
    number = day.number()

    def act(what: str) -> TestResponse:
        if what == "call":
            return day.press(by=another_phone(day.volunteer))
        if what == "out of order":
            return day.press(booking_id=number["id"], reason="急用")
        return day.act(number, what)

    before, wanted = ACTS[name]
    for what in before:
        if what == "call":
            ok(act(what))
        else:
            day.acted(number, what)
    if wanted == "recall":
        day.let_pass(number, "called_at", QUEUE.call_counts_after_seconds)
    other.does("SELECT 1 FROM activity WHERE id = :id FOR UPDATE", id=day.id)
    ok(other.passes(lambda: act(wanted)))


@pytest.mark.parametrize(
    "change", [lambda day: shift(day, timedelta(days=1)), lambda day: move_to(day, "文化礼堂")]
)
def test_of_a_change_only_who_still_comes_is_told(
    committed_world: World, other: Other, change: Callable[[MarketDay], TestResponse]
) -> None:
    """A market is put off, or held elsewhere, while somebody is just cancelling."""
    day, person = announced(committed_world), committed_world.person()
    booking = day.booked(person)
    other.does("UPDATE booking SET state = 'cancelled' WHERE id = :id", id=booking["id"])
    ok(other.meets(lambda: change(day)))
    assert kinds(person) == ["booking_made"]


def test_nobody_is_told_of_a_look_up_who_closes_their_account_meanwhile(
    committed_world: World, other: Other
) -> None:
    home = UUID(committed_world.region_id(COMMUNITY))
    person = committed_world.person(region_id=home)
    ok(person.post("/me/phone", {"phone": "13812340009"}))
    desk = Desk(committed_world, committed_world.staff(Role.ADMIN, DISTRICT))
    other.does("UPDATE resident SET removed_at = now() WHERE id = :id", id=person.resident_id)
    asked = {"who": "13812340009", "reason": "来电询问预约"}
    other.meets(lambda: desk.send("/console/people/residents", **asked))
    with committed_world.app.app_context(), transaction() as session:
        assert session.query(Notice).filter_by(user_id=person.user_id).all() == []


def test_a_call_that_is_told_while_its_account_is_closed_goes_with_it(
    day: MarketDay, person: Person, other: Other
) -> None:
    number = day.number(resident_id=str(person.resident_id))
    other.does("SELECT FROM booking WHERE id = :id FOR UPDATE", id=number["id"])

    def told() -> None:
        other.does(
            "INSERT INTO notice (id, user_id, kind, title, text, page, resident_ids, created_at)"
            " VALUES (:id, :user_id, 'called', '轮到您了', '', '/', '{}', now())",
            id=new_id(), user_id=person.user_id,
        )  # fmt: skip

    ok(other.meets(lambda: person.delete("/me"), told), 204)
    with day.app.app_context(), transaction() as session:
        assert session.query(Notice).filter_by(user_id=person.user_id).all() == []


def test_who_closes_their_account_waits_for_no_one_who_tells_it_something(
    day: MarketDay, other: Other
) -> None:
    """Whoever tells holds a person or a booking, and asks for the account's key."""
    person = day.world.person()
    other.does("SELECT FROM resident WHERE id = :id FOR UPDATE", id=person.resident_id)
    tells = "SELECT FROM user_account WHERE id = :id FOR KEY SHARE NOWAIT"
    closed = other.meets(lambda: person.delete("/me"), lambda: other.does(tells, id=person.user_id))
    ok(closed, 204)
