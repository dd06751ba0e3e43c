"""The tree of regions.

A region's statistical code begins with its parent's, so "in this region or below" is a prefix
comparison: no recursive query, and a role's scope is a string.
"""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Base
from backend.core.ids import new_id


class RegionLevel(StrEnum):
    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"
    COMMUNITY = "community"


# 统计用区划代码: digits of the code at each level.
CODE_LENGTHS: dict[int, RegionLevel] = {
    2: RegionLevel.PROVINCE,
    4: RegionLevel.CITY,
    6: RegionLevel.DISTRICT,
    9: RegionLevel.SUBDISTRICT,
    12: RegionLevel.COMMUNITY,
}


def parent_code(code: str) -> str | None:
    """The code of the region that this one is part of; None for a province."""
    shorter = [length for length in CODE_LENGTHS if length < len(code)]
    return code[: max(shorter)] if shorter else None


class Region(Base):
    __tablename__ = "region"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # Collation C: prefix searches use the index whatever the database's locale is.
    code: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    name: Mapped[str]
    level: Mapped[RegionLevel]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"), index=True)
    # Names sorted as people expect: PostgreSQL without ICU can't, so the key is stored.
    pinyin: Mapped[str] = mapped_column(Text(collation="C"))
