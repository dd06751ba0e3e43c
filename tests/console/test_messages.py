"""消息发送 at a desk: the demo's market has told people, and WeChat has sent some of it."""

from playwright.sync_api import expect
from sqlalchemy import Engine, text

from backend.local.waiting import wait_until
from tests.console.offices import OpenOffice

# Of the activities whose people were told, one of whose messages some were sent.
_SENT = text(
    "SELECT activity_id FROM notice JOIN message USING (id) WHERE state = 'sent'"
    " AND activity_id IS NOT NULL LIMIT 1"
)


def test_what_was_told_is_seen_by_activity_and_by_person(
    office: OpenOffice, database: Engine
) -> None:
    with database.connect() as connection:
        sent = connection.execute
        wait_until(lambda: sent(_SENT).scalar(), timeout_s=30, what="a message")
        activity_id = sent(_SENT).scalar_one()
    desk = office("organiser")
    page = desk.open("/console/")
    desk.axe()
    desk.screenshot("todos")
    page.get_by_role("link", name="消息发送").click()
    desk.axe()
    desk.screenshot("messages")
    page.locator(f"tbody a[href$='{activity_id}']").click()
    expect(page.get_by_role("heading", name="告诉了多少人")).to_be_visible()
    page.get_by_label("结果", exact=True).select_option("sent")
    expect(page.locator("tbody").last).to_contain_text("已发出")
    desk.axe()
    desk.screenshot("messages-activity")
    small = office("organiser", width=1366, height=768)
    small.open("/console/")
    small.screenshot("todos-1366")
    small.open("/console/messages/")
    small.screenshot("messages-1366")
    small.page.locator("tbody a").first.click()
    small.screenshot("messages-activity-1366")
