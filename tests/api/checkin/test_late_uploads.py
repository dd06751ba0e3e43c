"""A scan that is uploaded late is judged and dated by the instant at which it was made: the phone's
time, corrected by how wrong its clock is, for as long as its word is taken (docs/adr/0017)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from backend.bookings.tasks import end_days
from tests.support.market_day import GUEST, MarketDay, at, minutes, shanghai
from tests.support.world import Person, World, ok, refused

START = shanghai("2026-05-01 09:00")
HOUR = minutes(60)


def _found(person: Person, made: datetime, **more: Any) -> dict[str, Any]:
    """A volunteer's scan of somebody they had found, made at an instant."""
    return {"source": "search", "resident_id": str(person.resident_id),
            "scanned_at": made.isoformat(), **more}  # fmt: skip


def _upload(day: MarketDay, person: Person, made: datetime, **more: Any) -> dict[str, Any]:
    """What the server says of such a scan."""
    return dict(day.scan(day.volunteer, **_found(person, made, **more)).json or {})


def _verdict(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["verdict"], answer["reason"]


def _attended(answer: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(answer["attendance"]["attended_at"])


ADMITTED, KNOWN = ("admitted", None), ("already_checked_in", None)
EXPIRED, NOT_YET = ("refused", "expired"), ("refused", "not_yet")
CANCELLED, INVALID = ("refused", "cancelled"), ("refused", "invalid")


# ---------------------------------------------------------------------------- the instant


def test_an_hour_late_is_dated_an_hour_ago(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        clock.shift(minutes(70))
        answer = ok(day.scan(day.volunteer, **_found(person, START + minutes(10))), 201)
    assert _attended(answer) == START + minutes(10)
    assert answer["clock_drift_seconds"] is None


@pytest.mark.parametrize("wrong", [-180, -10, 0, 10, 90, 525_600])
def test_a_clock_that_is_minutes_or_a_year_off_is_corrected(world: World, wrong: float) -> None:
    """A wrong clock still knows how long a scan has waited."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        clock.shift(HOUR)
        phone = {
            "scanned_at": (START + minutes(20 + wrong)).isoformat(),
            "sent_at": (START + minutes(60 + wrong)).isoformat(),
        }
        answer = _upload(day, person, START, **phone)
        assert _attended(answer) == START + minutes(20)
        assert answer["clock_drift_seconds"] == (-wrong * 60 or None)
        ((kept,),) = day.rows("SELECT judged_at FROM scan")
    assert kept == START + minutes(20)


@pytest.mark.parametrize("sent", [None, 0, -30])
def test_what_comes_from_the_future_was_made_now(world: World, sent: int | None) -> None:
    """The clock was put back between scan and upload, or does not say how wrong it is."""
    with at(START):
        day = MarketDay.begin(world)
        more = {} if sent is None else {"sent_at": (START + minutes(sent)).isoformat()}
        answer = _upload(day, world.person(), START + minutes(5), **more)
    assert (_verdict(answer), _attended(answer)) == (ADMITTED, START)


def test_a_scan_is_of_the_day_on_which_it_was_made(world: World) -> None:
    """23:59:50, uploaded at 00:05: yesterday's visit, and today's is another."""
    midnight = shanghai("2026-05-02 00:00")
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"hours": 36})
        person = world.person()
        clock.move_to(midnight + minutes(5))
        late = _upload(day, person, midnight - timedelta(seconds=10))
        assert _verdict(late) == ADMITTED
        now = _upload(day, person, midnight + minutes(5))
        assert _verdict(now) == ADMITTED
        assert _verdict(_upload(day, person, midnight)) == KNOWN
    visits = day.rows("SELECT on_day, attended_at FROM attendance ORDER BY on_day")
    assert [(str(visit.on_day), visit.attended_at) for visit in visits] == [
        ("2026-05-01", midnight - timedelta(seconds=10)), ("2026-05-02", midnight),
    ]  # fmt: skip


def test_a_scan_of_the_last_evening_is_taken_after_midnight(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        clock.move_to(shanghai("2026-05-02 00:05"))
        assert _verdict(_upload(day, world.person(), shanghai("2026-05-01 23:59:50"))) == ADMITTED
        assert _verdict(_upload(day, world.person(), shanghai("2026-05-02 00:00"))) == EXPIRED


# ---------------------------------------------------------------------------- trust


@pytest.mark.parametrize(("late", "verdict"), [(48 * 60, ADMITTED), (48 * 60 + 1, EXPIRED)])
def test_a_volunteers_scan_is_taken_for_two_days(
    world: World, late: int, verdict: tuple[str, str | None]
) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        clock.shift(minutes(late))
        answer = _upload(day, world.person(), START)
    assert _verdict(answer) == verdict
    if verdict == EXPIRED:
        assert answer["message"] == "这次扫码过了 48 小时才上传，请交给组织者处理"


@pytest.mark.parametrize(("late", "verdict"), [(120, ADMITTED), (121, EXPIRED)])
def test_a_residents_own_scan_is_taken_for_two_hours(
    world: World, late: int, verdict: tuple[str, str | None]
) -> None:
    """Whoever forges a time gains those; later a volunteer must do it. The first answer stays."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person, scan_id = world.person(), str(uuid4())
        clock.shift(minutes(late))
        scan = {"id": scan_id, "scanned_at": START.isoformat()}
        answer = dict(day.self_scan(person, **scan).json or {})
        assert day.self_scan(person, **scan).json == answer
    assert _verdict(answer) == verdict
    if verdict == EXPIRED:
        assert answer["message"] == "这次签到过了 2 小时才提交，请到服务台找志愿者登记"


def test_the_same_scan_sent_again_at_another_time_is_the_same(world: World) -> None:
    """`sent_at` says when, not what: neither the scan's id nor an Idempotency-Key minds it."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        body = _found(world.person(), START, id=str(uuid4()))
        path, key = f"/activities/{day.id}/scans", str(uuid4())
        first = None
        for late, sent_with in ((5, key), (10, key), (15, None)):
            clock.move_to(START + minutes(late))
            sent = body | {"sent_at": (START + minutes(late)).isoformat()}
            answer = day.volunteer.post(path, sent, key=sent_with)
            first = first or answer.json
            assert (answer.status_code, answer.json) == (201, first)
        refused(day.scan(day.volunteer, **body | {"device_id": "x"}), 409, "scan_id_reused")
    assert len(day.rows("SELECT id FROM scan")) == 1


# ---------------------------------------------------------------------------- the market's hours


def test_a_scan_made_before_closing_is_taken_after_it(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        people = [world.person() for _ in range(2)]
        clock.move_to(START + 3 * HOUR)
        day.close()
        clock.shift(minutes(5))
        late = _upload(day, people[0], START + 2 * HOUR)
        assert (_verdict(late), _attended(late)) == (ADMITTED, START + 2 * HOUR)
        assert _verdict(_upload(day, people[1], START + 3 * HOUR)) == EXPIRED
        assert day.summary()["visits"] == 1


def test_a_scan_made_before_the_cancellation_is_taken_after_it(world: World) -> None:
    """It stands like those that were uploaded at once."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        clock.shift(HOUR)
        day.cancel()
        assert _verdict(_upload(day, world.person(), START + minutes(59))) == ADMITTED
        assert _verdict(_upload(day, world.person(), START + HOUR)) == CANCELLED


def test_a_market_that_never_opened_is_cancelled_rather_than_not_yet_open(world: World) -> None:
    with at(START) as clock:
        organiser = world.organiser()
        draft = world.ready(organiser, starts_at=START + 2 * HOUR)
        ok(organiser.post(f"/activities/{draft['id']}/publish"))
        clock.shift(minutes(30))
        ok(organiser.post(f"/activities/{draft['id']}/cancel", {"reason": "大雨"}))
        path = f"/activities/{draft['id']}/scans"
        body = _found(world.person(), START) | {"id": str(uuid4())}
        assert _verdict(ok(world.volunteer().post(path, body))) == CANCELLED


def test_a_scan_made_before_the_market_opened_is_not_yet(world: World) -> None:
    """Opened early by its organiser, it admits from then on and not from before."""
    with at(START - 3 * HOUR) as clock:
        organiser, volunteer = world.organiser(), world.volunteer()
        draft = world.ready(organiser, starts_at=START)
        ok(organiser.post(f"/activities/{draft['id']}/publish"))
        clock.move_to(START - 2 * HOUR)
        ok(organiser.post(f"/activities/{draft['id']}/open"))
        clock.move_to(START)
        path = f"/activities/{draft['id']}/scans"
        for made, verdict in ((-121, NOT_YET), (-120, ADMITTED), (-30, ADMITTED)):
            body = _found(world.person(), START + minutes(made)) | {"id": str(uuid4())}
            assert _verdict(volunteer.post(path, body).json or {}) == verdict


# ---------------------------------------------------------------------------- codes


def test_a_personal_code_is_judged_at_the_scan(world: World) -> None:
    """Good then, however old it is at the upload; a screenshot then is one now."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        codes = [ok(world.person().get("/me/code"))["code"] for _ in range(2)]
        clock.shift(HOUR)
        for code, seconds, verdict in ((codes[0], 95, ADMITTED), (codes[1], 96, EXPIRED)):
            made = (START + timedelta(seconds=seconds)).isoformat()
            answer = day.scan(day.volunteer, source="scan", resident_code=code, scanned_at=made)
            assert _verdict(answer.json or {}) == verdict


def test_a_code_was_scanned_after_it_was_made(world: World) -> None:
    """A phone ten minutes behind that does not say when it sends: its code knows better."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        clock.shift(HOUR)
        scan = {"source": "scan", "resident_code": ok(world.person().get("/me/code"))["code"]}
        clock.shift(20)
        scan["scanned_at"] = (START + minutes(50)).isoformat()
        answer = ok(day.scan(day.volunteer, **scan), 201)
    assert _attended(answer) == START + HOUR
    assert answer["clock_drift_seconds"] == 600


def test_a_rotating_code_is_judged_at_the_scan(world: World) -> None:
    with at(START - minutes(1)) as clock:
        day = MarketDay.begin(world, activity={"code_rotates_seconds": 30})
        people = [world.person() for _ in range(4)]
        clock.move_to(START)
        shown = day.code()
        clock.shift(minutes(90))
        # Five seconds before it was shown are forgiven: clocks differ.
        for person, seconds, verdict in zip(
            people, (-6, -5, 59, 60), (EXPIRED, ADMITTED, ADMITTED, EXPIRED), strict=True
        ):
            made = START + timedelta(seconds=seconds)
            answer = day.self_scan(person, code=shown, scanned_at=made.isoformat())
            assert _verdict(answer.json or {}) == verdict, seconds


def test_a_rotating_code_that_is_shown_now_was_scanned_now(world: World) -> None:
    """Whatever the phone's clock says that does not say when it sends."""
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"code_rotates_seconds": 30})
        person = world.person()
        clock.shift(HOUR)
        shown = day.code()
        clock.shift(40)
        answer = day.come(person, code=shown, scanned_at=(START + minutes(45)).isoformat())
    assert _attended(answer) == START + HOUR


def test_a_printed_code_that_was_revoked_later_was_good(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        people, printed = [world.person() for _ in range(2)], day.code()
        clock.shift(minutes(30))
        ok(day.organiser.post(f"/activities/{day.id}/code/revoke"))
        clock.shift(minutes(30))
        early = day.come(people[0], code=printed, scanned_at=(START + minutes(29)).isoformat())
        assert _attended(early) == START + minutes(29)
        late = day.self_scan(people[1], code=printed, scanned_at=(START + minutes(30)).isoformat())
        assert _verdict(late.json or {}) == ("refused", "revoked")


# ---------------------------------------------------------------------------- the earliest stands


@pytest.fixture
def doubled(world: World) -> Any:
    """One person, admitted by one phone at 9:30, and at 9:10 by one that uploads that later."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person("王秀英")
        clock.shift(minutes(30))
        first = day.admit(person.resident_id, device_id="gate-1")
        clock.shift(minutes(30))
        late = _upload(day, person, START + minutes(10), device_id="gate-2")
        yield day, person, first, late


def _visit(day: MarketDay) -> tuple[datetime, str]:
    """The one visit that stands: when, and by which phone."""
    ((attended_at, device),) = day.rows(
        "SELECT attended_at, device_id FROM attendance WHERE reverted_at IS NULL"
    )
    return attended_at, device


def test_the_earlier_of_two_phones_stands(doubled: Any) -> None:
    """The visit moves; both scans stay as they are, the late one says who was first: itself."""
    day, _, first, late = doubled
    assert _verdict(late) == KNOWN
    assert _visit(day) == (START + minutes(10), "gate-2")
    assert _attended(late) == START + minutes(10)
    assert late["attendance"] == first["attendance"] | {
        "attended_at": late["attendance"]["attended_at"], "device_id": "gate-2",
    }  # fmt: skip
    assert late["message"] == "王*英 09:10 已签到"
    kept = day.rows("SELECT derived_verdict, judged_at FROM scan ORDER BY received_at")
    assert [tuple(scan) for scan in kept] == [
        ("admitted", START + minutes(30)), ("already_checked_in", START + minutes(10)),
    ]  # fmt: skip


def test_the_later_of_two_phones_changes_nothing(doubled: Any) -> None:
    day, person, _, _ = doubled
    answer = _upload(day, person, START + minutes(20), device_id="gate-3")
    assert (_verdict(answer), _attended(answer)) == (KNOWN, START + minutes(10))
    assert _visit(day) == (START + minutes(10), "gate-2")


def test_either_of_two_phones_can_be_undone(doubled: Any) -> None:
    """What stands is what the other has seen; without any the visit is taken back."""
    day, person, first, late = doubled
    ok(day.revert(late["id"]), 201)
    assert _visit(day) == (START + minutes(30), "gate-1")
    refused(day.revert(late["id"]), 409, "already_reverted")
    ok(day.revert(first["id"]), 201)
    assert day.summary()["visits"] == 0
    again = day.admit(person.resident_id)
    assert _verdict(again) == ADMITTED


def test_a_mistake_of_the_first_phone_leaves_the_others_visit(doubled: Any) -> None:
    day, _, first, late = doubled
    ok(day.revert(first["id"]), 201)
    assert _visit(day) == (START + minutes(10), "gate-2")
    ok(day.revert(late["id"]), 201)
    assert day.summary()["visits"] == 0


def test_a_repeat_knows_no_more_than_the_first_answer(world: World) -> None:
    """What is uploaded or undone between a scan and its repeat is told to who scans then."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person("王秀英")
        clock.shift(minutes(30))
        day.admit(person.resident_id, device_id="gate-1")
        clock.shift(minutes(30))
        here = _found(person, START + HOUR, id=str(uuid4()))
        stayed = ok(day.scan(day.volunteer, **here))
        assert (stayed["returned"], stayed["message"]) == (False, "王*英 09:30 已签到")
        clock.shift(minutes(1))
        _upload(day, person, START + minutes(10), device_id="gate-2")
        left = _upload(day, person, START + minutes(40), direction="exit")
        assert ok(day.scan(day.volunteer, **here)) == stayed
        clock.shift(minutes(1))
        gone = _found(person, START + minutes(62), direction="exit", id=str(uuid4()))
        once = ok(day.scan(day.volunteer, **gone))
        clock.shift(minutes(1))
        back = _found(person, START + minutes(63), id=str(uuid4()))
        returned = ok(day.scan(day.volunteer, **back))
        assert (returned["returned"], returned["message"]) == (True, "王*英 欢迎回来")
        clock.shift(minutes(1))
        ok(day.revert(left["id"]), 201)
        assert ok(day.scan(day.volunteer, **gone)) == once
        assert ok(day.scan(day.volunteer, **back)) == returned


# ---------------------------------------------------------------------------- provenance


def _provenance(day: MarketDay) -> dict[str, Any]:
    """What the list of visits says of how we know of the only one."""
    (listed,) = ok(day.organiser.get(f"/activities/{day.id}/attendances"))["items"]
    return dict(listed["scan"])


def test_the_list_shows_how_a_late_visit_is_known(doubled: Any) -> None:
    """Of the scan on which it stands, which is another after one is undone."""
    day, _, first, late = doubled
    scan = _provenance(day)
    assert datetime.fromisoformat(scan.pop("scanned_at")) == START + minutes(10)
    assert datetime.fromisoformat(scan.pop("received_at")) == START + HOUR
    assert scan == {
        "id": late["id"], "source": "search", "device_id": "gate-2", "offline": True,
        "clock_drift_seconds": 0,
    }  # fmt: skip
    ok(day.revert(late["id"]), 201)
    scan = _provenance(day)
    assert (scan["id"], scan["offline"]) == (first["id"], False)


@pytest.mark.parametrize(("waited", "offline"), [(59, False), (60, True)])
def test_the_list_tells_a_wrong_clock_from_a_late_upload(
    world: World, waited: int, offline: bool
) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        clock.shift(waited)
        behind = START - HOUR
        times = {"sent_at": (behind + timedelta(seconds=waited)).isoformat()}
        assert _verdict(_upload(day, person, behind, **times)) == ADMITTED
        scan = _provenance(day)
    assert (scan["offline"], scan["clock_drift_seconds"]) == (offline, 3600)


# ---------------------------------------------------------------------------- leaving


def test_leaving_follows_the_order_in_which_it_happened(world: World) -> None:
    """An exit that is uploaded after a later return sends nobody out, and the other way round."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        clock.shift(3 * HOUR)

        def left_after(direction: str, made: int) -> datetime | None:
            _upload(day, person, START + minutes(made), direction=direction)
            ((left_at,),) = day.rows("SELECT left_at FROM attendance")
            return left_at  # type: ignore[no-any-return]

        assert left_after("entry", 0) is None
        assert left_after("entry", 90) is None
        assert left_after("exit", 60) is None
        assert left_after("exit", 120) == START + minutes(120)
        assert left_after("entry", 100) == START + minutes(120)


def test_who_had_come_back_between_two_exits_has_left_at_the_second(world: World) -> None:
    """The second was told that they had left already: nobody knew yet that they had come back."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        day.admit(person.resident_id)
        for minute, verdict in ((60, ADMITTED), (120, KNOWN)):
            clock.move_to(START + minutes(minute))
            out = _upload(day, person, START + minutes(minute), direction="exit")
            assert _verdict(out) == verdict
        clock.move_to(START + minutes(150))
        back = _upload(day, person, START + minutes(90))
        assert (_verdict(back), back["returned"]) == (KNOWN, True)
        assert day.rows("SELECT left_at FROM attendance") == [(START + minutes(120),)]


def test_an_exit_is_of_its_day_too(world: World) -> None:
    midnight = shanghai("2026-05-02 00:00")
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"hours": 36})
        person = world.person()
        day.admit(person.resident_id)
        clock.move_to(midnight + minutes(5))
        out = _upload(day, person, midnight - minutes(1), direction="exit")
        assert _verdict(out) == ADMITTED
        assert _verdict(_upload(day, person, midnight, direction="exit")) == INVALID
    assert day.rows("SELECT left_at FROM attendance")[0][0] == midnight - minutes(1)


