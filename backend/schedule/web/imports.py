"""The schedule's pages that take it from an Excel file."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from backend.activities.checks.readiness import doubt_of_number
from backend.activities.models import Activity, Programme, ScheduleImport
from backend.activities.permissions import access_activity
from backend.activities.words import SLOT_CHOICES
from backend.core import clock
from backend.core.config import titles
from backend.core.errors import AppError, ValidationFailed
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets.reading import NotASpreadsheet, SpreadsheetTooLarge
from backend.core.spreadsheets.writing import MIMETYPE
from backend.core.web.flashes import tell
from backend.core.web.replies import attachment, render, see_other
from backend.core.web.sent import Upload, UploadedFile
from backend.regions.models import Region, RegionLevel
from backend.regions.queries import regions_to_choose
from backend.schedule import calendar, sheets
from backend.schedule.imports import corrections as import_cells
from backend.schedule.imports import operations as imports
from backend.schedule.imports import undo as import_undo
from backend.schedule.imports.plans import Plan
from backend.schedule.imports.regions import labels
from backend.schedule.imports.slots import FITTING
from backend.schedule.reading import columns
from backend.schedule.reading.schedule import MOST_ROWS
from backend.schedule.web import schemas
from backend.schedule.web.pages import pages

FILE = Upload("file", most_bytes=1_000_000)
_MODELS = 50
# Where rows wait for an answer most: shown before what is copied as it stands, within sight.
_ASKED_OF = (columns.SLOTS, columns.MODEL)


@pages.page("/import", access=Permission.ACTIVITY_EDIT, query=schemas.UploadQuery)
def upload_form(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """Where a file is handed in."""
    return render(
        "schedule/import.html",
        models=_models(session, actor),
        latest=imports.latest_of(session, actor),
        keep_days=imports.KEEP.days,
        typed=typed or query,
        problem=problem,
        most_rows=MOST_ROWS,
        most_bytes=FILE.most_bytes,
    )


def _models(session: Session, actor: Actor) -> Any:
    codes = actor.region_codes(Permission.ACTIVITY_EDIT)
    return calendar.to_copy_from(session, codes, limit=_MODELS).items


@pages.page("/import/template", access=Permission.ACTIVITY_EDIT)
def template(session: Session, actor: Actor) -> Response:
    """The template to fill in, with the caller's own communities and activities to choose from."""
    codes = actor.region_codes(Permission.ACTIVITY_EDIT)
    models: dict[Programme, dict[str, None]] = defaultdict(dict)
    for model in _models(session, actor):
        models[model.programme][model.title] = None
    communities = _labels(regions_to_choose(session, codes))
    content = sheets.template_file(
        communities, {programme: list(titles) for programme, titles in models.items()}
    )
    return attachment(content, "排期导入模板.xlsx", MIMETYPE)


def _labels(regions: Sequence[Region]) -> list[str]:
    towns = {region.id: region.name for region in regions}
    return labels([one for one in regions if one.level is RegionLevel.COMMUNITY], towns)


@pages.form("/import", access=Permission.ACTIVITY_EDIT, body=schemas.UploadForm,
            again=upload_form, upload=FILE, limit=Limit("uploads"),
            said="已上传，还没有导入")  # fmt: skip
