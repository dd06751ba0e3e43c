"""Links to walls, which hang without a login."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id


class WallLink(Base):
    """An address that shows one thing to whoever has it, and nothing else: the wall of a market's
    board or of a region's dashboard, or a region's calendar (docs/adr/0013). Its secret stands in
    nothing but the address."""

    __tablename__ = "wall_link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    # What it shows: a market, or a region.
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activity.id"))
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"))
    # Of a region: its calendar, and not its wall.
    calendar: Mapped[bool] = mapped_column(server_default=false())
    created_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(activity_id IS NULL) <> (region_id IS NULL)", name="one_wall"),
        CheckConstraint("NOT calendar OR region_id IS NOT NULL", name="calendar_of_region"),
    )
