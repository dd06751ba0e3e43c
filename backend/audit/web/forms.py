"""What the pages of the audit log take."""

from ipaddress import ip_address
from typing import Any
from unicodedata import normalize

import marshmallow as ma

from backend.core.context import composed
from backend.core.feature import AuditWords
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery

REASON_LENGTH = 200
SYSTEM = "system"


class Who(fields.Id):
    """Somebody's id, or `system` for what nobody did."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if value == SYSTEM:
            return SYSTEM
        return super()._deserialize(value, *args, **kwargs)


class Address(fields.Text):
    """A network address, spelt as the log spells it; other words find nothing."""

    def __init__(self) -> None:
        super().__init__(45)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        typed = super()._deserialize(value, *args, **kwargs)
        try:
            return str(ip_address(normalize("NFKC", typed)))
        except ValueError:
            return typed


class Said(fields.Text):
    """A name that the log has words for."""

    def __init__(self, of: str) -> None:
        super().__init__(60)
        self.of = of

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, *args, **kwargs)
        if name not in getattr(composed(AuditWords), self.of):
            raise ma.ValidationError("没有这个选项")
        return name


class AuditFilter(Schema):
    """Whose, of what, and when."""

    from_ = fields.Moment(data_key="from")
    to = fields.Moment(end=True)
    region_id = fields.Id()
    actor = Who()
    action = Said("actions")
    object_type = Said("objects")
    address = Address()
    object_id = fields.Id()


class AuditQuery(PageQuery, AuditFilter):
    limit = fields.QueryInt(1, 100, load_default=50)


class AuditExportForm(AuditFilter):
    reason = fields.ImpersonalText(REASON_LENGTH, required=True)
