"""Settings and organisations at a desk: regions imported from a file, an organisation kept."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, text

from tests.console.offices import OpenOffice


def test_regions_are_imported_from_a_file_all_or_nothing(
    office: OpenOffice, database: Engine, tmp_path: Path
) -> None:
    desk = office("admin")
    page = desk.open("/console/settings/")
    desk.axe()
    desk.screenshot("settings")
    page.get_by_role("link", name="湖塘镇").click()
    expect(page.get_by_role("row", name=re.compile("花园社区"))).to_contain_text("320412100001")
    desk.axe()
    desk.screenshot("settings-town")
    page.get_by_role("link", name="导入地区").click()
    desk.axe()
    bad = tmp_path / "有错.csv"
    bad.write_text("code,name\n320412100001,\n320404,钟楼区\n", encoding="utf-8")
    page.get_by_label("CSV 文件").set_input_files(bad)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("heading", name=re.compile("处要改"))).to_be_focused()
    expect(page.get_by_role("row", name=re.compile("第 2 行"))).to_contain_text("不能为空")
    desk.axe()
    desk.screenshot("settings-faults")
    good = tmp_path / "武进区.csv"
    good.write_text(
        "code,name\n320412100001,花园社区\n320412100098,新城社区\n320412100010,荷塘新村社区\n",
        encoding="utf-8",
    )
    page.get_by_label("CSV 文件").set_input_files(good)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.locator(".figure", has_text="新增")).to_contain_text("1")
    desk.axe()
    desk.screenshot("settings-preview")
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_role("dialog")).to_contain_text("将新增 1 个地区，改名 1 个")
    page.get_by_role("button", name="确定").click()
    # The worker does it; the page finds out by itself.
    expect(page.get_by_role("heading", name="已导入")).to_be_visible()
    desk.axe()
    desk.screenshot("settings-imported")
    with database.connect() as connection:
        name = connection.execute(
            text("SELECT name FROM region WHERE code = '320412100098'")
        ).scalar_one()
    assert name == "新城社区"


def test_service_kinds_are_listed(office: OpenOffice) -> None:
    desk = office("organiser", width=1366, height=768)
    page = desk.open("/console/settings/")
    expect(page.get_by_role("link", name="导入地区")).to_have_count(0)
    page.get_by_role("link", name="服务类别").click()
    expect(page.get_by_role("row", name=re.compile("义剪"))).to_contain_text("12")
    desk.axe()
    desk.screenshot("settings-kinds-1366")


def test_the_second_of_two_who_edit_an_organisation_is_told(office: OpenOffice) -> None:
    first, second = office("admin"), office("admin", width=1366, height=768)
    page = first.open("/console/organisations/")
    first.axe()
    first.screenshot("organisations")
    page.get_by_role("link", name="登记单位").click()
    first.axe()
    page.get_by_label("单位全称").fill("湖塘镇爱心磨刀队")
    page.get_by_label("所在地区").select_option(label="\u2003湖塘镇")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_role("heading", name="湖塘镇爱心磨刀队")).to_be_visible()
    theirs = second.open(page.url.removeprefix(first.web))
    page.get_by_label("单位全称").fill("湖塘爱心磨刀服务队")
    with page.expect_navigation():
        page.get_by_role("button", name="保存").click()
    theirs.get_by_label("单位全称").fill("湖塘磨刀队")
    theirs.get_by_role("button", name="保存").click()
    expect(theirs.get_by_role("alert")).to_contain_text("现在的名称是「湖塘爱心磨刀服务队」")
    expect(theirs.get_by_role("radio", name="您填写的：湖塘磨刀队")).to_be_visible()
    second.axe()
    second.screenshot("organisation-second-told-1366")
    page.get_by_role("link", name="伙伴").first.click()
    page.get_by_role("link", name="武进区仁和社区卫生服务中心").click()
    expect(page.get_by_text("蒋志强")).to_be_visible()
    first.axe()
    first.screenshot("organisation")
    page = first.open("/console/resources/?state=submitted")
    page.get_by_role("link", name="反诈宣传").click()
    page.get_by_text("退回", exact=True).first.click()
    first.axe()
    first.screenshot("resource")
    page.get_by_role("button", name="审核通过").click()
    expect(page.get_by_text("已通过，可以安排到集市")).to_be_visible()
    page.get_by_role("link", name="修改").click()
    first.axe()
    first.screenshot("resource-edit")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("need-new", "/console/needs/new"),
        ("people-grant", "/console/people/find"),
        ("residents", "/console/people/residents"),
        ("organisations", "/console/organisations/"),
        ("organisation-new", "/console/organisations/new"),
        ("resources", "/console/resources/"),
        ("resource-new", "/console/resources/new"),
        ("resource-month", "/console/resources/month"),
        ("settings", "/console/settings/"),
        ("settings-upload", "/console/settings/regions/import"),
    ],
)
def test_pages_fit_a_small_screen(office: OpenOffice, name: str, path: str) -> None:
    desk = office("admin", width=1366, height=768)
    page = desk.open(path)
    wider = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wider, "nobody scrolls sideways in an office"
    desk.axe()
    desk.screenshot(f"{name}-1366")


@pytest.mark.parametrize(
    ("name", "path"),
    [("settings-kinds", "/console/settings/kinds"), ("people-find", "/console/people/find")],
)
def test_pages_on_a_large_screen(office: OpenOffice, name: str, path: str) -> None:
    desk = office("admin")
    desk.open(path)
    desk.axe()
    desk.screenshot(name)