# ---------------------------------------------------------------------------- who is meant


def test_guests_and_family_are_dated_alike(world: World) -> None:
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        member = ok(person.post("/me/family", {"name": "王奶奶"}), 201)["id"]
        clock.shift(HOUR)
        made = (START + minutes(15)).isoformat()
        guest = ok(day.scan(day.volunteer, source="proxy", guest=GUEST, scanned_at=made), 201)
        family = day.come(person, resident_id=member, scanned_at=made)
    assert _attended(guest) == _attended(family) == START + minutes(15)


# ---------------------------------------------------------------------------- the line


def test_an_appointment_that_was_kept_keeps_its_place(world: World) -> None:
    """Here at 9:05 for 9:00, uploaded at 9:40: before those who came at 9:30."""
    with at(START - HOUR) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        kept, missed, walked_in = (world.person() for _ in range(3))
        booking, late = day.booked(kept), day.booked(missed)
        clock.move_to(START + minutes(30))
        day.come(walked_in)
        first = day.number(day.offering_id, resident_id=str(walked_in.resident_id))
        clock.shift(minutes(10))
        _upload(day, missed, START + minutes(15))
        _upload(day, kept, START + minutes(5))
        arrived = day.booking(booking)
        assert datetime.fromisoformat(arrived["arrived_at"]) == START + minutes(5)
        assert day.serve_all() == [booking["ticket"], late["ticket"], first["ticket"]]


