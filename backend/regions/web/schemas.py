"""What the regions' route takes and answers."""

import marshmallow as ma
from marshmallow import fields as out

from backend.core.web import fields
from backend.core.web.lists import PageQuery
from backend.regions.models import RegionLevel

Q_LENGTH = 50


class RegionQuery(PageQuery):
    parent_id = fields.Id(
        metadata={"description": "directly below this region; with level or q, at any depth"}
    )
    level = fields.Choice(RegionLevel, metadata={"example": "subdistrict"})
    q = fields.Text(Q_LENGTH, metadata={"description": "part of a name, or a code's beginning"})


class RegionAnswer(ma.Schema):
    id = out.UUID()
    code = out.String(metadata={"example": "320412100"})
    name = out.String(metadata={"example": "湖塘镇"})
    level = out.Enum(RegionLevel, by_value=True, metadata={"example": "subdistrict"})
    parent_id = out.UUID(allow_none=True)
