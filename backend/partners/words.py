"""What partners' entries are called in the audit log."""

from backend.core.feature import AuditWords

AUDIT = AuditWords(
    actions={"add_organisation": "登记单位", "edit_organisation": "修改单位"},
    objects={"organisation": "单位"},
)
