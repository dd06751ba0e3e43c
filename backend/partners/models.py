"""Organisations (社会组织、单位) whose people serve at stalls."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id


class Organisation(Base):
    __tablename__ = "organisation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    # Where it is based; it may serve anywhere.
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    # Counts changes, so that of two people who edit at once the second is told.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
