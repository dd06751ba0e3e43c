"""The list of resources as an Excel file: taken, and brought."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import titles
from backend.core.errors import AppError, ValidationFailed
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.reading import NotASpreadsheet, SpreadsheetTooLarge
from backend.core.spreadsheets.values import narrowed
from backend.core.spreadsheets.writing import MIMETYPE
from backend.core.text import compared
from backend.core.web.fields import Schema
from backend.core.web.flashes import tell
from backend.core.web.replies import attachment, render, see_other
from backend.core.web.sent import Upload
from backend.partners.queries import organisations_to_choose
from backend.resources import operations, queries
from backend.resources.lists import sheets
from backend.resources.lists.importing import Fault, Imported, RowsInvalid, draft_all
from backend.resources.places import find_regions
from backend.resources.reading import Unreadable
from backend.resources.requests import NewResource
from backend.resources.web import forms
from backend.resources.web.pages import asked_for, list_resources, pages
from backend.resources.words import RESOURCE_STATES

FILE = Upload("file", most_bytes=1_000_000)
_READ = forms.ResourceForm()


class UploadForm(Schema):
    """Nothing but the file."""

    file = ma.fields.Raw()


@pages.form("/export", access=Permission.RESOURCE_SEE, query=forms.ResourceQuery,
            again=list_resources, limit=Limit("exports"))  # fmt: skip
def export(session: Session, actor: Actor, query: dict[str, Any]) -> Response:
    """The list with its filters as an Excel file."""
    rows = queries.resources_to_export(session, actor, asked_for(query))
    named = {region_id for row in rows for region_id in row.Resource.region_ids}
    labels = queries.region_labels(session, list(named))
    operations.note_export(session, actor, len(rows))
    content = sheets.resources_file(rows, labels, RESOURCE_STATES)
    return attachment(content, f"资源清单{clock.today():%Y%m%d}.xlsx", MIMETYPE)


@pages.page("/import", access=Permission.RESOURCE_EDIT)
def upload_form(
    session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None
) -> str:
    """Where a file is handed in; what is wrong with one is listed, row by row."""
    return render(
        "resources/import.html",
        faults=problem.faults if isinstance(problem, RowsInvalid) else (),
        columns=sheets.titles_of_columns(),
        most_rows=sheets.MOST_ROWS,
        problem=problem,
    )


@pages.form("/import", access=Permission.RESOURCE_EDIT, body=UploadForm, again=upload_form,
            upload=FILE, limit=Limit("uploads"), said=None)  # fmt: skip
def upload(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Draft what a file says: all of it, or nothing."""
    sent = body["file"]
    if sent is None:
        raise ValidationFailed(errors={"file": ["请选择填好的 Excel 文件"]})
    try:
        said = sheets.rows_of_file(sent.content)
    except (NotASpreadsheet, SpreadsheetTooLarge) as refusal:
        raise ValidationFailed(errors={"file": [refusal.detail or refusal.title]}) from refusal
    done = draft_all(session, actor, _resources(session, said))
    tell(_in_words(done))
    return see_other(".list_resources", state="draft")


def _in_words(done: Imported) -> str:
    known = f"，另有 {done.known} 项已经有了，没有重复登记" if done.known else ""
    return f"登记了 {done.made} 项草稿{known}。核对后请逐项提交审核"


def _resources(session: Session, said: Mapping[int, dict[str, str]]) -> dict[int, NewResource]:
    """What rows mean: each is read as the form is.

    Raises RowsInvalid (422).
    """
    found, faults = {}, []
    known = {compared(one.name): one.id for one in organisations_to_choose(session)}
    for number, row in said.items():
        try:
            found[number] = _resource(session, row, known)
        except Unreadable as wrong:
            faults.append(Fault(number, str(wrong)))
    if faults:
        raise RowsInvalid(faults)
    return found


def _resource(session: Session, row: dict[str, str], known: Mapping[str, UUID]) -> NewResource:
    """Raises Unreadable."""
    fields = dict(row)
    organisation = fields.pop("organisation", "")
    if compared(organisation) not in known:
        raise Unreadable(f"没有「{organisation}」这个单位，请先在「伙伴」里登记")
    fields["organisation_id"] = str(known[compared(organisation)])
    kinds = {narrowed(title): key for key, title in titles("service_kinds").items()}
    kind = narrowed(fields.get("service_kind", ""))
    fields["service_kind"] = kinds.get(kind, kind)
    try:
        body = _READ.load(fields)
    except ma.ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        said = (f"{sheets.title_of(name)}：{'，'.join(text)}" for name, text in messages.items())
        raise Unreadable("；".join(said)) from None
    return NewResource(**body | {"region_ids": find_regions(session, body.pop("regions"))})
