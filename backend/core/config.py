"""The district's own lists and thresholds, in config/*.toml: read once, at start."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

CONFIG_DIR = Path(__file__).resolve().parent.parent.parent / "config"
T = TypeVar("T")


@cache
def load(name: str) -> dict[str, Any]:
    """The content of config/<name>.toml."""
    return tomllib.loads((CONFIG_DIR / f"{name}.toml").read_text(encoding="utf-8"))


def titles(name: str) -> dict[str, str]:
    """key → Chinese name of a list like config/service_kinds.toml."""
    return {key: entry["title"] for key, entry in load(name).items()}


def rules(section: str, kind: type[T]) -> T:
    """A section of config/rules.toml as a frozen dataclass.

    Raises TypeError when a threshold is missing or unknown: a typo must not become a default.
    """
    return kind(**load("rules")[section])


@dataclass(frozen=True, slots=True)
class SessionRules:
    console_hours: int
    phone_days: int


@dataclass(frozen=True, slots=True)
class RetentionRules:
    guest_days: int
    reason_days: int
    notice_days: int
    deleted_days: int


@dataclass(frozen=True, slots=True)
class CheckinRules:
    personal_code_seconds: int
    clock_skew_seconds: int
    drift_warning_seconds: int
    offline_after_seconds: int
    staff_trust_hours: int
    self_trust_hours: int


@dataclass(frozen=True, slots=True)
class BookingRules:
    per_person_and_day: int
    per_proxy_and_day: int


@dataclass(frozen=True, slots=True)
class QueueRules:
    calls_before_missed: int
    call_counts_after_seconds: int
    undo_finish_seconds: int
    rejoin_behind: int
    appointment_grace_minutes: int
    estimate_sample: int
    open_desk_minutes: int


@dataclass(frozen=True, slots=True)
class RatingRules:
    window_days: int
    edit_hours: int
    publish_from: int
    bad_score: int
    satisfied_score: int
    rectify_days: int
    reopen_days: int
    target_share: float


@dataclass(frozen=True, slots=True)
class PhotoRules:
    most: int
    most_bytes: int
    most_pixels: int
    side: int


@dataclass(frozen=True, slots=True)
class NeedRules:
    decide_days: int
    ask_days: int
    ask_again_days: int
    judged_days: int
    voice_days: int


@dataclass(frozen=True, slots=True)
class CredentialRules:
    told_days: list[int]
    most_bytes: int


@dataclass(frozen=True, slots=True)
class BoardRules:
    long_wait_minutes: int
    stall_start_minutes: int
    slot_check_minutes: int
    slot_fewest_booked: int
    slot_arrived_share: float


@dataclass(frozen=True, slots=True)
class MessageRules:
    near: int
    call_minutes: int
    tomorrow_from_hour: int
    tomorrow_until_hour: int
    quiet_from_hour: int
    quiet_until_hour: int
    joined_minutes: int
    at_once: int
    longest_pause_minutes: int
    silent_seconds: int
    most_credits: int
    push_days: int


@dataclass(frozen=True, slots=True)
class AnnouncementRules:
    a_day: int


@dataclass(frozen=True, slots=True)
class SimilarRules:
    most: int
    least: float
    of_best: float
    written: float
    thing: float
    way: float
    about: float
    kind: float
    spelt: float
    found: int
    looked_at: int


@dataclass(frozen=True, slots=True)
class LookupRules:
    found_minutes: int


@dataclass(frozen=True, slots=True)
class DashboardRules:
    recent_days: int
    long_ago_days: int
    late_minutes: int


@dataclass(frozen=True, slots=True)
class ReportRules:
    keep_days: int
    late_minutes: int
    attempts: int
    open_per_person: int
    audit_rows: int


@dataclass(frozen=True, slots=True)
class ScheduleRules:
    far_days: int


@dataclass(frozen=True, slots=True)
class ImportRules:
    keep_days: int


@dataclass(frozen=True, slots=True)
class ToDoRules:
    soon_days: int
    record_days: int
    file_days: int


@dataclass(frozen=True, slots=True)
class DigestRules:
    from_minute: int
    until_minute: int
    tries: int


@dataclass(frozen=True, slots=True)
class JobRules:
    heartbeat_seconds: int
    silent_seconds: int
    keep_days: int


@dataclass(frozen=True, slots=True)
class LimitRules:
    """How often somebody may do something.

    Attributes:
        by: whose tries are counted together: a "person"'s, or those of an "address" that people
            may share; "pair": a user name and an address.
        most: tries in one window of so many `seconds`.
        staff: the same for people who hold a role, where it is another number.
        renews: whether each try begins the window anew (a lock).
    """

    by: str
    most: int
    seconds: int
    staff: int | None = None
    renews: bool = False

    def for_staff(self, staff: bool) -> int:
        return self.staff if staff and self.staff is not None else self.most


def limit_rules(name: str) -> LimitRules:
    """A limit's section.

    Raises KeyError for one that is not configured.
    """
    return LIMITS[name]


CHECKIN = rules("checkin", CheckinRules)
BOOKINGS = rules("bookings", BookingRules)
QUEUE = rules("queue", QueueRules)
RATING = rules("rating", RatingRules)
PHOTOS = rules("photos", PhotoRules)
NEEDS = rules("needs", NeedRules)
CREDENTIALS = rules("credentials", CredentialRules)
BOARD = rules("board", BoardRules)
ANNOUNCEMENTS = rules("announcements", AnnouncementRules)
SIMILAR = rules("similar", SimilarRules)
LOOKUP = rules("lookup", LookupRules)
DASHBOARD = rules("dashboard", DashboardRules)
REPORTS = rules("reports", ReportRules)
SCHEDULE = rules("schedule", ScheduleRules)
IMPORTS = rules("imports", ImportRules)
TODOS = rules("todos", ToDoRules)
DIGEST = rules("digest", DigestRules)
JOBS = rules("jobs", JobRules)
SESSIONS = rules("sessions", SessionRules)
MESSAGES = rules("messages", MessageRules)
RETENTION = rules("retention", RetentionRules)
LIMITS = {name: LimitRules(**section) for name, section in load("rules")["limits"].items()}
