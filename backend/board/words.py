"""What the board's entries are called in the audit log."""

from backend.core.feature import AuditWords

AUDIT = AuditWords(
    actions={"make_wall_link": "新建大屏链接", "revoke_wall_link": "收回大屏链接"},
    objects={"wall_link": "大屏链接"},
)
