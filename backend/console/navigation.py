"""The console's menu: by task, and only what the caller may use."""

from dataclasses import dataclass

from backend.core.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    title: str
    endpoint: str
    icon: str
    permission: Permission
    also: tuple[str, ...] = ()

    def leads_to(self, endpoint: str) -> bool:
        """Whether a page is of this section: of its own blueprint, or one of `also`."""
        section = endpoint.split(".")[0]
        return section == self.endpoint.split(".")[0] or section in self.also


MENU = (
    Entry("总览", "dashboard.show", "layout-dashboard", Permission.EVALUATION_SEE_ALL),
    Entry("排期", "schedule.calendar", "calendar", Permission.ACTIVITY_SEE_DRAFT,
          ("markets", "market_stalls", "market_prints")),
    Entry("现场", "board.markets", "speakerphone", Permission.ACTIVITY_SUMMARY),
    Entry("评价", "evaluations.list_evaluations", "star", Permission.EVALUATION_SEE_ALL),
    Entry("整改", "rectifications.list_rectifications", "alert-triangle",
          Permission.RECTIFICATION_SEE),
    Entry("需求", "needs.list_needs", "clipboard-list", Permission.NEED_SEE),
    Entry("伙伴", "organisations.list_organisations", "heart-handshake",
          Permission.ORGANISATION_LIST),
    Entry("人员", "people.list_staff", "users", Permission.STAFF_SEE),
    Entry("报表", "report_pages.list_reports", "file-spreadsheet", Permission.REPORT_MAKE),
    Entry("审计", "audit.list_entries", "shield-check", Permission.AUDIT_SEE),
    Entry("设置", "settings.regions", "settings", Permission.CONSOLE_USE),
)  # fmt: skip


def navigation(actor: Actor) -> list[Entry]:
    """What the caller finds in the menu, in its order."""
    return [entry for entry in MENU if actor.may_anywhere(entry.permission)]
