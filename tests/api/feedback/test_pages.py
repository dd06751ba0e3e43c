"""The console's pages of evaluations and rectifications: whose, and what a form may change."""

import pytest
from sqlalchemy import func, select

from backend.core.audit import AuditEntry
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.feedback.models import Rectification
from tests.support.desk import Desk
from tests.support.fair import Fair
from tests.support.world import DISTRICT, OTHER_SUBDISTRICT, ok


@pytest.fixture
def desk(fair: Fair) -> Desk:
    return Desk(fair.world, fair.organiser)


def row(rectification_id: str) -> Rectification:
    with transaction() as session:
        session.expire_all()
        return session.get_one(Rectification, rectification_id)


def refusals(code: str) -> int:
    with transaction() as session:
        statement = select(func.count()).where(
            AuditEntry.action == "refuse", AuditEntry.details["code"].as_string() == code
        )
        return session.execute(statement).scalar_one()


def test_the_number_is_shown_once_and_stands_in_no_address(fair: Fair, desk: Desk) -> None:
    person, found = fair.complaint()
    ok(person.post("/me/phone", {"phone": "13912345678"}))
    answer = desk.send(f"/console/rectifications/{found}/contact", reason="电话回访")
    assert "13912345678" in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "13912345678" not in desk.read(f"/console/rectifications/{found}")


def test_an_owner_is_one_who_may_handle_it(fair: Fair, desk: Desk) -> None:
    _, found = fair.complaint()
    path = f"/console/rectifications/{found}/owner"
    stranger = fair.world.organiser(OTHER_SUBDISTRICT)
    refused = desk.send(path, user_id=str(stranger.user_id))
    assert refused.status_code == 422
    assert "请另选" in refused.get_data(as_text=True)
    assert row(found).owner_user_id is None
    assert desk.send(path, user_id=str(fair.organiser.user_id)).status_code == 303
    assert row(found).owner_user_id == fair.organiser.user_id


def test_a_closed_one_keeps_its_owner(fair: Fair, desk: Desk) -> None:
    _, found = fair.complaint()
    for step, body in (
        ("reply", {"reply": "已整改"}),
        ("call-back", {"note": "认可", "satisfied": True}),
        ("close", {}),
    ):
        ok(fair.organiser.post(f"/rectifications/{found}/{step}", body))
    path = f"/console/rectifications/{found}/owner"
    assert desk.send(path, user_id=str(fair.organiser.user_id)).status_code == 409
    assert row(found).owner_user_id is None
    # It is out of the way, and can be found.
    assert found not in desk.read("/console/rectifications/")
    assert found in desk.read("/console/rectifications/?open=false")
    assert found in desk.read("/console/rectifications/?open=")


def test_what_was_typed_is_not_lost_when_a_form_is_refused(fair: Fair, desk: Desk) -> None:
    _, found = fair.complaint()
    ok(fair.organiser.post(f"/rectifications/{found}/reply", {"reply": "第一位同事的回复"}))
    refused = desk.send(f"/console/rectifications/{found}/reply", reply="第二位同事的回复")
    assert refused.status_code == 409
    assert row(found).reply == "第一位同事的回复"
    late = desk.send(
        f"/console/rectifications/{found}/call-back", note="电话里说认可", satisfied="也许"
    )
    assert late.status_code == 422
    assert "电话里说认可" in late.get_data(as_text=True)


