"""Which digests have been sent: each robot's one of each day."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Base


class Digest(Base):
    """A digest on its way, or sent. Marked before it is sent: where a process dies in between, it
    is not sent again, for nobody knows whether it arrived."""

    __tablename__ = "digest"

    on_day: Mapped[date] = mapped_column(primary_key=True)
    robot: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    # Whether the last try is known to have come to nothing.
    failed: Mapped[bool]
