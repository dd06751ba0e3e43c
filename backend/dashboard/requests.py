"""What the dashboard's lists take."""

from dataclasses import dataclass

from backend.activities.models import Programme
from backend.core.pagination import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Asked):
    """Which of the activities that the figures are over are asked for; None: whichever.

    Attributes:
        kind: a service kind: only activities where it was served or rated.
        recorded: only those of which something was written down.
    """

    programme: Programme | None = None
    kind: str | None = None
    recorded: bool | None = None
