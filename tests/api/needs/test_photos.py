"""Photos of a need: from whoever raised it, until it is decided on; read by others when the need
is; gone with who raised it (docs/rules/needs.md)."""

from base64 import b64decode
from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy import Connection, text

from backend.core.config import PHOTOS
from backend.core.ids import new_id
from backend.identity.people.texts import CommentState
from tests.api.feedback.test_photos import picture
from tests.api.needs.test_voices import checked, raised
from tests.support.desk import Desk
from tests.support.world import OTHER_SUBDISTRICT, Person, World, ok, refused


def send(person: Person, need_id: str, photo_id: str, content: bytes | None = None) -> Any:
    return person.request(
        "PUT", f"/needs/{need_id}/photos/{photo_id}", data=content or picture(),
        content_type="application/octet-stream",
    )  # fmt: skip


def test_photos_are_read_when_the_need_is_and_not_before(
    world: World, organiser: Person, outer: Connection
) -> None:
    person, other = world.person(), world.person("李建国")
    need = raised(world, person)
    first = str(new_id())
    for _ in range(2):
        assert ok(send(person, need["id"], first))["photos"] == [first]
    path = f"/needs/{need['id']}/photos/{first}"
    answer = person.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert Image.open(BytesIO(answer.get_data())).format == "JPEG"
    refused(send(person, need["id"], str(new_id()), b"%PDF-1.7"), 422, "photo_unusable")
    refused(send(other, need["id"], str(new_id())), 404, "not_found")
    another = raised(world, other)
    refused(send(other, another["id"], first), 404, "not_found")
    for _ in range(PHOTOS.most - 1):
        ok(send(person, need["id"], str(new_id())))
    refused(send(person, need["id"], str(new_id())), 409, "too_many_photos")
    # Of what is not decided on, staff of that region alone.
    refused(other.get(path), 404, "not_found")
    desk = Desk(world, organiser)
    assert path in desk.read(f"/console/needs/{need['id']}")
    away = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    assert away.http.get(f"/console{path}").status_code == 404
    ok(organiser.post(f"/needs/{need['id']}/accept"))
    refused(other.get(path), 404, "not_found")  # its text is not checked yet
    checked(need, CommentState.PASSED)
    assert other.get(path).status_code == 200
    refused(other.get(f"/needs/{another['id']}/photos/{first}"), 404, "not_found")
    refused(send(person, need["id"], str(new_id())), 409, "need_decided")
    assert ok(send(person, need["id"], first))["photos"][0] == first
    # In one's own data, and gone with the account.
    (mine,) = ok(person.get("/me/export"))["needs"]
    assert Image.open(BytesIO(b64decode(mine["photos"][0]))).size == (60, 40)
    ok(person.delete("/me"), 204)
    assert outer.execute(text("SELECT count(*) FROM need_photo")).scalar_one() == 0


def test_a_volunteer_adds_photos_to_what_they_have_written_down(world: World) -> None:
    volunteer = world.volunteer()
    need = raised(world, volunteer, source="market")
    assert len(ok(send(volunteer, need["id"], str(new_id())))["photos"]) == 1
