"""Reads of organisations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.pagination import Page, paginate
from backend.partners.models import Organisation


def list_organisations(
    session: Session, *, q: str | None = None, cursor: str | None = None, limit: int
) -> Page:
    """A page of organisations by name; with `q`, those whose name contains it.

    All of the deployment's, wherever they are based: an organisation may serve anywhere.
    """
    statement = select(Organisation)
    if q is not None:
        statement = statement.where(Organisation.name.contains(q, autoescape=True))
    # Collation C: one order, whatever the database's locale is.
    return paginate(
        session,
        statement,
        [(Organisation.name.collate("C"), str), (Organisation.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda organisation: (organisation.name, organisation.id),
    )


def organisations_to_choose(session: Session) -> Sequence[Any]:
    """What a form offers of organisations: id and name, by name."""
    order = (Organisation.name.collate("C"), Organisation.id)
    return session.execute(select(Organisation.id, Organisation.name).order_by(*order)).all()
