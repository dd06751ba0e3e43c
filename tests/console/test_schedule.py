"""The schedule at a desk: what takes place in one's regions, and nothing of others'."""

import re

from playwright.sync_api import expect
from sqlalchemy import Engine, text

from tests.console.offices import OpenOffice


def test_the_list_shows_what_comes_in_ones_regions(office: OpenOffice, database: Engine) -> None:
    desk = office("admin")
    page = desk.open("/console/schedule/")
    with database.connect() as connection:
        coming = connection.execute(
            text("SELECT count(*) FROM activity WHERE ends_at > now()")
        ).scalar_one()
    expect(page.locator("tbody tr")).to_have_count(min(coming, 20))
    desk.axe()
    desk.screenshot("schedule")


def test_filters_stay_in_the_address(office: OpenOffice) -> None:
    desk = office("organiser", width=1366, height=768)
    page = desk.open("/console/schedule/")
    page.get_by_label("状态").select_option("live")
    page.wait_for_url(re.compile("state=live"))
    for row in page.locator("tbody tr").all():
        expect(row).to_contain_text("进行中")
    page = desk.open("/console/schedule/?from=2020-01-01&to=2020-01-02")
    expect(page.get_by_text("这段时间没有活动")).to_be_visible()
    desk.axe()


def test_another_regions_drafts_are_not_listed(office: OpenOffice, database: Engine) -> None:
    page = office("organiser").open("/console/schedule/?from=2020-01-01")
    with database.connect() as connection:
        foreign = connection.execute(
            text(
                "SELECT a.title FROM activity a JOIN region r ON r.id = a.region_id"
                " WHERE NOT EXISTS (SELECT FROM role_assignment x JOIN region s"
                "   ON s.id = x.region_id WHERE x.role = 'organiser'"
                "   AND r.code LIKE s.code || '%')"
            )
        ).scalars()
        for title in foreign:
            expect(page.locator("tbody")).not_to_contain_text(title)
