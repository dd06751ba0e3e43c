"""Organisations at the console: entered, edited by those of their region, nothing overwritten."""

from uuid import UUID

from sqlalchemy import select

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.partners.models import Organisation
from tests.support.desk import Desk
from tests.support.fair import Statements
from tests.support.world import (
    DISTRICT,
    OTHER_COMMUNITY,
    OTHER_SUBDISTRICT,
    SUBDISTRICT,
    Person,
    World,
    ok,
)

LIST = "/console/organisations/"


def entered(world: World, desk: Desk, name: str = "巧手理发队", region: str = SUBDISTRICT) -> str:
    """The id of an organisation that has just been entered."""
    answer = desk.send(f"{LIST}new", name=name, region_id=world.region_id(region))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"].rsplit("/", 1)[-1]


def row(organisation_id: str) -> Organisation:
    with transaction() as session:
        session.expire_all()
        return session.get_one(Organisation, UUID(organisation_id))


def test_an_organisation_is_entered_once(world: World, desk: Desk) -> None:
    made = entered(world, desk)
    assert "巧手理发队" in desk.read(LIST)
    again = desk.send(f"{LIST}new", name="巧手理发队", region_id=world.region_id(SUBDISTRICT))
    assert again.status_code == 409
    page = again.get_data(as_text=True)
    assert "已经有同名的单位" in page
    assert 'value="巧手理发队"' in page, "what was typed stays"
    with transaction() as session:
        entry = select(AuditEntry).where(AuditEntry.object_id == UUID(made))
        assert session.execute(entry).scalar_one().region_code == SUBDISTRICT


def test_a_name_that_differs_by_width_or_spaces_alone_is_refused_with_its_twin(
    world: World, desk: Desk
) -> None:
    region_id = world.region_id(SUBDISTRICT)
    entered(world, desk)
    for name in ("巧手 理发队", "巧手理发队\u3000", "\u200b巧手理发队"):
        assert desk.send(f"{LIST}new", name=name, region_id=region_id).status_code == 409
    page = desk.send(f"{LIST}new", name="巧手 理发队", region_id=region_id).get_data(as_text=True)
    assert "已有「巧手理发队」，只差空格、全半角或大小写" in page
    made = desk.send(f"{LIST}new", name="ＡＢ服务队", region_id=region_id)
    assert made.status_code == 303
    again = desk.send(f"{LIST}new", name="ab服务队", region_id=region_id)
    assert "已有「ＡＢ服务队」" in again.get_data(as_text=True)


def test_of_two_who_edit_the_second_is_told_and_nothing_is_overwritten(
    world: World, desk: Desk
) -> None:
    made, town = entered(world, desk), world.region_id(SUBDISTRICT)
    second = Desk(world, world.organiser())
    first = desk.send(f"{LIST}{made}", name="湖塘巧手理发队", region_id=town, version="1")
    assert first.status_code == 303
    late = second.send(f"{LIST}{made}", name="巧手服务队", region_id=town, version="1")
    assert late.status_code == 409
    page = late.get_data(as_text=True)
    assert "现在的名称是「湖塘巧手理发队」" in page
    assert ' name="name" value="巧手服务队" required' in page, "either of the two can be chosen"
    assert row(made).name == "湖塘巧手理发队"
    # Told, they may save it all the same: the page carries the version that they have now seen.
    assert 'name="version" value="2"' in page
    sure = second.send(f"{LIST}{made}", name="巧手服务队", region_id=town, version="2")
    assert sure.status_code == 303
    assert (row(made).name, row(made).version) == ("巧手服务队", 3)
    renamed = {"changed": ["name"], "changes": [{"field": "organisation_name"}]}
    with transaction() as session:
        entries = select(AuditEntry.details).where(AuditEntry.action == "edit_organisation")
        assert session.execute(entries).scalars().all() == [renamed] * 2


