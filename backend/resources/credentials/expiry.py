"""What ends soon is told: to its organisation's people, some days before and once more when fewer
are left. The clerks see it among their to-dos (resources/waiting.py)."""

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.config import CREDENTIALS, titles
from backend.core.dates import day
from backend.core.db import transaction
from backend.core.jobs import job
from backend.notices.models import NoticeKind
from backend.resources.credentials.models import Credential
from backend.resources.credentials.queries import renewed, valid_on
from backend.resources.telling import tell_partners


@job("resources.tell_expiring", cron="20 * * * *")
def tell_expiring() -> None:
    """Tell of what ends within the days of config/rules.toml. A second run at once waits for the
    first's rows, and finds them told."""
    with transaction() as session:
        for days in sorted(CREDENTIALS.told_days, reverse=True):
            _tell(session, days)


def _tell(session: Session, days: int) -> None:
    today = clock.today()
    due = (
        select(Credential)
        .where(
            valid_on(today),
            Credential.valid_until <= today + timedelta(days=days),
            or_(Credential.told_days.is_(None), Credential.told_days > days),
            ~renewed(),
        )
        .order_by(Credential.id)
        .with_for_update(of=Credential)
    )
    for credential in session.execute(due).scalars().all():
        credential.told_days = days
        name = titles("credential_kinds")[credential.kind]
        tell_partners(
            session,
            credential.organisation_id,
            NoticeKind.CREDENTIAL_EXPIRING,
            f"资质快到期：{name}",
            f"有效期到{day(credential.valid_until)}。过了这一天，要用它的服务就不能再安排到集市，"
            "请尽快续办，并把新的登记上来。",
        )
    session.flush()
