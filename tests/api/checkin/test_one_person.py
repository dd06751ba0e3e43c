"""One person twice: known by number and name, written in at the desk, face to face."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from backend.core import clock
from tests.support.limits import set_limit
from tests.support.market_day import MarketDay, at, minutes
from tests.support.world import OTHER_SUBDISTRICT, Person, World, ok, refused

PHONE = "13812341234"


@pytest.fixture
def resident(world: World, outer: Connection) -> Person:
    """Somebody with a verified number."""
    person = world.person("阿依古丽·买买提")
    ok(person.post("/me/phone", {"phone": PHONE}))
    proven = text("UPDATE resident SET phone_state = 'verified' WHERE id = :id")
    outer.execute(proven, {"id": person.resident_id})
    return person


def write_in(day: MarketDay, status: int, **guest: Any) -> dict[str, Any]:
    body = {"source": "proxy", "guest": {"phone": PHONE} | guest}
    return dict(ok(day.scan(day.volunteer, **body), status))


def asked(day: MarketDay, **guest: Any) -> list[dict[str, Any]]:
    """Who is known with the number; fails unless the volunteer is asked."""
    body = {"source": "proxy", "guest": {"phone": PHONE} | guest}
    problem = refused(day.scan(day.volunteer, **body), 409, "number_known")
    return list(problem["people"])


NAMES = [
    "阿依古丽·买买提", "阿依古丽 买买提", "阿依古丽买买提", "阿依古丽•买买提", "阿依古丽・买买提",
    "阿依古丽．买买提", "阿依古丽‧买买提", " 阿依古丽\u3000买买提\u200b",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_same_name_and_number_is_that_person(
    day: MarketDay, resident: Person, name: str
) -> None:
    day.come(resident)
    known = write_in(day, 200, name=name, phone="+86 138 1234 1234")
    assert known["verdict"] == "already_checked_in"
    assert known["resident"]["id"] == str(resident.resident_id)
    assert (day.summary()["visits"], day.summary()["people"]) == (1, 1)


def test_who_is_known_and_comes_without_a_phone_is_checked_in_as_themselves(
    day: MarketDay, resident: Person
) -> None:
    offering = day.offering()
    booked = day.booked(resident, offering)
    visit = write_in(day, 201, name="阿依古丽 买买提")
    assert visit["resident"]["id"] == str(resident.resident_id)
    assert day.booking(booked)["state"] == "arrived", "and waits for what they signed up for"
    assert len(ok(resident.get("/me/attendances"))["items"]) == 1


def test_the_same_name_and_number_has_one_number_of_a_service(
    day: MarketDay, resident: Person
) -> None:
    guest = {"name": "阿依古丽•买买提", "phone": PHONE}
    day.come(resident)
    ok(day.ticket(resident), 201)
    refused(day.ticket(day.volunteer, guest=guest), 409, "already_booked")
    own = day.offering()
    given = ok(day.ticket(day.volunteer, own, guest=guest), 201)
    assert given["resident"]["id"] == str(resident.resident_id)


def test_what_the_volunteer_tells_fills_a_gap(day: MarketDay, resident: Person) -> None:
    """A service for the old asks for the year of birth at the desk."""
    old = day.offering(min_age=60)
    guest: dict[str, Any] = {"name": "阿依古丽·买买提", "phone": PHONE}
    refused(day.ticket(day.volunteer, old, guest=guest), 409, "not_eligible")
    ok(day.ticket(day.volunteer, old, guest=guest | {"birth_year": 1950}), 201)
    ok(day.ticket(day.volunteer, day.offering(), guest=guest | {"birth_year": 1999}), 201)
    assert ok(resident.get("/me"))["birth_year"] == 1950


def test_another_name_is_asked_about(day: MarketDay, resident: Person) -> None:
    before = day.summary()
    (known,) = asked(day, name="买买提大叔")
    assert known == {
        "id": str(resident.resident_id), "display_name": "阿***提", "phone": "138****1234",
        "relation": None, "checked_in_at": None, "left_at": None, "tickets": [],
    }  # fmt: skip
    assert day.summary() == before, "nothing has happened yet"
    same = day.admit(known["id"])
    assert same["verdict"] == "admitted"
    family = write_in(day, 201, name="买买提大叔", another=True)
    assert family["resident"]["id"] != known["id"]
    assert day.summary()["people"] == 2
    again = write_in(day, 200, name="买买提 大叔")
    assert again["verdict"] == "already_checked_in", "whom one has asked about is known"


def test_at_the_stall_another_name_is_asked_about_too(day: MarketDay, resident: Person) -> None:
    guest = {"name": "买买提大叔", "phone": PHONE}
    problem = refused(day.ticket(day.volunteer, guest=guest), 409, "number_known")
    assert [one["id"] for one in problem["people"]] == [str(resident.resident_id)]
    given = ok(day.ticket(day.volunteer, guest=guest | {"another": True}), 201)
    assert given["resident"]["id"] != str(resident.resident_id)


def test_who_was_told_of_somebody_is_audited(
    day: MarketDay, resident: Person, outer: Connection
) -> None:
    """As one who finds them: an answer of names to a number, with nothing else done."""
    asked(day, name="买买提大叔")
    entry = text(
        "SELECT actor_user_id, details, region_code FROM audit_entry"
        " WHERE action = 'find_residents' AND object_id = :id"
    )
    (told,) = outer.execute(entry, {"id": resident.resident_id}).all()
    assert told.actor_user_id == day.volunteer.user_id
    assert told.details == {"by": "phone", "found": [str(resident.resident_id)]}
    assert told.region_code


def test_questions_and_look_ups_have_one_limit(
    day: MarketDay, resident: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number is tried through by neither; and nobody waits at the desk for that."""
    set_limit(monkeypatch, "find", most=1)
    asked(day, name="买买提大叔")
    find = day.volunteer.post(f"/activities/{day.id}/residents/find", {"phone": PHONE})
    refused(find, 429, "too_many_requests")
    visit = write_in(day, 201, name="买买提大婶")
    assert visit["resident"]["id"] != str(resident.resident_id)


