"""What bodies of features above are made of, too."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core import clock
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.identity.names import NAME_LENGTH
from backend.identity.people.guests import NewGuest

OLDEST_BIRTH_YEAR = 1900
LATEST_BIRTH_YEAR = 2099  # for the documentation; the check is against today


class BirthYear(fields.Int):
    """A year of birth between 1900 and this year, whichever year the process was started in."""

    def __init__(self) -> None:
        super().__init__(OLDEST_BIRTH_YEAR, LATEST_BIRTH_YEAR, metadata={"example": 1953})

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        year = super()._deserialize(value, *args, **kwargs)
        if year > clock.today().year:
            raise ma.ValidationError(f"应在 {OLDEST_BIRTH_YEAR} 到 {clock.today().year} 之间")
        return year


class SpecialNeedsAnswer(ma.Schema):
    tags = out.List(out.String(), metadata={"example": ["hearing"]})
    words = out.String(allow_none=True, metadata={"example": "请站在左边说话"})


class GuestRequest(Schema):
    """A person without a phone of their own, written in by a volunteer."""

    name = fields.Text(NAME_LENGTH, metadata={"example": "李奶奶"})
    phone = fields.Phone()
    birth_year = BirthYear()
    note = fields.Text(100, metadata={"description": "no health data"})
    another = fields.Flag(
        metadata={
            "description": "none of those who are known with this number by other names"
            " (`number_known`), or are here by this name (`name_known`)"
        }
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> NewGuest:
        return NewGuest(**data)
