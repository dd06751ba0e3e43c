"""The query parameters of lists."""

from typing import Any

import marshmallow as ma

from backend.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, Asked
from backend.core.web import fields


class PageQuery(fields.Schema):
    """The query parameters of every list."""

    cursor = fields.Text(500, metadata={"description": "next_cursor of the page before"})
    limit = fields.QueryInt(1, MAX_LIMIT, load_default=DEFAULT_LIMIT)


class ListQuery(PageQuery):
    """The query parameters of a list without filters."""

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Asked:
        return Asked(**data)