def test_an_earlier_arrival_gives_the_place_back(world: World) -> None:
    """Checked in at 9:30 as too late; the phone that saw them at 9:05 uploads at 9:40."""
    with at(START - HOUR) as clock:
        day = MarketDay.begin(world, mode="slots", starts_at=START)
        person, other = world.person(), world.person()
        booking = day.booked(person)
        queue = day.offering()
        clock.move_to(START + minutes(20))
        day.come(other)
        ahead = day.number(day.offering_id, resident_id=str(other.resident_id))
        clock.move_to(START + minutes(30))
        day.come(person)
        on_the_spot = day.booked(person, queue)
        clock.shift(minutes(10))
        _upload(day, person, START + minutes(5))
        arrived = {each["id"]: day.booking(each)["arrived_at"] for each in (booking, on_the_spot)}
        assert datetime.fromisoformat(arrived[booking["id"]]) == START + minutes(5)
        assert datetime.fromisoformat(arrived[on_the_spot["id"]]) == START + minutes(30)
        assert day.serve_all() == [
            booking["ticket"], ahead["ticket"], on_the_spot["ticket"],
        ]  # fmt: skip


def test_who_signed_up_after_the_scan_waits_from_then_on(world: World) -> None:
    """Not from before they asked."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        person = world.person()
        clock.shift(minutes(30))
        booking = day.booked(person)
        clock.shift(minutes(30))
        _upload(day, person, START + minutes(5))
        arrived = day.booking(booking)
    assert arrived["state"] == "arrived"
    assert datetime.fromisoformat(arrived["arrived_at"]) == START + minutes(30)


def test_who_was_there_is_not_called_absent(world: World) -> None:
    """Closing took them for absent; they had only not been served."""
    with at(START) as clock:
        day = MarketDay.begin(world)
        people = [world.person() for _ in range(2)]
        bookings = [day.booked(person) for person in people]
        clock.shift(HOUR)
        day.close()
        assert {day.booking(each)["state"] for each in bookings} == {"no_show"}
        _upload(day, people[0], START + minutes(30))
        assert [day.booking(each)["state"] for each in bookings] == ["expired", "no_show"]
        assert day.moves(bookings[0])[-1] == ("arrive", "no_show", "expired")


@pytest.mark.parametrize("ended", [True, False])
def test_who_came_before_midnight_is_not_called_absent(world: World, ended: bool) -> None:
    """Whether or not the numbers of that day have been ended already."""
    midnight = shanghai("2026-05-02 00:00")
    with at(START) as clock:
        day = MarketDay.begin(world, activity={"hours": 36})
        person = world.person()
        booking = day.booked(person)
        clock.move_to(midnight + minutes(5))
        if ended:
            with day.app.app_context():
                end_days()
        assert day.booking(booking)["state"] == "no_show"
        _upload(day, person, midnight - minutes(5))
        assert day.booking(booking)["state"] == "expired"
        with day.app.app_context():
            end_days()
        assert day.booking(booking)["state"] == "expired"
