"""What the console's forms of resources carry: when it is free and what it needs are typed in
words (reading.py), so that a form that was overtaken shows them side by side."""

from collections.abc import Callable
from typing import Any

import marshmallow as ma

from backend.core.config import titles
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.core.web.merging import Base
from backend.resources.models import ResourceState
from backend.resources.reading import Unreadable, read_days, read_equipment, read_weekdays
from backend.resources.web import schemas

_WORDS_LENGTH = 2000


class Written(fields.Text):
    """What is written in words, as `read` understands it."""

    def __init__(self, read: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(_WORDS_LENGTH, **kwargs)
        self.read = read

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.read(super()._deserialize(value, *args, **kwargs))
        except Unreadable as error:
            raise ma.ValidationError(str(error)) from None


class ResourceQuery(PageQuery):
    organisation_id = fields.Id()
    region_id = fields.Id()
    service_kind = fields.Key(titles("service_kinds"))
    state = fields.Choice(ResourceState)
    q = fields.Text(schemas.TITLE_LENGTH)
    expiring = fields.FlagInQuery()


class MonthQuery(PageQuery):
    organisation_id = fields.Id()
    region_id = fields.Id()
    service_kind = fields.Key(titles("service_kinds"))
    on = fields.Day()


class _Facts(Schema):
    title = fields.ImpersonalText(schemas.TITLE_LENGTH, required=True)
    service_kind = fields.Key(titles("service_kinds"), required=True)
    people = fields.QueryInt(1, schemas.MOST_PEOPLE, required=True)
    stations = fields.QueryInt(1, schemas.MOST_STATIONS, required=True)
    minutes_per_person = fields.QueryInt(1, schemas.MOST_MINUTES, required=True)
    regions = fields.Text(_WORDS_LENGTH, load_default="")
    weekdays = Written(read_weekdays, load_default=())
    from_time = fields.TimeOfDay(load_default=None)
    to_time = fields.TimeOfDay(load_default=None)
    days_off = Written(read_days, load_default=())
    lead_days = fields.QueryInt(0, schemas.MOST_LEAD_DAYS, load_default=0)
    most_per_month = fields.QueryInt(1, schemas.MOST_A_MONTH, load_default=None)
    requires = Written(read_equipment, load_default=())


class ResourceForm(_Facts):
    organisation_id = fields.Id(required=True)


class ResourceEditForm(_Facts):
    version = fields.QueryInt(1, 10**9, required=True)
    base = Base()
