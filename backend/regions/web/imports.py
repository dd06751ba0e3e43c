"""The console's pages that import regions from files."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from sqlalchemy.orm import Session

from backend.core.errors import AppError, ValidationFailed
from backend.core.limits import Limit
from backend.core.permissions import Actor, Permission
from backend.core.web.fields import Schema
from backend.core.web.pages import Pages
from backend.core.web.replies import render, see_other
from backend.core.web.sent import Upload
from backend.regions import imports
from backend.regions.csv_files import RegionFilesInvalid
from backend.regions.models import RegionImportState

# Their address is that of the settings, from which they are reached.
pages = Pages(
    "region_imports", __name__, url_prefix="/console/settings", template_folder="templates"
)
# The country's towns are 1.6 MB.
MOST_BYTES = 4_000_000
FAULTS_SHOWN = 100


class UploadForm(Schema):
    """Nothing but the file."""

    file = ma.fields.Raw()


@pages.page("/regions/import", access=Permission.REGION_IMPORT)
def upload_regions(
    session: Session, actor: Actor, typed: Any = None, problem: AppError | None = None
) -> str:
    """The form to upload a file of regions; what is wrong with one is listed, row by row."""
    invalid = problem if isinstance(problem, RegionFilesInvalid) else None
    faults = invalid.faults if invalid else ()
    return render(
        "regions/upload.html",
        problem=None if faults else problem,
        faults=faults[:FAULTS_SHOWN],
        counted=invalid and invalid.counted,
        more=len(faults) > FAULTS_SHOWN,
    )


@pages.form("/regions/import", access=Permission.REGION_IMPORT, body=UploadForm,
            again=upload_regions, upload=Upload("file", MOST_BYTES),
            limit=Limit("uploads"), said="已上传，还没有导入")  # fmt: skip
def look_through(session: Session, actor: Actor, body: dict[str, Any]) -> Response:
    """Look an uploaded file through."""
    sent = body["file"]
    if sent is None:
        raise ValidationFailed(errors={"file": ["请选择文件"]})
    found = imports.look_through(session, actor, sent.name, sent.content)
    return see_other(".show_import", import_id=found.id)


@pages.page("/imports/<uuid:import_id>", access=Permission.REGION_IMPORT)
def show_import(
    session: Session,
    actor: Actor,
    import_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """What an import would do, how far it is, or what it has done."""
    found = imports.access_import(session, actor, import_id)
    return render(
        "regions/import.html",
        found=found,
        stuck=imports.is_stuck(found),
        stands_still=imports.stands_still(session, found),
        overtaken=imports.is_overtaken(session, found),
        states=RegionImportState,
        problem=problem,
    )


@pages.page("/imports/<uuid:import_id>/progress", access=Permission.REGION_IMPORT, polled=True)
def follow_import(session: Session, actor: Actor, import_id: UUID) -> str:
    """The part of that page that refreshes by itself."""
    found = imports.access_import(session, actor, import_id)
    return render(
        "regions/progress.html",
        found=found,
        stuck=imports.is_stuck(found),
        stands_still=imports.stands_still(session, found),
        states=RegionImportState,
    )


@pages.form("/imports/<uuid:import_id>/confirm", access=Permission.REGION_IMPORT,
            again=show_import, said="已开始导入")  # fmt: skip
def confirm_import(session: Session, actor: Actor, import_id: UUID) -> Response:
    """Let the worker import it."""
    found = imports.access_import(session, actor, import_id)
    imports.confirm(session, actor, found)
    return see_other(".show_import", import_id=import_id)
