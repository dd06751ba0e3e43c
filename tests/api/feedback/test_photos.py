"""Photos of a complaint: looked at by their content, written anew, seen by who handles it and who
sent them (docs/rules/ratings.md, A bad rating)."""

import struct
import zlib
from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
import time_machine
from PIL import Image, ImageOps
from sqlalchemy import func, select

from backend.core import clock
from backend.core.config import PHOTOS
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.core.photos import made_safe
from backend.feedback.models import RatingPhoto
from tests.support.desk import Desk
from tests.support.fair import BAD, Fair
from tests.support.world import DISTRICT, OTHER_SUBDISTRICT, Person, ok, refused


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), **saved: Any) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "teal").save(written, kind, **saved)
    return written.getvalue()


def bomb(side: int) -> bytes:
    """A PNG whose head claims more pixels than any memory holds."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + body + picture()[33:]


def send(person: Person, rating_id: str, content: bytes, photo_id: str = "") -> Any:
    path = f"/ratings/{rating_id}/photos/{photo_id or new_id()}"
    return person.request("PUT", path, data=content, content_type="application/octet-stream")


def kept(fair: Fair) -> int:
    with fair.app.app_context(), transaction() as session:
        return session.execute(select(func.count()).select_from(RatingPhoto)).scalar_one()


@pytest.fixture
def complaint(fair: Fair) -> tuple[Person, str]:
    person, rating = fair.rated(**BAD)
    return person, rating["id"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_written_anew_without_what_the_phone_wrote_into_it(
    fair: Fair, complaint: tuple[Person, str], kind: str
) -> None:
    person, rating_id = complaint
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "a phone of 王秀英"
    photo_id = str(new_id())
    content = picture(kind, (2400, 400), exif=exif)
    for _ in range(2):  # the same again is the same
        assert ok(send(person, rating_id, content, photo_id))["photos"] == [photo_id]
    answer = person.get(f"/ratings/{rating_id}/photos/{photo_id}")
    shown = Image.open(BytesIO(answer.get_data()))
    assert (shown.format, shown.size) == ("JPEG", (267, PHOTOS.side))
    assert not shown.getexif()
    headers = {name: answer.headers[name] for name in (
        "Content-Type", "Cache-Control", "X-Content-Type-Options", "Content-Disposition",
    )}  # fmt: skip
    assert list(headers.values()) == ["image/jpeg", "no-store", "nosniff", "inline"]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0II*\0",
        b"Exif\0\0" + struct.pack("<2sHLHHHLLL", b"II", 42, 8, 1, 0x0112, 2, 1, 6, 0),
    ],
    ids=["half a head", "letters"],
)
def test_a_photo_beside_which_nonsense_is_written_is_a_photo(
    fair: Fair, complaint: tuple[Person, str], kind: str, exif: bytes
) -> None:
    person, rating_id = complaint
    assert len(ok(send(person, rating_id, picture(kind, exif=exif)))["photos"]) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_however_the_phone_was_held_the_photo_is_upright(orientation: int) -> None:
    lying = Image.new("RGB", (60, 40), "black")
    lying.paste("white", (0, 0, 30, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation
    written = BytesIO()
    lying.save(written, "PNG", exif=exif)
    seen = ImageOps.exif_transpose(Image.open(BytesIO(written.getvalue())))
    safe = Image.open(BytesIO(made_safe(written.getvalue())))
    assert safe.size == seen.size
    quarters = [one.convert("L").resize((2, 2)).tobytes() for one in (safe, seen)]
    assert [value > 127 for value in quarters[0]] == [value > 127 for value in quarters[1]]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "photo_unusable"),
        (b"{}", 422, "photo_unusable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", 422, "photo_unusable"),
        (picture("GIF"), 422, "photo_unusable"),
        (picture("TIFF"), 422, "photo_unusable"),
        (picture("JPEG", (900, 900))[:900], 422, "photo_unusable"),
        (bomb(50_000), 413, "photo_too_large"),
        (bomb(6_000), 413, "photo_too_large"),
        (bomb(1_000), 422, "photo_unusable"),
        (picture() + b"x" * 11_000_000, 413, "photo_too_large"),
    ],
    ids=["nothing", "JSON", "SVG", "GIF", "TIFF", "cut off", "50,000 wide", "36 MP", "lying",
         "11 MB"],
)  # fmt: skip
def test_what_is_no_photo_is_refused_in_words_and_changes_nothing(
    fair: Fair, complaint: tuple[Person, str], content: bytes, status: int, code: str
) -> None:
    person, rating_id = complaint
    problem = refused(send(person, rating_id, content), status, code)
    assert "请换一张" in problem["title"]
    assert kept(fair) == 0
    assert ok(person.get(f"/ratings/{rating_id}"))["photos"] == []


def test_as_many_as_may_be_of_ones_own_complaint_while_it_can_be_changed(
    fair: Fair, complaint: tuple[Person, str]
) -> None:
    person, rating_id = complaint
    photo = picture()
    first = str(new_id())
    ok(send(person, rating_id, photo, first))
    other, rating = fair.rated(score=5)
    refused(send(other, rating["id"], photo), 409, "no_complaint")
    ok(other.put(f"/ratings/{rating['id']}", {"score": 1}))
    refused(send(other, rating_id, photo), 404, "not_found")
    refused(send(other, rating["id"], photo, first), 404, "not_found")
    refused(other.get(f"/ratings/{rating['id']}/photos/{first}"), 404, "not_found")
    for reader in (other, fair.organiser):
        refused(reader.get(f"/ratings/{rating_id}/photos/{first}"), 404, "not_found")
    for _ in range(PHOTOS.most - 1):
        ok(send(person, rating_id, photo))
    refused(send(person, rating_id, photo), 409, "too_many_photos")
    until = ok(person.get(f"/ratings/{rating_id}"))["editable_until"]
    with time_machine.travel(until, tick=False):
        refused(send(person, rating_id, photo), 409, "rating_closed")
    assert kept(fair) == PHOTOS.most


def test_they_are_shown_to_who_may_handle_the_complaint(
    fair: Fair, complaint: tuple[Person, str]
) -> None:
    person, rating_id = complaint
    photo_id = str(new_id())
    ok(send(person, rating_id, picture(), photo_id))
    page = f"/console/rectifications/{fair.rectification_of(rating_id)}"
    photo = f"{page}/photos/{photo_id}"
    desk = Desk(fair.world, fair.organiser)
    assert f'src="{photo}" alt="居民附的照片 1' in desk.read(page)
    shown = desk.http.get(photo)
    assert (shown.status_code, shown.content_type) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"] == "no-store"
    auditor = Desk(fair.world, fair.world.staff(Role.AUDITOR, DISTRICT))
    assert photo not in auditor.read(page)
    auditor.read(photo, 403)
    Desk(fair.world, fair.world.organiser(OTHER_SUBDISTRICT)).read(photo, 404)
    elsewhere = fair.complaint()[1]
    desk.read(f"/console/rectifications/{elsewhere}/photos/{photo_id}", 404)


def test_they_go_with_the_account_and_are_in_the_export(
    fair: Fair, complaint: tuple[Person, str]
) -> None:
    person, rating_id = complaint
    ok(send(person, rating_id, picture()))
    (exported,) = ok(person.get("/me/export"))["ratings"]
    assert Image.open(BytesIO(b64decode(exported["photos"][0]))).size == (60, 40)
    assert person.delete("/me").status_code == 204
    assert kept(fair) == 0


def test_few_of_them_are_looked_at_an_hour(fair: Fair, complaint: tuple[Person, str]) -> None:
    """Each costs a processor's time, whether it is one or not."""
    person, rating_id = complaint
    with time_machine.travel(clock.now(), tick=False):
        codes = [send(person, rating_id, b"x").status_code for _ in range(21)]
    assert codes == [422] * 20 + [429]