def test_a_form_sent_twice_is_done_once(fair: Fair, desk: Desk) -> None:
    _, found = fair.complaint()
    form = {"reply": "已整改", "_key": str(new_id())}
    answers = [desk.send(f"/console/rectifications/{found}/reply", **form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    with transaction() as session:
        statement = select(func.count()).where(AuditEntry.action == "reply")
        assert session.execute(statement).scalar_one() == 1


@pytest.mark.parametrize("key", ["k" * 101, "k" * 90_000, "钥匙", "k\x00", ""])
def test_a_one_time_key_that_is_not_ours_is_refused_in_words(
    fair: Fair, desk: Desk, key: str
) -> None:
    _, found = fair.complaint()
    answer = desk.send(f"/console/rectifications/{found}/reply", reply="已整改", _key=key)
    assert answer.status_code == 403
    assert "页面已过期，请返回刷新后再提交" in answer.get_data(as_text=True)


def test_another_regions_pages_do_not_exist_and_trying_is_kept(fair: Fair) -> None:
    _, found = fair.complaint()
    stranger = Desk(fair.world, fair.world.organiser(OTHER_SUBDISTRICT))
    stranger.read(f"/console/rectifications/{found}", 404)
    stranger.read(f"/console/evaluations/{fair.id}", 404)
    assert str(fair.id) not in stranger.read("/console/evaluations/")
    answer = stranger.send(f"/console/rectifications/{found}/reply", reply="越权")
    assert answer.status_code == 404
    assert row(found).reply is None
    assert refusals("not_found") == 1


def test_without_the_pages_token_nothing_happens(fair: Fair, desk: Desk) -> None:
    _, found = fair.complaint()
    path = f"/console/rectifications/{found}/reply"
    assert desk.send(path, csrf_token="forged", reply="x").status_code == 403
    assert desk.send(path, origin="https://evil.example", reply="x").status_code == 403
    assert row(found).reply is None
    assert refusals("forged_form") == 1, "the same refusal stands once"


def test_an_auditor_reads_and_handles_nothing(fair: Fair) -> None:
    _, found = fair.complaint()
    auditor = Desk(fair.world, fair.world.staff(Role.AUDITOR, DISTRICT))
    assert "办理由该地区的组织者负责" in auditor.read(f"/console/rectifications/{found}")
    assert ">查看<" in auditor.read("/console/rectifications/")
    assert auditor.send(f"/console/rectifications/{found}/reply", reply="x").status_code == 403
    assert row(found).reply is None


def test_trends_tell_the_regions_below_apart(fair: Fair, desk: Desk) -> None:
    fair.complaint()
    page = desk.read("/console/evaluations/")
    assert "评价太少" in page
    assert "服务人次" not in page, "visits; what is counted here are services, 服务次数"
    assert "花园社区" in page[page.index('id="by-region"') : page.index('id="list"')]


def test_a_resident_who_is_not_satisfied_is_not_closed_in_one_click(fair: Fair, desk: Desk) -> None:
    """Only with the reason why, and honestly named; and not by whoever has answered it."""
    person, found = fair.complaint()
    path = f"/console/rectifications/{found}"
    ok(fair.organiser.post(f"/rectifications/{found}/reply", {"reply": "已整改"}))
    said = {"note": "还是要等很久", "satisfied": False}
    ok(fair.organiser.post(f"/rectifications/{found}/call-back", said))
    assert "不能由您办结" in desk.read(path)
    assert desk.send(f"{path}/close", reason="场地太小").status_code == 409
    desk = Desk(fair.world, fair.world.organiser())
    refused = desk.send(f"{path}/close")
    assert refused.status_code == 422
    assert "请写明为什么没能解决" in refused.get_data(as_text=True)
    assert row(found).closed_at is None
    assert desk.send(f"{path}/close", reason="场地太小").status_code == 303
    page = desk.read(path)
    assert "未解决而办结" in page
    assert "场地太小" in page
    assert desk.send(f"{path}/close").status_code == 409
    with transaction() as session:
        statement = select(func.count()).where(AuditEntry.action == "close_unsolved")
        assert session.execute(statement).scalar_one() == 1
    (rating,) = ok(person.get("/me/ratings"))["items"]
    ok(person.post(f"/ratings/{rating['id']}/unsolved", {"words": "上周去还是等了一小时"}))
    page = desk.read(path)
    assert page.index("场地太小") < page.index("上周去还是等了一小时"), "what came before stays"
    assert "保存回复" in page
    assert found in desk.read("/console/rectifications/?reopened=true")


def test_the_second_of_two_keeps_the_words_that_came_too_late(fair: Fair, desk: Desk) -> None:
    _, found = fair.complaint()
    ok(fair.organiser.post(f"/rectifications/{found}/reply", {"reply": "第一位同事的回复"}))
    late = desk.send(f"/console/rectifications/{found}/reply", reply="第二位同事的回复")
    assert "您写的没有保存：<blockquote" in late.get_data(as_text=True)
    assert "第二位同事的回复" in late.get_data(as_text=True)
