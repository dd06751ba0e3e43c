"""What the schedule's entries are called in the audit log."""

from backend.core.feature import AuditWords

AUDIT = AuditWords(
    actions={
        "import": "导入排期",
        "undo_import": "撤销导入排期",
        "withdraw": "随导入撤销",
        "export": "导出排期",
    },
    objects={"schedule_import": "排期导入"},
)