def upload(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Keep the file, and go on to what it would make."""
    file: UploadedFile | None = body["file"]
    if file is None:
        raise ValidationFailed(errors={"file": ["请选择填好的 Excel 文件"]})
    model = None
    if "model_id" in body:
        model = access_activity(session, actor, body["model_id"], Permission.ACTIVITY_EDIT)
    try:
        kept = imports.keep(session, actor, file.name, file.content, model)
    except (NotASpreadsheet, SpreadsheetTooLarge, ValidationFailed) as refusal:
        words = refusal.detail or refusal.title
        raise ValidationFailed(errors={"file": [words]}) from refusal
    return see_other(".show_import", import_id=kept.id)


@pages.page("/import/<uuid:import_id>", access=Permission.ACTIVITY_EDIT, query=schemas.PreviewQuery)
def show_import(
    session: Session,
    actor: Actor,
    query: dict[str, Any],
    import_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """What a file would make and what is wrong with it, to be put right here; and what it has
    made."""
    kept = imports.access_import(session, actor, import_id)
    plan = imports.plan_of(session, actor, kept)
    codes = actor.region_codes(Permission.ACTIVITY_EDIT)
    return render(
        "schedule/import_preview.html",
        kept=kept,
        plan=plan,
        shown=_columns(plan, query.get("edit")),
        columns=columns,
        models=_models_with(session, actor, kept),
        communities=_labels(regions_to_choose(session, codes)),
        choices_of=import_cells.choices_of,
        words_of=import_cells.words_of,
        fields=titles("fields"),
        slot_choices=SLOT_CHOICES,
        fitting=FITTING,
        edit=query.get("edit"),
        touched=import_undo.touched_of(session, [one.made_id for one in plan.rows if one.made_id]),
        keep_days=imports.KEEP.days,
        problem=problem,
    )


def _columns(plan: Plan, edit: str | None) -> list[str]:
    """The columns that the preview shows: those that are needed, and of the others those in which
    something stands or is to be said; all while a row is open."""
    cells = [cell for planned in plan.rows for cell in planned.row.cells.values()]
    there = {cell.column for cell in cells if cell.raw or cell.fault or cell.typed}
    there.update(note.column for planned in plan.rows for note in planned.notes)
    if plan.slot_questions:
        there.add(columns.SLOTS)
    if edit in {planned.row.key for planned in plan.rows}:
        there.update(columns.OPTIONAL)
    in_order = (*columns.REQUIRED, *_ASKED_OF, *columns.COLUMNS)
    return [one for one in dict.fromkeys(in_order) if one in there or one in columns.REQUIRED]


def _models_with(session: Session, actor: Actor, kept: ScheduleImport) -> list[Any]:
    """The activities to copy from, with the one that was chosen, however long ago it was."""
    models = list(_models(session, actor))
    if kept.model_id and kept.model_id not in {model.id for model in models}:
        models.append(session.get_one(Activity, kept.model_id))
    return models


@pages.form("/import/<uuid:import_id>/cells", access=Permission.ACTIVITY_EDIT,
            query=schemas.PreviewQuery, again=show_import)  # fmt: skip
def correct_cells(
    session: Session, actor: Actor, query: dict[str, Any], import_id: UUID
) -> Response:
    """Keep what was typed in the preview, and look again."""
    kept = imports.access_import(session, actor, import_id, lock=True)
    import_cells.correct(session, actor, kept, _corrections(kept, request.form))
    return see_other(".show_import", import_id=kept.id, **query)


def _corrections(kept: ScheduleImport, given: MultiDict[str, str]) -> import_cells.Corrections:
    """A preview's forms: `cell:ROW:COLUMN` is a cell, `slots:ACTIVITY` what becomes of its slots,
    `every:programme` that of the rows without one;
    the buttons say `take`, `leave`, `bare` (no activity is copied) or `restore`, and a row; those
    of all doubtful ones, and of all whose model doesn't fit, say so of each that was shown.

    Raises ValidationFailed (422) for a model that is none.
    """
    cells, slots = {}, {}
    for name, words in given.items():
        kind, _, place = name.partition(":")
        row, _, column = place.partition(":")
        if kind == "cell":
            cells[row, column] = words
        elif kind == "slots":
            slots[place] = words
    wanted = {row: name == "take" for name in ("take", "leave") for row in given.getlist(name)}
    for row in given.getlist("bare"):
        cells[row, columns.MODEL] = columns.NO_MODEL
    restored = frozenset({given["restore"]} if "restore" in given else ())
    try:
        model_id = UUID(given["model_id"]) if given.get("model_id") else None
    except ValueError as error:
        raise ValidationFailed(errors={"model_id": ["没有这场活动"]}) from error
    if "model_id" not in given:
        model_id = kept.model_id
    programme = given.get("every:programme")
    return import_cells.Corrections(model_id, cells, wanted, restored, slots, programme)


@pages.page("/import/<uuid:import_id>/rest", access=Permission.ACTIVITY_EDIT)
def rest(session: Session, actor: Actor, import_id: UUID) -> Response:
    """The rows that can't be taken yet, as an Excel file that says what is wrong with them."""
    kept = imports.access_import(session, actor, import_id)
    content = import_cells.rest_file(imports.plan_of(session, actor, kept))
    return attachment(content, f"要改的{clock.today():%Y%m%d}.xlsx", MIMETYPE)


@pages.form("/import/<uuid:import_id>/confirm", access=Permission.ACTIVITY_EDIT,
            body=schemas.ConfirmImportForm, again=show_import)  # fmt: skip
def confirm_import(
    session: Session, actor: Actor, body: dict[str, Any], import_id: UUID
) -> Response:
    """Make what is good of the file, as it was looked at. What is to be put right is shown again;
    without any, what was made."""
    kept = imports.access_import(session, actor, import_id, lock=True)
    done = imports.carry_out(session, actor, kept, body["seen"])
    tell(f"已从「{kept.file_name}」导入 {len(done.made)} 场草稿")
    private = [one for one in done.made if doubt_of_number(one.contact_phone)]
    if private:
        tell(f"{len(private)} 场的{doubt_of_number(private[0].contact_phone)}", done=False)
    if done.waiting:
        return see_other(".show_import", import_id=kept.id)
    first = min(activity.starts_at for activity in done.made)
    return see_other(".calendar", **{"from": clock.local_day(first).isoformat(), "state": "draft"})


@pages.form("/import/<uuid:import_id>/undo", access=Permission.ACTIVITY_EDIT, again=show_import)
def undo_import(session: Session, actor: Actor, import_id: UUID) -> Response:
    """Take back what the file has made."""
    kept = imports.access_import(session, actor, import_id, lock=True)
    count = import_undo.undo(session, actor, kept)
    if count:
        tell(f"已撤销导入，{count} 场草稿不再出现在排期里。文件还在，改好可以再导入")
    else:
        tell("没有要撤销的，这个文件现在没有导入任何活动")
    return see_other(".show_import", import_id=kept.id)
