"""What regions' entries are called in the audit log."""

from backend.core.feature import AuditWords
from backend.regions.models import RegionImportState

AUDIT = AuditWords(
    actions={
        "import_regions": "导入地区",
        "confirm_region_import": "确认导入地区",
        "finish_region_import": "地区导入结束",
    },
    objects={"region": "地区", "region_import": "地区导入"},
    states={
        "region_import": {
            RegionImportState.PREVIEWED: "待确认", RegionImportState.RUNNING: "导入中",
            RegionImportState.DONE: "已导入", RegionImportState.FAILED: "没有导入",
        },
    },
)  # fmt: skip
