"""More communities than the world has."""

from sqlalchemy import select

from backend.core.db import transaction
from backend.core.ids import new_id
from backend.regions.models import CODE_LENGTHS, Region


def community(code: str, name: str) -> None:
    """Add one to the town that its code begins with, as an older tree may have it."""
    with transaction() as session:
        town = session.execute(select(Region).where(Region.code == code[:9])).scalar_one()
        session.add(
            Region(id=new_id(), code=code, name=name, level=CODE_LENGTHS[12], parent_id=town.id,
                   pinyin="x")
        )  # fmt: skip
