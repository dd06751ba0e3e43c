"""Errors with a stable code and a sentence that can be shown to a resident.

A feature declares its refusals as `AppError` subclasses beside the rule they guard; only
`core/web/problems.py` turns them into problem+json (RFC 9457). Clients switch on `code`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class AppError(Exception):
    """A refusal with a code.

    Args:
        detail: more for this one case (Chinese, may be shown).
        errors: messages by field, for forms.
        extra: further members of the problem document (RFC 9457 §3.2).
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "请求有误，请返回重试"
    # Whether what was written before it stays: an entry of the audit log on what it tells.
    kept: ClassVar[bool] = False
    # The form's field that it is about, where it is always the same: its refusal stands there too.
    field: ClassVar[str | None] = None
    # Seconds after which the same request may be sent again, where that is known.
    retry_after: int | None = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = errors or ({self.field: [self.title]} if self.field else None)
        self.extra = extra or {}

    def to_problem(self) -> dict[str, Any]:
        """The problem document without its request id."""
        problem: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "code": self.code,
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            problem["detail"] = self.detail
        if self.errors:
            problem["errors"] = self.errors
        return problem | dict(self.extra)


class ValidationFailed(AppError):
    status = 422
    code = "validation_failed"
    title = "填写的内容有误，请检查后再提交"


class EditedMeanwhile(AppError):
    """Of two who edit one row at once, the second is told (a row's `version`)."""

    status = 409
    code = "edited_meanwhile"
    title = "有人刚刚修改过，您的修改还没有保存，请核对后再保存一次"


class TooManyToExport(AppError):
    status = 422
    code = "too_many_to_export"
    title = "内容太多，请缩小范围（时间、地区或进展）后再导出"


class MalformedBody(AppError):
    status = 400
    code = "malformed_body"
    title = "提交的内容无法识别，请重试"


class BodyTooLarge(AppError):
    status = 413
    code = "body_too_large"
    title = "提交的内容太大了，请减少后再试"


class UnsupportedMediaType(AppError):
    status = 415
    code = "unsupported_media_type"
    title = "提交的格式不支持，请重试"


class NotLoggedIn(AppError):
    status = 401
    code = "not_logged_in"
    title = "请先登录"


class Forbidden(AppError):
    status = 403
    code = "forbidden"
    title = "您没有权限做这项操作"


class NotFound(AppError):
    status = 404
    code = "not_found"
    title = "没有找到您要的内容"


class MethodNotAllowed(AppError):
    status = 405
    code = "method_not_allowed"
    title = "不支持这种操作"


class Conflict(AppError):
    status = 409
    code = "conflict"
    title = "内容刚刚有变动，请刷新后再试"


class InUse(AppError):
    status = 409
    code = "in_use"
    title = "已有人报名、签到或引用，不能删除"


class InternalError(AppError):
    status = 500
    code = "internal_error"
    title = "服务出了点问题，我们已经记录，请稍后再试"


class TryAgain(AppError):
    """The database is away or has picked this transaction as a deadlock's victim."""

    status = 503
    code = "try_again"
    title = "服务正忙，请稍后再试"


_BY_CONSTRAINT: dict[str, type[AppError]] = {}


def on_constraint(name: str, error: type[AppError]) -> None:
    """Say what the loser of a race hears when constraint `name` stops it.

    Declared beside the constraint: the rule's first check answers politely, the constraint is
    the guard that holds, and both give the same code.
    """
    _BY_CONSTRAINT[name] = error


def error_for_constraint(name: str | None) -> type[AppError]:
    """The refusal declared for a constraint; Conflict where none is."""
    return _BY_CONSTRAINT.get(name or "", Conflict)
