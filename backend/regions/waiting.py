"""Which files of regions wait for whoever has uploaded them (core/todos.py)."""

from sqlalchemy import select

from backend.core.db import AnySelect
from backend.core.permissions import Actor, Permission
from backend.core.todos import ToDos
from backend.regions.models import RegionImport, RegionImportState


def _unconfirmed(actor: Actor) -> AnySelect:
    """What was looked through and not confirmed: it is deleted a day after it came."""
    return select(
        RegionImport.id,
        RegionImport.file_name.label("words"),
        RegionImport.created_at.label("at"),
    ).where(
        RegionImport.user_id == actor.user_id,
        RegionImport.state == RegionImportState.PREVIEWED,
    )


TODOS_OF_REGIONS = (
    ToDos(
        82, "上传了还没有导入的地区文件", Permission.REGION_IMPORT, "上传", _unconfirmed,
        ("region_imports.show_import", "import_id"),
    ),
)  # fmt: skip
