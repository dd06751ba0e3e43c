"""The refusals of check-in; each has one code and one sentence."""

from backend.core.errors import AppError, on_constraint


class ScanIdReused(AppError):
    status = 409
    code = "scan_id_reused"
    title = "这次扫码与之前上传的内容不一致，请重新扫码"


class AlreadyReverted(AppError):
    status = 409
    code = "already_reverted"
    title = "这次签到已经撤销过了"


class FindClosed(AppError):
    status = 409
    code = "find_closed"
    title = "只在活动签到期间才能查找居民"


class NotRevertible(AppError):
    status = 409
    code = "not_revertible"
    title = "这次扫码没有产生签到，无需撤销"


on_constraint("uq_scan_revert_scan_id", AlreadyReverted)
