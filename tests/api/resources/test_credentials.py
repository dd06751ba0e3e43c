"""Credentials: what is kept of them, who decides, when their end is told, and what can't be
published without one."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import update

from backend.core import clock
from backend.core.db import transaction
from backend.core.permissions import Role
from backend.resources.credentials.expiry import tell_expiring
from backend.resources.credentials.models import Credential
from tests.support.desk import Desk
from tests.support.world import COMMUNITY, DISTRICT, Person, World, ok, refused

NUMBER = "PDY00001X32041217A"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
REASON = {"reason": "编号看不清"}


def days_from_now(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def body(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "medical_practice",
        "issuer": "武进区卫生健康局",
        "number": NUMBER,
        "valid_until": days_from_now(400),
    } | changes


def handed_in(person: Person, organisation: str, **changes: Any) -> str:
    path = f"/organisations/{organisation}/credentials"
    return str(ok(person.post(path, body(**changes)), 201)["id"])


def document(person: Person, credential: str, content: bytes) -> Any:
    return person.request("PUT", f"/credentials/{credential}/document", data=content,
                          content_type="application/octet-stream")  # fmt: skip


def photo() -> bytes:
    written, exif = BytesIO(), Image.Exif()
    exif[0x010F] = "phone of somebody"
    Image.new("RGB", (60, 40), "teal").save(written, "JPEG", exif=exif)
    return written.getvalue()


@pytest.fixture
def admin(world: World) -> Person:
    return world.staff(Role.ADMIN, DISTRICT)


def test_a_credential_is_handed_in_looked_at_and_decided(
    world: World, partner: Person, admin: Person, organisation: str
) -> None:
    made = handed_in(partner, organisation)
    (shown,) = ok(partner.get(f"/organisations/{organisation}/credentials"))["items"]
    assert (shown["number"], shown["document"], shown["state"]) == ("****217A", False, "submitted")
    refused(partner.get(f"/credentials/{made}/document"), 404, "not_found")
    assert ok(document(partner, made, photo()))["document"]
    answer = admin.get(f"/credentials/{made}/document")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert b"phone of somebody" not in answer.data
    ok(document(partner, made, PDF))
    answer = admin.get(f"/credentials/{made}/document")
    assert (answer.mimetype, answer.data) == ("application/pdf", PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    rival = world.staff(Role.PARTNER, organisation_id=world.organisation("巧手理发队"))
    refused(rival.get(f"/credentials/{made}/document"), 404, "not_found")
    refused(partner.post(f"/credentials/{made}/approve"), 403, "forbidden")
    assert ok(admin.post(f"/credentials/{made}/approve"))["state"] == "approved"
    refused(admin.post(f"/credentials/{made}/approve"), 409, "illegal_transition")
    refused(document(partner, made, PDF), 409, "credential_decided")
    assert ok(admin.post(f"/credentials/{made}/reject", REASON))["reason"] == REASON["reason"]
    told = [notice["title"] for notice in ok(partner.get("/me/notices"))["items"]]
    assert told[:2] == ["资质没有通过：医疗机构执业许可证", "资质已通过：医疗机构执业许可证"]
    with transaction() as session:
        kept = session.get_one(Credential, UUID(made))
        assert NUMBER.encode() not in kept.number_encrypted
    over = partner.post(f"/organisations/{organisation}/credentials",
                        body(valid_until=days_from_now(-1)))  # fmt: skip
    assert "valid_until" in refused(over, 422, "validation_failed")["errors"]


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"hello", b"<svg onload=alert(1)>", PDF[:-6], b"\n" + PDF,
        PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript >>"),
        PDF.replace(b"/Root", b"/Encrypt 2 0 R /Root"),
    ],
)  # fmt: skip
def test_a_document_is_told_by_its_content(
    partner: Person, organisation: str, wrong: bytes
) -> None:
    made = handed_in(partner, organisation)
    refused(document(partner, made, wrong), 422, "document_unusable")
    assert not ok(partner.get(f"/organisations/{organisation}/credentials"))["items"][0]["document"]


def test_no_document_is_larger_than_it_may_be(partner: Person, organisation: str) -> None:
    made = handed_in(partner, organisation)
    big = PDF.replace(b"endobj", b" " * 5_000_000 + b"endobj")
    refused(document(partner, made, big), 413, "document_too_large")


def test_nothing_that_requires_a_credential_is_published_without_a_valid_one(
    world: World, organiser: Person, partner: Person, admin: Person, organisation: str
) -> None:
    draft = world.draft(organiser)
    stall = world.stall(organiser, draft["id"], number="7", organisation_id=organisation)
    world.offering(organiser, stall["id"], title="义诊", service_kind="clinic")
    publish = f"/activities/{draft['id']}/publish"
    resource = {
        "organisation_id": organisation, "title": "义诊", "service_kind": "clinic", "people": 4,
        "stations": 3, "minutes_per_person": 8, "region_ids": [world.region_id(COMMUNITY)],
    }  # fmt: skip
    offered = ok(partner.post("/resources", resource), 201)["id"]
    ok(partner.post(f"/resources/{offered}/submit"))
    ok(organiser.post(f"/resources/{offered}/approve"))
    problem = refused(organiser.post(publish), 409, "not_to_be_published")
    assert "7 号摊位" in problem["detail"]
    assert "医疗机构执业许可证" in problem["detail"]
    desk = Desk(world, organiser)
    assert "要有医疗机构执业许可证" in desk.read(f"/console/markets/{draft['id']}")
    page, link = f"/console/resources/{offered}", f"/console/credentials/of/{organisation}"
    assert "单位还没有有效的" in desk.read(page)
    assert link not in desk.read(page), "what a town's clerk can't open is not offered"
    assert link in Desk(world, admin).read(page)
    made = handed_in(partner, organisation, valid_until=days_from_now(0))
    refused(organiser.post(publish), 409, "not_to_be_published")
    ok(admin.post(f"/credentials/{made}/approve"))
    listed = desk.read("/console/resources/?expiring=true")
    assert offered in listed, "it ends today"
    later = clock.now() + timedelta(days=1)
    moved = {"starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=1)).isoformat()}
    ok(organiser.put(f"/activities/{draft['id']}", moved))
    refused(organiser.post(publish), 409, "not_to_be_published")
    long = handed_in(partner, organisation)
    ok(admin.post(f"/credentials/{long}/approve"))
    ok(organiser.post(publish))
    assert offered not in desk.read("/console/resources/?expiring=true")
    # What is announced is not changed into it either.
    ok(admin.post(f"/credentials/{long}/reject", REASON))
    later_stall = world.stall(organiser, draft["id"])
    world.offering(organiser, later_stall["id"], service_kind="tcm")
    refused(organiser.put(f"/stalls/{later_stall['id']}", {"organisation_id": organisation}),
            409, "stays_published")  # fmt: skip
    second = {"title": "口腔检查", "service_kind": "dental", "mode": "queue"}
    refused(organiser.post(f"/stalls/{stall['id']}/offerings", second), 409, "stays_published")


def test_an_end_is_told_once_at_each_of_its_days_and_not_where_there_is_a_longer_one(
    world: World, partner: Person, admin: Person, organisation: str
) -> None:
    made = handed_in(partner, organisation)
    ok(admin.post(f"/credentials/{made}/approve"))

    def ends_in(days: int) -> None:
        with transaction() as session:
            end = clock.today() + timedelta(days=days)
            values = update(Credential).where(Credential.id == UUID(made)).values(valid_until=end)
            session.execute(values)
        for _ in range(2):
            tell_expiring()

    def told() -> int:
        kinds = [notice["kind"] for notice in ok(partner.get("/me/notices"))["items"]]
        return kinds.count("credential_expiring")

    counts = []
    for days in (31, 30, 8, 7, 0, -1):
        ends_in(days)
        counts.append(told())
    assert counts == [0, 1, 1, 2, 2, 2]
    desk = Desk(world, admin)
    assert desk.waiting()["快到期的资质"] == 1
    longer = handed_in(partner, organisation)
    assert desk.waiting()["待审核的资质"] == 1
    ok(admin.post(f"/credentials/{longer}/approve"))
    assert "快到期的资质" not in desk.waiting()


def test_the_console_takes_a_credential_with_its_document(
    world: World, admin: Person, organisation: str
) -> None:
    desk = Desk(world, admin)
    path = f"/console/credentials/of/{organisation}"
    wrong = desk.send(path, **body(), document=(BytesIO(b"hello"), "执照.pdf"))
    page = wrong.get_data(as_text=True)
    assert (wrong.status_code, "这个文件不能用" in page) == (422, True)
    assert 'value="武进区卫生健康局"' in page, "what was typed stays"
    taken = desk.send(path, **body(), document=(BytesIO(PDF), "执照.pdf"))
    assert taken.status_code == 303, taken.get_data(as_text=True)
    (made,) = ok(admin.get(f"/organisations/{organisation}/credentials"))["items"]
    assert made["document"]
    one = f"/console/credentials/{made['id']}"
    assert "****217A" in desk.read(one)
    assert desk.http.get(f"{one}/document").data == PDF
    assert desk.send(f"{one}/reject").status_code == 422
    assert desk.send(f"{one}/approve").status_code == 303
    assert "有效" in desk.read(path)
