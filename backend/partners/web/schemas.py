"""What the organisations' route takes and answers."""

import marshmallow as ma
from marshmallow import fields as out

from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.core.web.merging import Base
from backend.partners.operations import NAME_LENGTH

Q_LENGTH = 50


class OrganisationQuery(PageQuery):
    q = fields.Text(Q_LENGTH, metadata={"description": "part of a name"})


class OrganisationAnswer(ma.Schema):
    id = out.UUID()
    name = out.String(metadata={"example": "善乐社会工作服务站"})
    region_id = out.UUID(metadata={"description": "where it is based"})


class OrganisationListQuery(PageQuery):
    q = fields.Text(Q_LENGTH)
    region_id = fields.Id()


class OrganisationForm(Schema):
    name = fields.Text(NAME_LENGTH, required=True)
    region_id = fields.Id(required=True)


class OrganisationEditForm(OrganisationForm):
    version = fields.QueryInt(1, 10**9, required=True)
    base = Base()
