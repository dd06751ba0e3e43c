"""Check-ins at the same moment: one visit, no lost arrival, no 5xx."""

from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from backend.core import clock
from tests.concurrency.conftest import together
from tests.concurrency.outcomes import outcome, outcomes
from tests.support.market_day import GUEST, MarketDay, another_phone
from tests.support.world import Person, World, ok

ROUNDS = 4


@pytest.fixture
def day(committed_world: World) -> MarketDay:
    return MarketDay.begin(committed_world)


def _visits(day: MarketDay) -> list[Any]:
    """The visits of this market that stand."""
    return day.rows(
        "SELECT v.id, v.resident_id, r.removed_at FROM attendance v"
        " JOIN resident r ON r.id = v.resident_id"
        " WHERE v.activity_id = :id AND v.reverted_at IS NULL",
        id=day.id,
    )


def _scans(day: MarketDay) -> int:
    count = "SELECT count(*) FROM scan WHERE activity_id = :id"
    return int(day.rows(count, id=day.id)[0][0])


def test_two_volunteers_scan_one_resident(day: MarketDay, committed_world: World) -> None:
    """One visit; the other is told `already_checked_in`, with the first one's time and device."""
    person = committed_world.person()
    code = ok(person.get("/me/code"))["code"]
    volunteers = [another_phone(day.volunteer) for _ in range(8)]
    answers = together(
        8,
        lambda index: day.scan(
            volunteers[index], source="scan", resident_code=code, device_id=f"phone-{index}"
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    verdicts = sorted(answer.json["verdict"] for answer in answers)
    assert verdicts == ["admitted"] + ["already_checked_in"] * 7
    assert len({str(answer.json["attendance"]) for answer in answers}) == 1
    assert (len(_visits(day)), _scans(day)) == (1, 8)
    leaving = together(
        8,
        lambda index: day.scan(
            volunteers[index], source="scan", resident_code=code, direction="exit"
        ),
    )
    verdicts = sorted(answer.json["verdict"] for answer in leaving)
    assert verdicts == ["admitted"] + ["already_checked_in"] * 7, "they leave once"


def test_volunteers_write_in_one_name_without_a_number(day: MarketDay) -> None:
    """One is a new guest; the others are asked about that one, also at the stall."""
    volunteers = [another_phone(day.volunteer) for _ in range(6)]
    guest = {"name": "张三"}
    answers = outcomes(
        6,
        lambda index: (
            day.scan(volunteers[index], source="proxy", guest=guest)
            if index % 2
            else day.ticket(volunteers[index], guest=guest)
        ),
    )
    assert answers == {"201": 1, "409 name_known": 5}
    people = day.rows("SELECT count(*) FROM resident WHERE name = '张三' AND removed_at IS NULL")
    assert people[0][0] == 1


def test_volunteers_write_in_somebody_who_is_known(day: MarketDay, committed_world: World) -> None:
    """However each of them writes the name: one person, one visit, one number."""
    person = committed_world.person("阿依古丽·买买提")
    ok(person.post("/me/phone", {"phone": "13800006666"}))
    names = ("阿依古丽·买买提", "阿依古丽 买买提", "阿依古丽买买提", "阿依古丽•买买提")
    guests = [{"name": name, "phone": "138 0000 6666"} for name in names]
    volunteers = [another_phone(day.volunteer) for _ in names]
    answers = together(
        len(names), lambda n: day.scan(volunteers[n], source="proxy", guest=guests[n])
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [201]
    assert [visit.resident_id for visit in _visits(day)] == [person.resident_id]
    answers = together(len(names), lambda n: day.ticket(volunteers[n], guest=guests[n]))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 3
    codes = {answer.json["code"] for answer in answers if answer.status_code == 409}
    assert codes == {"already_booked"}


def test_volunteers_write_in_one_new_number_by_several_names(day: MarketDay) -> None:
    """The first makes the guest; the others are asked whether it is somebody else."""
    volunteers = [another_phone(day.volunteer) for _ in range(4)]
    guests = [{"name": f"来宾{n}", "phone": "13800007777"} for n in range(4)]
    answers = together(4, lambda n: day.scan(volunteers[n], source="proxy", guest=guests[n]))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 3
    assert len(_visits(day)) == 1


def test_uploads_of_one_resident_from_several_phones(
    day: MarketDay, committed_world: World
) -> None:
    """Whichever comes first makes the visit; the earliest of them is when the person came, and
    what they had signed up for waits from then on."""
    opened = clock.now()
    person = committed_world.person()
    booking = day.booked(person)
    made = [opened + (clock.now() - opened) * share / 8 for share in range(1, 9)]
    answers = together(
        8,
        lambda index: day.scan(
            another_phone(day.volunteer), source="search", resident_id=str(person.resident_id),
            device_id=f"phone-{index}", scanned_at=made[(index * 3) % 8].isoformat(),
        ),
    )  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    (visit,) = _visits(day)
    ((attended_at, device),) = day.rows(
        "SELECT attended_at, device_id FROM attendance WHERE id = :id", id=visit.id
    )
    assert (attended_at, device) == (made[0], "phone-0")
    ((arrived_at,),) = day.rows("SELECT arrived_at FROM booking WHERE id = :id", id=booking["id"])
    assert arrived_at >= attended_at
    assert day.booking(booking)["state"] == "arrived"


@pytest.mark.parametrize("who", ["resident", "guest", "guest with a phone", "refused", "exit"])
def test_the_same_scan_several_times_at_once(
    day: MarketDay, committed_world: World, who: str
) -> None:
    """Equal answers, one scan, one visit, one guest."""
    person = committed_world.person()
    found: dict[str, Any] = {"source": "search", "resident_id": str(person.resident_id)}
    bodies: dict[str, dict[str, Any]] = {
        "resident": found,
        "guest": {"source": "proxy", "guest": {"name": "张三"}},
        "guest with a phone": {"source": "proxy", "guest": GUEST},
        "refused": {"source": "scan", "resident_code": "nonsense"},
        "exit": found | {"direction": "exit"},
    }
    body = bodies[who] | {"id": str(uuid4())}
    if who == "exit":
        day.come(person)
    before = _scans(day)
    answers = together(8, lambda _: day.scan(another_phone(day.volunteer), **body))
    assert len({(answer.status_code, answer.data) for answer in answers}) == 1
    assert answers[0].status_code == (200 if who in ("refused", "exit") else 201)
    assert _scans(day) == before + 1
    assert len(_visits(day)) == (0 if who == "refused" else 1)


def test_one_scan_id_for_two_people(committed_world: World) -> None:
    """One of them is admitted; the other is refused, and nothing of it is left."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world)
        people = [committed_world.person() for _ in range(4)]
        scan_id = str(uuid4())

        def scan(
            index: int, day: MarketDay = day, people: list[Person] = people, id_: str = scan_id
        ) -> TestResponse:
            resident_id = str(people[index].resident_id)
            volunteer = another_phone(day.volunteer)
            return day.scan(volunteer, id=id_, source="search", resident_id=resident_id)

        assert outcomes(4, scan) == {"201": 1, "409 scan_id_reused": 3}
        assert (len(_visits(day)), _scans(day)) == (1, 1)


def test_a_check_in_and_a_sign_up_of_one_person(committed_world: World) -> None:
    """Whichever comes first, the booking waits: no arrival is lost."""
    for round_ in range(ROUNDS):
        day = MarketDay.begin(committed_world, mode="slots" if round_ % 2 else "queue")
        person, code = committed_world.person(), day.code()
        before = day.booked(person, day.offering())
        answers = together(
            lambda day=day, person=person: day.sign_up(another_phone(person)),
            lambda day=day, person=person, code=code: day.self_scan(
                another_phone(person), code=code
            ),
        )
        assert [answer.status_code for answer in answers] == [201, 201]
        for booking in (answers[0].json, before):
            assert day.booking(booking)["state"] == "arrived"


def test_a_revert_and_a_sign_up_of_one_person(committed_world: World) -> None:
    """Whichever comes first, the visit is gone and the booking is expected, not waiting."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world)
        person = committed_world.person()
        scan = day.come(person)
        answers = together(
            lambda day=day, person=person: day.sign_up(person),
            lambda day=day, scan=scan: day.revert(scan["id"]),
        )
        assert [answer.status_code for answer in answers] == [201, 201]
        assert day.booking(answers[0].json)["state"] == "confirmed"
        assert _visits(day) == []


def test_a_scan_is_reverted_once(day: MarketDay, committed_world: World) -> None:
    scan = day.come(committed_world.person())
    found = outcomes(8, lambda _: day.revert(scan["id"], another_phone(day.volunteer)))
    assert found == {"201": 1, "409 already_reverted": 7}


def test_a_revert_and_another_scan(committed_world: World) -> None:
    """The second scan finds the visit still there, or makes a new one."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world)
        person, code = committed_world.person(), day.code()
        scan = day.come(person)
        again, undone = together(
            lambda day=day, person=person, code=code: day.self_scan(person, code=code),
            lambda day=day, scan=scan: day.revert(scan["id"]),
        )
        assert outcome(undone) == "201"
        assert outcome(again) in ("200", "201")
        assert len(_visits(day)) == (1 if again.status_code == 201 else 0)


# ---------------------------------------------------------------------------- people who change


def _become(day: MarketDay, person: Person) -> None:
    """Nothing but the last step is missing for the guest to become this resident."""
    ok(person.post("/me/phone", {"phone": GUEST["phone"]}))


def test_a_guest_checks_in_while_becoming_a_resident(committed_world: World) -> None:
    """No visit stays with the guest who is no more, the person is counted once, and what the
    resident had signed up for waits."""
    for round_ in range(ROUNDS):
        phone = f"139{round_:08}"
        day = MarketDay.begin(committed_world)
        guest = day.number(day.offering(), guest=GUEST | {"phone": phone})["resident"]["id"]
        person = committed_world.person(GUEST["name"])
        booking = day.booked(person)
        ok(person.post("/me/phone", {"phone": phone}))
        personal, code = ok(person.get("/me/code"))["code"], day.code()
        confirming = another_phone(day.volunteer)
        answers = together(
            lambda day=day, code_=personal, by=confirming: by.post(
                "/residents/confirm-phone", {"resident_code": code_}
            ),
            lambda day=day, guest=guest: day.scan(
                day.volunteer, source="search", resident_id=guest
            ),
            lambda day=day, person=person, code=code: day.self_scan(person, code=code),
        )
        assert {answer.status_code for answer in answers} <= {200, 201, 422}
        assert answers[1].status_code in (201, 200, 422)
        visits = _visits(day)
        assert [visit.resident_id for visit in visits] == [person.resident_id]
        assert day.booking(booking)["state"] == "arrived"


def test_a_guest_leaves_while_becoming_a_resident(committed_world: World) -> None:
    """An exit and a merge want the same two rows, in one order."""
    for round_ in range(ROUNDS):
        phone = f"137{round_:08}"
        day = MarketDay.begin(committed_world)
        scan = day.write_in(**(GUEST | {"phone": phone}))
        guest = scan["resident"]["id"]
        person = committed_world.person(GUEST["name"])
        ok(person.post("/me/phone", {"phone": phone}))
        personal = ok(person.get("/me/code"))["code"]
        confirming, reverting = (another_phone(day.volunteer) for _ in range(2))
        answers = together(
            lambda by=confirming, code_=personal: by.post(
                "/residents/confirm-phone", {"resident_code": code_}
            ),
            lambda day=day, guest=guest: day.scan(
                day.volunteer, source="search", resident_id=guest, direction="exit"
            ),
            lambda day=day, scan=scan, by=reverting: day.revert(scan["id"], by),
        )
        assert outcome(answers[0]) == "200"
        assert outcome(answers[1]) in ("200", "422 validation_failed")
        assert outcome(answers[2]) == "201"
        assert _visits(day) == []


def test_somebody_closes_their_account_meanwhile(committed_world: World) -> None:
    """Whatever comes first, nothing that is theirs stays open, and no place stays taken."""
    for _ in range(ROUNDS):
        day = MarketDay.begin(committed_world, mode="slots")
        person, code = committed_world.person(), day.code()
        day.booked(person, day.offering())
        phones = [another_phone(person) for _ in range(3)]
        answers = together(
            lambda phone=phones[0]: phone.delete("/me"),
            lambda day=day, phone=phones[1]: day.sign_up(phone),
            lambda day=day, phone=phones[2], code=code: day.self_scan(phone, code=code),
        )
        assert outcome(answers[0]) == "204"
        assert outcome(answers[1]) in ("201", "404 not_found", "401 not_logged_in")
        assert outcome(answers[2]) in ("201", "404 not_found", "401 not_logged_in")
        states = day.rows("SELECT state FROM booking WHERE activity_id = :id", id=day.id)
        assert {row.state for row in states} == {"cancelled"}
        assert day.rows("SELECT taken FROM slot WHERE id = :id", id=day.slot_id)[0][0] == 0
