"""The console's page on which the clerks of a community see who asks for its need."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.errors import AppError
from backend.core.permissions import Actor, Permission
from backend.core.web.flashes import done_here
from backend.core.web.replies import render
from backend.needs.permissions import access_need
from backend.needs.voices import looking
from backend.needs.web import schemas
from backend.needs.web.pages import pages


@pages.page("/<uuid:need_id>/voices", access=Permission.NEED_VOICES)
def ask_voices(
    session: Session,
    actor: Actor,
    need_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
    seen: list[looking.SeenVoice] | None = None,
    number: looking.Number | None = None,
) -> str:
    """Ask who asks: with a reason first."""
    need = access_need(session, actor, need_id, Permission.NEED_VOICES)
    return render(
        "needs/voices.html",
        need=need,
        typed=typed or {},
        problem=problem,
        seen=seen,
        number=number,
    )


@pages.form("/<uuid:need_id>/voices", access=Permission.NEED_VOICES, body=schemas.WhyRequest,
            again=ask_voices)  # fmt: skip
def see_voices(session: Session, actor: Actor, body: dict[str, str], need_id: UUID) -> str:
    """Show them, once: they stand in no address and no history."""
    need = access_need(session, actor, need_id, Permission.NEED_VOICES)
    seen = looking.see_voices(session, actor, need, body["reason"])
    done_here()
    page: str = ask_voices(session, actor, need_id, typed=body, seen=seen)
    return page


def ask_again(
    session: Session,
    actor: Actor,
    need_id: UUID,
    voice_id: UUID,
    typed: Any = None,
    problem: AppError | None = None,
) -> str:
    """The page that they stand on, after a refusal that names one of them."""
    page: str = ask_voices(session, actor, need_id, typed, problem)
    return page


@pages.form("/<uuid:need_id>/voices/<uuid:voice_id>/contact", access=Permission.NEED_VOICES,
            body=schemas.WhyRequest, again=ask_again, page=".ask_voices")  # fmt: skip
def see_number(
    session: Session, actor: Actor, body: dict[str, str], need_id: UUID, voice_id: UUID
) -> str:
    """Show the number of one of them, once."""
    need = access_need(session, actor, need_id, Permission.NEED_VOICES)
    number = looking.see_number(session, actor, need, voice_id, body["reason"])
    done_here()
    page: str = ask_voices(session, actor, need_id, typed=body, number=number)
    return page
