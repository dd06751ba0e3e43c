"""An activity's workbench at a desk: from an empty draft to a published market, and its papers."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from backend.core import clock
from backend.core.config import load
from backend.identity.people.special_needs import TAGS
from backend.local.system import ROOT, LocalSystem
from backend.local.waiting import wait_until
from tests.console.offices import Office, OpenOffice
from tests.gateways.standin import CODE_IMAGE
from tests.miniprogram.town import COMMUNITY, Caller, new_name
from tests.support import pictures

JSQR = ROOT / "tests" / "miniprogram" / "node_modules" / "jsqr" / "dist" / "jsQR.js"
# What a phone sees of a picture: the code that it shows.
_READ_CODE = """async (url) => {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth;
  canvas.height = picture.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  return window.jsQR(data, width, height)?.data ?? null;
}"""


@dataclass(frozen=True)
class Draft:
    """An empty draft market, in the scope of ok:organiser."""

    staff: Caller
    id: str

    @property
    def path(self) -> str:
        return f"/console/markets/{self.id}"


@pytest.fixture
def draft(system: LocalSystem, database: Engine) -> Draft:
    staff = Caller(system.web, "organiser")
    with database.connect() as connection:
        region = connection.execute(
            text("SELECT id FROM region WHERE code = :code"), {"code": COMMUNITY}
        ).scalar_one()
    start = clock.day_start(clock.today()) + timedelta(days=20, hours=9)
    made = staff.post(
        "/activities",
        {
            "programme": "market",
            "title": "「益行社区」花园社区春季公益集市",
            "region_id": str(region),
            "venue": {"name": "花园社区广场"},
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=3)).isoformat(),
        },
    )
    return Draft(staff, made["id"])


def prepared(draft: Draft, *moves: str) -> list[dict[str, Any]]:
    """The draft with stalls and services, and moved on; answers its offerings."""
    activity = draft.staff.get(f"/activities/{draft.id}")
    offerings = []
    for number, (stall, title, kind, mode) in enumerate(
        (
            ("义诊台", "义诊", "clinic", "slots"),
            ("理发角", "义剪", "haircut", "queue"),
            ("反诈宣传台", "反诈宣传", "anti_fraud", "open"),
        ),
        start=1,
    ):
        made = draft.staff.post(
            f"/activities/{draft.id}/stalls",
            {"number": str(number), "name": stall, "place": f"第1排第{number}位"},
        )
        offerings.append(
            draft.staff.post(
                f"/stalls/{made['id']}/offerings",
                {"title": title, "service_kind": kind, "mode": mode},
            )
        )
    pattern = {"from": activity["starts_at"], "to": activity["ends_at"], "minutes": 30}
    offerings[0] = draft.staff.post(
        f"/offerings/{offerings[0]['id']}/slots", pattern | {"capacity": 6}
    )
    for move in moves:
        draft.staff.post(f"/activities/{draft.id}/{move}")
    return offerings


def look(desk: Office, name: str) -> None:
    """Keep the page at both of the offices' sizes; fail on what axe-core finds."""
    desk.axe()
    desk.screenshot(f"workbench-{name}")
    desk.page.set_viewport_size({"width": 1366, "height": 768})
    desk.screenshot(f"workbench-{name}-1366")
    desk.page.set_viewport_size({"width": 1440, "height": 900})


