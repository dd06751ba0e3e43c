"""The tree of regions.

A region's statistical code begins with its parent's, so "in this region or below" is a prefix
comparison: no recursive query, and a role's scope is a string.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.states import Other, Who, by


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


class RegionImportState(StrEnum):
    PREVIEWED = "previewed"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


# Who may move an import where; docs/states.md is made from this table.
REGION_IMPORT_TRANSITIONS: dict[RegionImportState, dict[RegionImportState, Who]] = {
    RegionImportState.PREVIEWED: {
        RegionImportState.RUNNING: by(Permission.REGION_IMPORT, note="confirmed")
    },
    RegionImportState.RUNNING: {
        RegionImportState.DONE: by(Other.SYSTEM, note="the worker"),
        RegionImportState.FAILED: by(Other.SYSTEM, note="the tree has changed meanwhile"),
    },
    RegionImportState.DONE: {},
    RegionImportState.FAILED: {},
}


class RegionImport(Base):
    """A file of regions that an admin has uploaded; the worker imports it once it is confirmed."""

    __tablename__ = "region_import"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    file_name: Mapped[str]
    # None once it is imported: what was in it stands in the tree.
    content: Mapped[bytes | None]
    state: Mapped[RegionImportState] = mapped_column(default=RegionImportState.PREVIEWED)
    # What would come of it: counts, examples, notices (imports.py).
    preview: Mapped[dict[str, Any]]
    # How far the worker has come, of how many regions.
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    # What came of it, or why nothing did.
    result: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