def test_a_question_is_not_lost_and_not_asked_twice_of_one_request(
    day: MarketDay, resident: Person
) -> None:
    key, guest = str(uuid4()), {"name": "大叔", "phone": PHONE}
    scan = {"id": key, "source": "proxy", "guest": guest}
    path = f"/activities/{day.id}/scans"
    first = day.volunteer.post(path, scan, key=key)
    again = day.volunteer.post(path, scan, key=key)
    assert first.status_code == again.status_code == 409
    assert again.headers["Idempotency-Replayed"] == "true"
    answered = {**scan, "guest": guest | {"another": True}}
    ok(day.volunteer.post(path, answered, key=str(uuid4())), 201)


def test_nobody_is_asked_about_a_scan_that_was_kept(day: MarketDay, resident: Person) -> None:
    """Hours later nobody remembers who it was: the visit counts, by the name that was written."""
    scanned_at = clock.now().isoformat()
    body = {"source": "proxy", "guest": {"name": "大叔", "phone": PHONE}, "scanned_at": scanned_at}
    with at(clock.now() + minutes(10)):
        visit = ok(day.scan(day.volunteer, **body), 201)
        assert visit["resident"]["id"] != str(resident.resident_id)
        same = body | {"guest": {"name": "阿依古丽买买提", "phone": PHONE}}
        known = ok(day.scan(day.volunteer, **same), 201)
    assert known["resident"]["id"] == str(resident.resident_id)


def test_of_two_with_one_name_and_number_it_is_the_one_who_is_here(
    world: World, day: MarketDay, resident: Person
) -> None:
    """The daughter has entered her mother, who has an account of her own by now."""
    daughter = world.person("女儿")
    member = ok(daughter.post("/me/family", {"name": "阿依古丽 买买提", "phone": PHONE}), 201)
    day.come(daughter, resident_id=member["id"])
    assert write_in(day, 200, name="阿依古丽买买提")["resident"]["id"] == member["id"]