def sent(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def confirmed(page: Page, words: str, yes: str = "确定") -> None:
    """Say yes to a question that names what will happen."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(words)
    with page.expect_navigation():
        dialog.get_by_role("button", name=yes, exact=True).click()


def tab(page: Page, name: str) -> None:
    page.get_by_label("活动的各项内容").get_by_role("link", name=name, exact=True).click()


def test_a_draft_becomes_a_published_market(
    office: OpenOffice, draft: Draft, database: Engine
) -> None:
    desk = office("organiser")
    page = desk.open(draft.path)
    expect(page.get_by_text("还没有摊位")).to_be_visible()
    look(desk, "draft")

    tab(page, "基本信息")
    page.get_by_label("地址").fill("湖塘镇花园路 1 号")
    page.get_by_label("咨询电话").fill("138 0000 2288")
    expect(page.get_by_text("像是个人手机号，发布后谁都看得到")).to_be_visible()
    page.get_by_label("咨询电话").fill("0519-86310000")
    expect(page.get_by_text("像是个人手机号")).to_be_hidden()
    page.get_by_label("主办单位").fill("武进区民政局")
    page.get_by_label("活动介绍").fill("第一行\n第二行")
    sent(page, "保存")
    expect(page.get_by_label("活动介绍")).to_have_value("第一行\n第二行")
    look(desk, "facts")

    tab(page, "摊位与服务")
    for number, name in (("1", "义诊台"), ("2", "理发角")):
        page.get_by_label("摊位号").fill(number)
        page.get_by_label("摊位名称").fill(name)
        sent(page, "增加摊位")
    page.get_by_label("摊位号").fill("2")
    page.get_by_label("摊位名称").fill("修伞摊")
    sent(page, "增加摊位")
    expect(page.get_by_role("alert")).to_contain_text("摊位号已经用了")
    expect(page.get_by_label("摊位名称")).to_have_value("修伞摊")
    _place(page)
    look(desk, "stalls")
    page.locator("[aria-labelledby=list]").get_by_role("link", name="义诊台").click()
    look(desk, "stall")
    page.get_by_role("link", name="全部摊位").click()

    page.get_by_role("link", name=re.compile("加一项服务.*1 号摊位")).click()
    page.get_by_label("服务名称").fill("义诊")
    page.get_by_label("服务类别").select_option("clinic")
    page.get_by_label("服务方式").select_option("slots")
    look(desk, "offering-new")
    sent(page, "增加服务")
    page.get_by_role("link", name="增加时段").first.click()
    look(desk, "slots-new")
    sent(page, "生成时段")
    expect(page.locator("[aria-label=时段列表] tbody tr")).to_have_count(6)
    look(desk, "offering")

    tab(page, "人员")
    look(desk, "people-empty")
    page.get_by_label("同事", exact=True).select_option(label="沈佳怡")
    page.get_by_label("做什么").fill("入口签到")
    sent(page, "安排")
    expect(page.get_by_role("row", name=re.compile("沈佳怡"))).to_contain_text("入口签到")
    look(desk, "people")

    tab(page, "概况")
    page.get_by_role("button", name="提交审核").click()
    confirmed(page, "要留意：")
    look(desk, "submitted")
    page.get_by_role("button", name="发布").click()
    confirmed(page, "居民在小程序里能看到")
    expect(page.locator(".workbench-line")).to_contain_text("已发布")
    tab(page, "记录")
    expect(page.locator("tbody tr").first).to_contain_text("发布")
    look(desk, "history")
    with database.connect() as connection:
        state = connection.execute(
            text("SELECT state FROM activity WHERE id = :id"), {"id": draft.id}
        ).scalar_one()
    assert state == "published"


def test_one_colleague_at_two_markets_is_asked_about(office: OpenOffice, draft: Draft) -> None:
    """With what was typed kept, and told on the page from then on."""
    start = datetime.fromisoformat(draft.staff.get(f"/activities/{draft.id}")["starts_at"])
    body = {"starts_at": (start + timedelta(days=40)).isoformat()}
    twins = [draft.staff.post(f"/activities/{draft.id}/copy", body)["id"] for _ in range(2)]
    desk = office()
    page = desk.page
    for market in twins:
        desk.open(f"/console/markets/{market}/people")
        page.get_by_label("同事", exact=True).select_option(label="沈佳怡")
        page.get_by_label("做什么").fill("引导")
        sent(page, "安排")
    expect(page.get_by_role("alert")).to_contain_text("同一时间在别处也有安排")
    expect(page.get_by_label("做什么")).to_have_value("引导")
    look(desk, "people-elsewhere")
    sent(page, "仍然安排")
    expect(page.get_by_role("row", name=re.compile("沈佳怡"))).to_contain_text("同一时间还在")
    look(desk, "people-twice")


def _place(page: Page) -> None:
    """A stall by dragging, the other by the keyboard's form."""
    first = page.locator(".plan-off .stall").first
    with page.expect_navigation():
        first.drag_to(page.locator(".spot[data-row='1'][data-column='2']"))
    expect(page.locator(".spot[data-row='1'][data-column='2']")).to_contain_text("义诊台")
    page.get_by_label("2 号摊位在第几排").fill("1")
    page.get_by_label("2 号摊位在第几位").fill("1")
    with page.expect_navigation():
        page.get_by_label("2 号摊位在第几位").press("Enter")
    expect(page.locator(".spot[data-row='1'][data-column='1']")).to_contain_text("理发角")


def test_who_is_affected_is_shown_before_a_published_market_changes(
    office: OpenOffice, draft: Draft, system: LocalSystem
) -> None:
    clinic, *_ = prepared(draft, "publish")
    slot = clinic["slots"][0]
    resident = Caller(system.web, new_name())
    resident.post(f"/offerings/{clinic['id']}/bookings", {"slot_id": slot["id"]})
    desk = office("organiser")
    page = desk.open(f"{draft.path}/facts")
    page.get_by_label("场地").fill("花园社区室内体育馆")
    sent(page, "保存")
    expect(page.get_by_role("row", name=re.compile("场地"))).to_contain_text("花园社区广场")
    expect(page.locator(".figure", has_text="有效预约")).to_contain_text("1")
    look(desk, "confirm-facts")
    page.reload()
    expect(page.locator(".figure", has_text="有效预约")).to_contain_text("1")
    sent(page, "确认修改")
    expect(page.get_by_role("heading", name="通知情况：换地点")).to_be_visible()
    reached = page.url
    page.go_back()
    expect(page.locator(".alert[role=status]")).to_contain_text("这一步已经完成")
    expect(page.get_by_label("场地")).to_have_value("花园社区室内体育馆")

    page.goto(reached)
    look(desk, "change")
    page.get_by_role("button", name="没打通").click()
    expect(page.get_by_role("row", name=re.compile("没打通"))).to_be_visible()
    page.get_by_role("link", name="通知情况").click()
    look(desk, "changes")
    page.get_by_role("link", name="写公告").click()
    look(desk, "announce")
    page.get_by_label("公告").fill("疑似有雨，请带伞")
    sent(page, "下一步：看发给多少人")
    look(desk, "confirm-announcement")
    sent(page, "发给 1 人")

    def held() -> int:
        page.reload()
        return page.get_by_role("button", name="撤下").count()

    wait_until(held, timeout_s=30, what="the check of a doubtful text")
    look(desk, "held")
    page.get_by_role("button", name="撤下").click()
    desk.screenshot("workbench-withdraw")
    confirmed(page, "撤下后不会发送")
    expect(page.get_by_text("已撤下，没有发")).to_be_visible()
    page = desk.open(f"/console/schedule/{draft.id}/move")
    look(desk, "move")

    page = desk.open(f"/console/markets/slots/{slot['id']}")
    look(desk, "slot")
    start = datetime.fromisoformat(slot["starts_at"]).astimezone(clock.SHANGHAI)
    page.get_by_label("开始").fill(f"{start + timedelta(minutes=5):%Y-%m-%dT%H:%M}")
    sent(page, "保存")
    look(desk, "confirm-slot")
    page = desk.open(f"/console/markets/slots/{slot['id']}/delete")
    expect(page.get_by_text("已有 1 人报名")).to_be_visible()
    look(desk, "delete-slot")
    page = desk.open(f"/console/markets/offerings/{clinic['id']}/delete")
    look(desk, "delete-offering")

    page = desk.open(draft.path)
    look(desk, "published")
    page.get_by_role("link", name="取消活动…").click()
    page.get_by_label("取消的原因").fill("台风")
    look(desk, "cancel")
    page.get_by_role("button", name="取消活动，结束 1 个预约").click()
    page.get_by_role("dialog").get_by_role("button", name="不取消", exact=True).click()
    page.get_by_role("button", name="取消活动，结束 1 个预约").click()
    confirmed(page, "1 个预约会随之取消", "取消活动")
    expect(page.get_by_role("heading", name="通知情况：取消")).to_be_visible()
    (booking,) = resident.get("/me/bookings")["items"]
    assert booking["state"] == "cancelled"


def test_of_two_editors_the_second_is_told_and_keeps_what_was_typed(
    office: OpenOffice, draft: Draft
) -> None:
    first, second = office("organiser"), office("admin")
    one, other = first.open(f"{draft.path}/facts"), second.open(f"{draft.path}/facts")
    one.get_by_label("名称").fill("先保存的名字")
    sent(one, "保存")
    other.get_by_label("名称").fill("后保存的名字")
    sent(other, "保存")
    expect(other.get_by_role("alert")).to_contain_text("有人刚刚修改过")
    choice = other.get_by_role("group", name="名称")
    expect(choice.get_by_label("现在保存的：先保存的名字")).not_to_be_checked()
    expect(choice.get_by_label("您填写的：后保存的名字")).not_to_be_checked()
    look(second, "second-editor")
    # Reloaded, it is a form again, with what was typed; and may be overtaken once more.
    other.reload()
    expect(other.get_by_label("名称")).to_have_value("后保存的名字")
    one.get_by_label("名称").fill("又保存的名字")
    sent(one, "保存")
    sent(other, "保存")
    expect(choice.get_by_label("现在保存的：又保存的名字")).not_to_be_checked()
    choice.get_by_label("您填写的").check()
    sent(other, "保存")
    expect(other.get_by_role("heading", name="后保存的名字")).to_be_visible()


def test_the_record_is_written_after_the_market(
    office: OpenOffice, draft: Draft, database: Engine
) -> None:
    desk = office("organiser")
    page = desk.open(f"{draft.path}/record")
    expect(page.get_by_text("活动还没有开始")).to_be_visible()
    prepared(draft, "publish")
    with database.begin() as connection:
        # Its day comes: nothing of it counts before.
        connection.execute(
            text(
                "UPDATE activity SET starts_at = starts_at - interval '20 days',"
                " ends_at = ends_at - interval '20 days' WHERE id = :id"
            ),
            {"id": draft.id},
        )
    for move in ("open", "close"):
        draft.staff.post(f"/activities/{draft.id}/{move}")
    page = desk.open(f"{draft.path}/record")
    page.get_by_label("志愿者人数").fill("12")
    page.get_by_label("志愿者服务总时长").fill("30.5")
    page.get_by_label("使用资金").fill("1200")
    page.get_by_label("存在问题").fill("等候时间偏长")
    sent(page, "保存")
    expect(page.get_by_text("人工登记")).to_be_visible()
    expect(page.get_by_label("志愿者服务总时长")).to_have_value("30.5")
    look(desk, "record")


def test_another_region_s_market_is_not_found(office: OpenOffice, database: Engine) -> None:
    with database.connect() as connection:
        foreign = connection.execute(
            text(
                "SELECT a.id FROM activity a JOIN region r ON r.id = a.region_id"
                " WHERE r.code LIKE '320412102%' LIMIT 1"
            )
        ).scalar_one()
    page = office("organiser").open(f"/console/markets/{foreign}/facts")
    expect(page.get_by_role("heading")).to_contain_text("您没有权限做这项操作")


# ---------------------------------------------------------------------------- printing


@pytest.fixture
def printed(draft: Draft, office: OpenOffice) -> tuple[Draft, Office]:
    prepared(draft, "publish")
    return draft, office("organiser")


def pages_of(page: Page, name: str) -> list[bytes]:
    """The page as a printer gets it: the boxes of its sheets, in points."""
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    if pictures.WANTED:
        pictures.picture_file(f"console-workbench-{name}.pdf").write_bytes(pdf)
    return re.findall(rb"/MediaBox\s*\[([^\]]+)\]", pdf)


def on_paper(desk: Office, name: str) -> None:
    """Keep what is printed, as a picture."""
    desk.page.emulate_media(media="print")
    desk.screenshot(f"workbench-{name}-paper")
    desk.page.emulate_media(media="null")


@pytest.mark.parametrize(
    ("size", "width", "height", "code_mm"), [("a3", 842, 1191, 250), ("a4", 595, 842, 180)]
)
def test_a_poster_is_one_sheet_with_a_code_that_a_phone_reads(
    printed: tuple[Draft, Office], size: str, width: int, height: int, code_mm: int
) -> None:
    draft, desk = printed
    page = desk.open(f"{draft.path}/print/poster?size={size}")
    look(desk, f"poster-{size}")
    (box,) = pages_of(page, f"poster-{size}")
    assert [round(float(number)) for number in box.split()[2:]] == [width, height]
    code = page.locator("img.poster-code")
    shown = code.bounding_box()
    assert shown is not None
    assert round(shown["width"] / 96 * 25.4) == code_mm
    page.emulate_media(media="print")
    picture = code.screenshot()
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    page.evaluate(JSQR.read_text(encoding="utf-8"))
    scene = draft.staff.get(f"/activities/{draft.id}/code")["scene"]
    # WeChat's image holds the word; until it has been fetched a link ends with it.
    assert page.evaluate(_READ_CODE, url).rpartition("/")[2] == scene
    on_paper(desk, f"poster-{size}")
    # Nothing of the sheet is cut off.
    assert page.locator(".poster").evaluate("s => s.scrollHeight <= s.clientHeight")


def test_what_is_printed_before_wechats_image_is_there_says_so_until_it_is(
    system: LocalSystem, draft: Draft, office: OpenOffice, database: Engine
) -> None:
    """The poster carries a link that WeChat's scanner takes; the warning comes down by itself."""
    mode = f"{system.wechat}/_fake/mode"
    requests.post(mode, json={"path": CODE_IMAGE, "errcode": 41030}, timeout=15)
    desk = office("organiser")
    try:
        prepared(draft, "publish")
        desk.page.clock.install()
        page = desk.open(f"{draft.path}/print/poster")
        warning = page.get_by_text("小程序码还没有生成")
        expect(warning).to_be_visible()
        look(desk, "poster-link")
        page.emulate_media(media="print")
        picture = page.locator("img.poster-code").screenshot()
        page.evaluate(JSQR.read_text(encoding="utf-8"))
        url = "data:image/png;base64," + base64.b64encode(picture).decode()
        assert (
            page.evaluate(_READ_CODE, url)
            == (draft.staff.get(f"/activities/{draft.id}/code")["link"])
        )
        page.emulate_media(media="null")
    finally:
        requests.post(mode, json={"path": CODE_IMAGE}, timeout=15)
    other = office("organiser").open(f"{draft.path}/print")
    expect(other.get_by_text("微信没有回应时每 5 分钟再试")).to_be_visible()
    sent(other, "现在再试一次")
    fetched = text(
        "SELECT true FROM code_image JOIN market_code ON id = market_code_id"
        " WHERE activity_id = :id"
    )

    def there() -> bool | None:
        with database.connect() as connection:
            return connection.execute(fetched, {"id": draft.id}).scalar_one_or_none()

    wait_until(there, timeout_s=20, what="WeChat's image")
    page.clock.fast_forward("00:10")
    expect(warning).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(375, 812), (320, 568)])