def test_a_name_is_one_organisation_s(world: World, desk: Desk) -> None:
    made = entered(world, desk)
    entered(world, desk, "磨刀组")
    answer = desk.send(
        f"{LIST}{made}", name="磨刀组", region_id=world.region_id(SUBDISTRICT), version="1"
    )
    assert answer.status_code == 409
    assert row(made).name == "巧手理发队"


def test_an_organisation_moves_within_one_s_own_regions(world: World) -> None:
    admin = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    made = entered(world, admin)
    moved = admin.send(
        f"{LIST}{made}",
        name="巧手理发队",
        region_id=world.region_id(OTHER_SUBDISTRICT),
        version="1",
    )
    assert moved.status_code == 303
    assert str(row(made).region_id) == world.region_id(OTHER_SUBDISTRICT)


def test_what_is_based_elsewhere_is_read_and_not_changed(world: World, desk: Desk) -> None:
    other = Desk(world, world.organiser(OTHER_SUBDISTRICT))
    theirs = entered(world, other, "牛塘磨刀组", OTHER_SUBDISTRICT)
    assert "由所在地区的组织者修改" in desk.read(f"{LIST}{theirs}")
    town = world.region_id(SUBDISTRICT)
    assert desk.send(f"{LIST}{theirs}", name="x", region_id=town, version="1").status_code == 403
    away = world.region_id(OTHER_SUBDISTRICT)
    assert desk.send(f"{LIST}new", name="x", region_id=away).status_code == 403
    nowhere = desk.send(f"{LIST}new", name="x", region_id=str(new_id()))
    assert nowhere.status_code == 422
    assert 'id="region_id-error"' in nowhere.get_data(as_text=True)
    desk.read(f"{LIST}{new_id()}", 404)
    auditor = Desk(world, world.staff(Role.AUDITOR, DISTRICT))
    assert auditor.send(f"{LIST}new", name="x", region_id=town).status_code == 403


def test_its_people_and_what_it_took_part_in(world: World, desk: Desk, organiser: Person) -> None:
    made = entered(world, desk)
    world.staff(Role.PARTNER, organisation_id=made)
    market = world.live_market(organiser)
    ok(organiser.put(f"/stalls/{market.stall_id}", {"organisation_id": made}))
    stranger = world.organiser(OTHER_SUBDISTRICT)
    away = world.live_market(
        stranger, activity={"region": OTHER_COMMUNITY, "title": "丫河社区集市"}
    )
    ok(stranger.put(f"/stalls/{away.stall_id}", {"organisation_id": made}))
    page = desk.read(f"{LIST}{made}")
    assert "花园社区公益集市" in page
    assert "号 便民服务" in page
    assert "丫河社区集市" not in page, "another town's plans"
    assert "partner小张" in page
    listed = desk.read(LIST).split("<tbody>")[1]
    assert listed.count('<td class="number">1</td>') == 2
    theirs = Desk(world, stranger).read(f"{LIST}{made}")
    assert "partner小张" not in theirs, "names of one's own staff alone"
    assert "1 人" in theirs


def test_the_list_is_searched_filtered_paged_and_its_cost_fixed(world: World) -> None:
    desk = Desk(world, world.staff(Role.ADMIN, DISTRICT))
    assert "登记第一个单位" in desk.read(LIST)
    entered(world, desk, "甲理发队")
    entered(world, desk, "乙维修队", OTHER_SUBDISTRICT)
    assert "乙维修队" not in desk.read(f"{LIST}?q=理发")
    assert "甲理发队" not in desk.read(f"{LIST}?region_id={world.region_id(OTHER_SUBDISTRICT)}")
    assert "没有符合条件的单位" in desk.read(f"{LIST}?q=%25")
    first = desk.read(f"{LIST}?limit=1")
    assert "下一页" in first
    statements = Statements(world.app)
    sent = []
    for more in (0, 4):
        for number in range(more):
            entered(world, desk, f"丙服务队{number}")
        with statements:
            desk.read(LIST)
        sent.append(len(statements))
    assert sent == [6, 6]
