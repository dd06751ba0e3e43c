"""What the schedule's pages take."""

import re
from datetime import time
from enum import StrEnum
from typing import Any

import marshmallow as ma

from backend.activities.models import ActivityState, Programme
from backend.activities.words import SlotChoice
from backend.core.pagination import MAX_LIMIT
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery


class ScheduleView(StrEnum):
    LIST = "list"
    MONTH = "month"
    WEEK = "week"


class ScheduleQuery(PageQuery):
    """The schedule's filters, as they stand in the console's addresses."""

    programme = fields.Choice(Programme)
    region_id = fields.Id()
    from_ = fields.Moment(data_key="from")
    to = fields.Moment(end=True)
    state = fields.Choice(ActivityState)
    q = fields.Text(50)
    view = fields.Choice(ScheduleView, load_default=ScheduleView.LIST)
    # The day that the calendar shows.
    on = fields.Day()


class EventsQuery(ScheduleQuery):
    most = fields.QueryInt(1, 20, load_default=4)


class ManyForm(Schema):
    """What is to be done with the rows that were chosen in the list."""

    action = fields.Key(("submit", "publish", "return"), required=True)
    ids = fields.Items(fields.Id(), MAX_LIMIT, required=True)
    reason = fields.ImpersonalText(200)
    # That what they lack has been looked at, before they are published.
    looked = fields.Key(("1",))


class HourOfDay(fields.Text):
    """A time of day as a form has it, HH:MM."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(5, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(value), re.ASCII):
            raise ma.ValidationError("请选择时间，如 09:00")
        return time.fromisoformat(str(value))


_NO_REGION, _NO_ROW = "请至少选一个社区", "请至少勾选一场"


class CopiesForm(Schema):
    """To which days and regions an activity is to be copied."""

    on = fields.Items(fields.Day(), 60, required=True)
    region_ids = fields.Items(
        fields.Id(), 200, required=True, error_messages={"required": _NO_REGION}
    )
    starts = HourOfDay(required=True)
    # Without it as long as the source.
    ends = HourOfDay()
    slots = fields.Choice(SlotChoice, load_default=SlotChoice.MOVE)

    @ma.validates_schema
    def some_of_both(self, data: dict[str, Any], **_: object) -> None:
        for name, words in (("on", "请至少选一个日期"), ("region_ids", _NO_REGION)):
            if not data.get(name):
                raise ma.ValidationError(words, name)


class CopyRow(fields.Text):
    """One of the copies looked at: its region and day, as "id/day"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(50, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        region_id, _, day = str(value).partition("/")
        return fields.Id().deserialize(region_id), fields.Day().deserialize(day)


class ConfirmedCopiesForm(CopiesForm):
    """The copies that were looked at, and those of them that are wanted."""

    # Of all copies; without it the source's.
    contact_phone = fields.Text(20, allow_none=True)
    rows = fields.Items(CopyRow(), 12_000, required=True, error_messages={"required": _NO_ROW})
    # What all of them are called, and which each name is of; without them as was proposed.
    titles = fields.Items(fields.Text(60), 12_000, load_default=())
    titled = fields.Items(CopyRow(), 12_000, load_default=())

    @ma.validates_schema
    def some_rows(self, data: dict[str, Any], **_: object) -> None:
        if not data.get("rows"):
            raise ma.ValidationError(_NO_ROW, "rows")

    @ma.validates_schema
    def every_title(self, data: dict[str, Any], **_: object) -> None:
        # One that is empty is one that was not filled in, and did not come.
        if len(data["titles"]) != len(data["titled"]):
            raise ma.ValidationError("每一场都要有活动名称", "titles")


class UploadForm(Schema):
    model_id = fields.Id()


class UploadQuery(Schema):
    """What was chosen before another file is taken."""

    model_id = fields.Id()


class PreviewQuery(Schema):
    """Which row of a preview has all its cells open."""

    edit = fields.Text(30)


class ConfirmImportForm(Schema):
    """Which plan was looked at."""

    seen = fields.Text(64, required=True)


class SourceQuery(PageQuery):
    q = fields.Text(50)
