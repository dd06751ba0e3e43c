"""A schedule from Excel, as a clerk sends it: rows, files, and what is done with their preview."""

import io
import re
from datetime import date, datetime, time, timedelta
from typing import Any

from openpyxl import Workbook
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from backend.activities.models import Activity
from backend.core import clock
from backend.core.db import transaction
from backend.schedule.reading import columns
from tests.support.desk import Desk
from tests.support.world import (
    Person,
    World,
    ok,
)

DAY = clock.today() + timedelta(days=40)
HEADER = [*columns.REQUIRED, *columns.OPTIONAL]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=clock.SHANGHAI)


def line(**changes: Any) -> dict[str, Any]:
    """A good row, by its columns."""
    return {
        columns.PROGRAMME: "吾社集", columns.TITLE: "花园社区公益集市",
        columns.COMMUNITY: "花园社区", columns.DAY: DAY,
        columns.STARTS: "9:00", columns.ENDS: "11:30", columns.VENUE: "社区广场",
    } | changes  # fmt: skip


def file_of(*lines: dict[str, Any], merge: str | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    for values in lines:
        sheet.append([values.get(column) for column in HEADER])
    if merge:
        sheet.merge_cells(merge)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def upload(desk: Desk, content: bytes, **fields: Any) -> TestResponse:
    return desk.send("/console/schedule/import", file=(io.BytesIO(content), "五月.xlsx"), **fields)


def send_bytes(desk: Desk, content: bytes) -> TestResponse:
    """As `upload`; the client's own way leaves a large file open."""
    fields = {"csrf_token": desk.token(), "file": FileStorage(io.BytesIO(content), "大.xlsx")}
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return desk.http.post("/console/schedule/import", data=body, content_type=kind)


def preview(desk: Desk, *lines: dict[str, Any], **fields: Any) -> str:
    answer = upload(desk, file_of(*lines), **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return desk.read(answer.location)


def confirm(desk: Desk, content: bytes, **fields: Any) -> TestResponse:
    answer = upload(desk, content, **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return confirm_seen(desk, answer.location)


def seen(page: str) -> str:
    """Which plan a preview shows; nothing where it has none to confirm."""
    found = re.search(r'name="seen" value="(\w+)"', page)
    return found[1] if found else "nothing"


def confirm_seen(desk: Desk, path: str, **fields: Any) -> TestResponse:
    """Confirm what a preview shows."""
    return desk.send(f"{path}/confirm", **({"seen": seen(desk.read(path))} | fields))


def correct(desk: Desk, path: str, *cells: tuple[int, str, str], **more: str) -> str:
    """Type something in cells of a preview: a row's number, a column, words; the page then."""
    typed = {f"cell:1.{number}:{column}": words for number, column, words in cells}
    answer = desk.send(f"{path}/cells", **typed, **more)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return desk.read(answer.location)


def activities() -> list[Activity]:
    with transaction() as session:
        return list(session.execute(select(Activity).order_by(Activity.starts_at)).scalars())


def market(world: World, organiser: Person) -> dict[str, Any]:
    """A market to copy, 9:00 to 12:00, whose slots end at 10:30."""
    draft = world.draft(
        organiser, title="样板集市", contact_phone="0519-1",
        starts_at=at(DAY + timedelta(days=300), 9),
    )  # fmt: skip
    stall = world.stall(organiser, draft["id"])
    offering = world.offering(organiser, stall["id"], mode="slots")
    body = {"from": draft["starts_at"], "minutes": 30, "capacity": 5,
            "to": (at(DAY + timedelta(days=300), 10, 30)).isoformat()}  # fmt: skip
    ok(organiser.post(f"/offerings/{offering['id']}/slots", body), 201)
    return draft


def shown(page: str, column: str) -> list[str]:
    """What a column of a preview says, row by row, with what is to be looked at behind it."""
    cells = re.findall(rf'<td id="in-[^"]*-{column}"[^>]*>(.*?)</td>', page, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in cells]


def undo(desk: Desk, path: str) -> TestResponse:
    return desk.send(f"{path}/undo")