def test_whose_number_it_is_learns_only_who_works_there(
    world: World, day: MarketDay, resident: Person
) -> None:
    guest = {"name": "大叔", "phone": PHONE}
    stranger = world.volunteer(OTHER_SUBDISTRICT)
    refused(day.ticket(stranger, guest=guest), 403, "forbidden")
    refused(day.ticket(world.person(), guest=guest), 403, "forbidden")
    refused(day.ticket(day.volunteer, str(uuid4()), guest=guest), 404, "not_found")
    day.close()
    refused(day.ticket(day.volunteer, guest=guest), 409, "market_not_open")


# ------------------------------------------------------------- one name, and no number


def asked_of_name(response: Any) -> list[str]:
    """The ids of those of the name who are here; fails unless the volunteer is asked."""
    return [person["id"] for person in refused(response, 409, "name_known")["people"]]


def test_one_name_without_a_number_is_asked_about(day: MarketDay) -> None:
    """Face to face only the volunteer can tell: one question for all of that name."""
    first = day.write_in(name="阿依古丽·买买提")
    body = {"source": "proxy", "guest": {"name": "阿依古丽 买买提"}}
    (known,) = refused(day.scan(day.volunteer, **body), 409, "name_known")["people"]
    assert (known["id"], known["display_name"]) == (first["resident"]["id"], "阿***提")
    assert known["checked_in_at"] == first["attendance"]["attended_at"]
    assert day.summary()["people"] == 1, "nothing has happened yet"
    same = day.scan(day.volunteer, source="search", resident_id=known["id"])
    assert ok(same, 200)["verdict"] == "already_checked_in"
    other = day.write_in(name="阿依古丽 买买提", another=True)["resident"]["id"]
    both = asked_of_name(day.scan(day.volunteer, **body))
    assert both == [other, known["id"]]
    day.write_in(name="阿依古丽")


def test_at_the_stall_one_name_without_a_number_is_asked_about_too(
    day: MarketDay, world: World
) -> None:
    """Whether they came in at the entrance, by their own phone, or have a number elsewhere."""
    person = world.person("王秀英")
    day.come(person)
    assert asked_of_name(day.ticket(day.volunteer, guest={"name": "王秀英"})) == [
        str(person.resident_id)
    ]
    given = day.number(guest={"name": "张三"})
    guest = {"name": "张三"}
    problem = refused(day.ticket(day.volunteer, day.offering(), guest=guest), 409, "name_known")
    assert problem["people"][0]["tickets"] == [
        {"booking_id": given["id"], "ticket": given["ticket"], "state": "arrived",
         "offering_id": day.offering_id, "offering_title": given["offering_title"]}
    ]  # fmt: skip
    entrance = {"source": "proxy", "guest": guest}
    assert asked_of_name(day.scan(day.volunteer, **entrance)) == [given["resident"]["id"]]


def test_who_is_not_here_today_is_nobodys_twin(day: MarketDay, world: World) -> None:
    """Not who lives there, nor who was taken back, nor who came to another market."""
    world.person("张三")
    MarketDay.begin(world).write_in(name="张三")
    day.revert(day.write_in(name="张三")["id"])
    day.write_in(name="张三")


def test_nobody_is_asked_about_a_name_that_was_kept(day: MarketDay) -> None:
    day.write_in(name="张三")
    body = {"source": "proxy", "guest": {"name": "张三"}, "scanned_at": clock.now().isoformat()}
    with at(clock.now() + minutes(10)):
        ok(day.scan(day.volunteer, **body), 201)
    assert day.summary()["people"] == 2


def test_a_scan_whose_answer_was_lost_is_not_its_own_twin(day: MarketDay) -> None:
    scan = {"id": str(uuid4()), "source": "proxy", "guest": {"name": "张三"}}
    first = ok(day.scan(day.volunteer, **scan), 201)
    assert ok(day.scan(day.volunteer, **scan), 201) == first
    press = {"guest": {"name": "李四"}}
    path, key = f"/offerings/{day.offering_id}/tickets", str(uuid4())
    number = ok(day.volunteer.post(path, press, key=key), 201)
    assert ok(day.volunteer.post(path, press, key=key), 201) == number