def test_a_link_s_page_reads_well_on_any_phone(
    draft: Draft, office: OpenOffice, width: int, height: int
) -> None:
    prepared(draft, "publish")
    path = urlsplit(draft.staff.get(f"/activities/{draft.id}/code")["link"]).path
    visitor = office(None, width=width, height=height)
    page = visitor.open(path)
    expect(page.get_by_role("listitem")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        visitor.axe()
        visitor.screenshot(f"link-{width}-{scheme}")


def test_a_code_that_changes_is_not_printed(printed: tuple[Draft, Office]) -> None:
    draft, desk = printed
    draft.staff.put(f"/activities/{draft.id}", {"code_rotates_seconds": 30})
    page = desk.open(f"{draft.path}/print/poster")
    expect(page.get_by_text("印出来的码不能签到")).to_be_visible()
    expect(page.locator(".poster-code")).to_have_count(0)
    look(desk, "poster-rotating")


def test_signs_and_cards_fill_their_sheets(printed: tuple[Draft, Office]) -> None:
    draft, desk = printed
    page = desk.open(f"{draft.path}/print")
    look(desk, "print")
    page.get_by_label("每项印几张").fill("30")
    page.get_by_role("button", name="纸质号票").click()
    expect(page.locator(".card-number")).to_have_count(60)
    look(desk, "cards")
    assert len(pages_of(page, "cards")) == 4
    on_paper(desk, "cards")
    page = desk.open(f"{draft.path}/print/signs")
    look(desk, "signs")
    assert len(pages_of(page, "signs")) == 3
    on_paper(desk, "signs")


# What lies outside the box that it is printed in.
_CUT_OFF = """boxes => boxes.flatMap(box => {
  const room = box.getBoundingClientRect();
  const words = [...box.querySelectorAll("*")].filter(one => one.innerText && !one.children.length);
  const cut = words.filter(one => {
    const { top, left, bottom, right } = one.getBoundingClientRect();
    return top < room.top - 1 || left < room.left - 1
      || bottom > room.bottom + 1 || right > room.right + 1;
  });
  if (box.scrollHeight > box.clientHeight || box.scrollWidth > box.clientWidth) cut.push(box);
  return cut.map(one => `${one.className}: ${one.innerText}`);
})"""
# Wide characters, each as many as its field takes; some without a place to break a line.
_LONGEST: dict[str, Any] = {
    "title": "最长的活动名称" * 8 + "写到这里", "organiser_name": "主办单位" * 15,
    "contact_phone": "0519-86310000-123456", "venue": {"name": "场地" * 30, "address": "W" * 200},
}  # fmt: skip


def test_the_longest_of_every_print_fits_its_paper(draft: Draft, office: OpenOffice) -> None:
    """And so does whatever is shorter."""
    draft.staff.put(f"/activities/{draft.id}", _LONGEST)
    organisation = draft.staff.get("/organisations")["items"][0]["id"]
    for number, name in (("特别长的摊位号码一二", "摊位名称" * 10), ("WWWWWWWWWW", "W" * 40)):
        stall = draft.staff.post(
            f"/activities/{draft.id}/stalls",
            {"number": number, "name": name, "organisation_id": organisation},
        )
        for kind in ("最长的服务名称啊" * 5, "M" * 40, "义剪", "义诊", "磨刀" * 20, "修伞" * 20):
            service = {"title": kind, "service_kind": "haircut", "mode": "queue"}
            draft.staff.post(f"/stalls/{stall['id']}/offerings", service)
    desk = office("organiser")
    for path, boxes in (
        ("signs", ".sign"), ("cards?count=21", ".card-number"), ("poster?size=a4", ".poster"),
        ("poster?size=a3", ".poster"),
    ):  # fmt: skip
        page = desk.open(f"{draft.path}/print/{path}")
        page.evaluate("document.fonts.ready")
        page.emulate_media(media="print")
        desk.screenshot(f"longest-{path.split('?')[0]}-{path[-2:]}")
        assert page.locator(boxes).count() > 0
        assert page.locator(boxes).evaluate_all(_CUT_OFF) == [], path
        page.emulate_media(media="null")


def test_the_longest_of_every_list_fits_its_paper(
    draft: Draft, office: OpenOffice, system: LocalSystem
) -> None:
    offerings = prepared(draft)
    draft.staff.put(f"/activities/{draft.id}", _LONGEST)
    draft.staff.put(f"/offerings/{offerings[0]['id']}", {"title": "M" * 40})
    draft.staff.post(f"/activities/{draft.id}/publish")
    version = load("consents")["special_needs"]["version"]
    for number, letter in (("13800007771", "W"), ("13800007772", "长")):
        person = Caller(system.web, new_name())
        person.post("/me/phone", {"phone": number})
        person.post("/me/consents", {"purpose": "special_needs", "version": version})
        needs = {"tags": list(TAGS), "words": letter * 60}
        person.put("/me", {"name": letter * 50, "special_needs": needs})
        slot = offerings[0]["slots"][0]["id"]
        person.post(f"/offerings/{offerings[0]['id']}/bookings", {"slot_id": slot})
    desk = office("organiser")
    page = desk.open(f"/console/sign-ups/of/{draft.id}")
    page.get_by_label("打印或导出的原因").fill("安排当天的接待")
    sent(page, "打印")
    fits_as_a_list(desk, "sign-ups")
    draft.staff.post(f"/activities/{draft.id}/cancel", {"reason": "W" * 200})
    page = desk.open(draft.path)
    page.get_by_role("link", name="打开电话名单").click()
    sent(page, "打印名单")
    fits_as_a_list(desk, "calls")


def fits_as_a_list(desk: Office, name: str) -> None:
    """What is open is as wide as A4 between its margins, and nothing of it lies outside."""
    page = desk.page
    pages_of(page, f"longest-{name}")
    page.set_viewport_size({"width": round((210 - 2 * 12) / 25.4 * 96), "height": 1000})
    page.emulate_media(media="print")
    desk.screenshot(f"longest-{name}")
    assert page.locator("tbody tr").count() == 2
    assert page.locator(".call-list").evaluate_all(_CUT_OFF) == []
    page.emulate_media(media="null")
    page.set_viewport_size({"width": 1440, "height": 900})
