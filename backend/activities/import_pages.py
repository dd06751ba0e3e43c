"""The schedule's pages that take it from an Excel file."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from backend.activities import import_undo, imports, schedule, schemas, sheets
from backend.activities.pages import pages
from backend.activities.permissions import access_activity
from backend.activities.schedule_reading import columns
from backend.activities.schedule_reading.reading import MOST_ROWS
from backend.core import clock
from backend.core.errors import AppError, ValidationFailed
from backend.core.limits import Limit
from backend.core.pages import Upload, UploadedFile, attachment, render, see_other, tell
from backend.core.permissions import Actor, Permission
from backend.core.spreadsheets import MIMETYPE, NotASpreadsheet, SpreadsheetTooLarge
from backend.regions.models import RegionLevel
from backend.regions.queries import regions_to_choose

FILE = Upload("file", most_bytes=1_000_000)
_MODELS = 50


@pages.page("/import", access=Permission.ACTIVITY_EDIT)
def upload_form(
    session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None
) -> str:
    """Where a filled-in template is handed in."""
    return render(
        "activities/import.html",
        models=_models(session, actor),
        latest=imports.latest_of(session, actor),
        keep_days=imports.KEEP.days,
        typed=typed or {},
        problem=problem,
        most_rows=MOST_ROWS,
        most_bytes=FILE.most_bytes,
    )


def _models(session: Session, actor: Actor) -> Any:
    codes = actor.region_codes(Permission.ACTIVITY_EDIT)
    return schedule.to_copy_from(session, codes, None, _MODELS)


@pages.page("/import/template", access=Permission.ACTIVITY_EDIT)
def template(session: Session, actor: Actor) -> Response:
    """The template to fill in, with the caller's own communities and activities to choose from."""
    codes = actor.region_codes(Permission.ACTIVITY_EDIT)
    titles = dict.fromkeys(model.title for model in _models(session, actor))
    communities = _labels(regions_to_choose(session, codes))
    content = sheets.template_file(communities, list(titles))
    return attachment(content, "排期导入模板.xlsx", MIMETYPE)


def _labels(regions: Any) -> list[str]:
    """Communities by name; those whose name there is twice, with their town's before it."""
    towns = {region.id: region.name for region in regions}
    communities = [region for region in regions if region.level is RegionLevel.COMMUNITY]
    names = [region.name for region in communities]
    return [
        region.name
        if names.count(region.name) == 1
        else f"{towns.get(region.parent_id, '')}{region.name}"
        for region in communities
    ]


@pages.form("/import", access=Permission.ACTIVITY_EDIT, body=schemas.UploadForm,
            again=upload_form, upload=FILE, limit=Limit("uploads"))  # fmt: skip
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


@pages.page("/import/<uuid:import_id>", access=Permission.ACTIVITY_EDIT)
def show_import(
    session: Session,
    actor: Actor,
    import_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """What a file would make, and what is wrong with it; or what it has made."""
    kept = imports.access_import(session, actor, import_id)
    return render(
        "activities/import_preview.html",
        kept=kept,
        plan=imports.plan_of(session, actor, kept) if kept.done_at is None else None,
        made=import_undo.made_by(session, kept),
        columns=columns,
        problem=problem,
    )


@pages.form("/import/<uuid:import_id>/confirm", access=Permission.ACTIVITY_EDIT,
            again=show_import)  # fmt: skip
def confirm_import(session: Session, actor: Actor, import_id: UUID) -> Response:
    """Make what the file says: all of it or nothing."""
    kept = imports.access_import(session, actor, import_id, lock=True)
    made = imports.carry_out(session, actor, kept)
    tell(f"已从「{kept.file_name}」导入 {len(made)} 场草稿")
    if not made:
        return see_other(".calendar")
    first = min(activity.starts_at for activity in made)
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
