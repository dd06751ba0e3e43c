"""The dashboard's totals: whatever has happened, they come to what a recount gives."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from backend.activities import days
from backend.activities.models import Activity
from backend.core import clock
from backend.core.config import RATING
from backend.core.db import transaction
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.dashboard import rollups
from backend.dashboard import tasks as rollup_tasks
from backend.dashboard.models import ActivityTotal, PeopleTotal, StaleActivity
from backend.feedback.tasks import freeze_evaluations
from tests.support import recount
from tests.support.fair import Fair
from tests.support.market_day import GUEST, MarketDay, at
from tests.support.world import COMMUNITY, DISTRICT, OTHER_COMMUNITY, SUBDISTRICT, Person, World, ok

AT_ONCE = timedelta(0)


def refresh(app: Flask) -> None:
    """The job, with every count of people made anew that is not up to date."""
    with app.app_context():
        rollup_tasks.refresh(AT_ONCE)


def shown(admin: Person, app: Flask, region: str = DISTRICT, period: str = "all") -> dict[str, Any]:
    """The dashboard's totals as a recount names them."""
    region_id = World(app).region_id(region)
    answer = ok(admin.get("/dashboard", region_id=region_id, period=period))
    totals = answer["totals"]
    share = totals["satisfied_share"]
    return {
        name: totals[name]
        for name in (
            "activities", "visits", "people", "rated", "communities_reached", "volunteer_minutes",
        )
    } | {
        "people": totals["people"] or 0,
        "satisfied": round(share["value"] * totals["rated"]) if share else 0,
        "kinds": {
            kind["service_kind"]: (kind["served"], kind["rated"])
            for kind in answer["service_kinds"]
        },
    }  # fmt: skip


def counted(app: Flask, region: str = DISTRICT) -> dict[str, Any]:
    return recount.figures(app, region) | {"kinds": recount.kinds(app, region)}


@pytest.fixture
def admin(world: World) -> Person:
    return world.staff(Role.ADMIN, DISTRICT)


# ---------------------------------------------------------------------------- any sequence


class AnyMonth(RuleBasedStateMachine):
    """Two markets in two communities, guests who turn out to be residents, and the job at any
    time in between."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        organiser = self.world.staff(Role.ORGANISER, DISTRICT)
        self.admin = self.world.staff(Role.ADMIN, DISTRICT)
        self.days = [
            MarketDay.begin(self.world, organiser=organiser, activity={"region": region})
            for region in (COMMUNITY, OTHER_COMMUNITY)
        ]
        self.opened_at = clock.now()
        self.people = [self.world.person(f"居民{number}") for number in range(3)]
        self.scans: list[tuple[int, str]] = []
        self.served: list[tuple[Person, str]] = []

    def _done(self, response: Any) -> Any:
        """Done, or refused by a rule."""
        assert response.status_code in (200, 201, 204, 409), response.get_data(as_text=True)
        return response

    def _scanned(self, day: int, response: Any) -> None:
        if self._done(response).status_code == 201:
            self.scans.append((day, response.json["id"]))

    @rule(day=st.integers(0, 1), who=st.integers(0, 2))
    def come(self, day: int, who: int) -> None:
        body = {"source": "search", "resident_id": str(self.people[who].resident_id)}
        self._scanned(day, self.days[day].scan(self.days[day].organiser, **body))

    @rule(day=st.integers(0, 1), who=st.integers(0, 2))
    def have_come(self, day: int, who: int) -> None:
        """Scanned when it opened, uploaded now: it may be over or cancelled."""
        body = {"source": "search", "resident_id": str(self.people[who].resident_id)}
        body["scanned_at"] = self.opened_at.isoformat()
        self._scanned(day, self.days[day].scan(self.days[day].organiser, **body))

    @rule(day=st.integers(0, 1), who=st.integers(0, 2))
    def come_as_a_guest(self, day: int, who: int) -> None:
        guest = {"name": f"居民{who}", "phone": f"1380000000{who}"}
        scan = self.days[day].scan(self.days[day].organiser, source="proxy", guest=guest)
        self._scanned(day, scan)

    @rule(which=st.integers(0, 30))
    def revert(self, which: int) -> None:
        if self.scans:
            day, scan = self.scans[which % len(self.scans)]
            self._done(self.days[day].revert(scan, by=self.days[day].organiser))

    @rule(who=st.integers(0, 2))
    def prove_the_number(self, who: int) -> None:
        """Whoever came as a guest with this number was this person all the time."""
        self._done(self.people[who].post("/me/phone", {"phone": f"1380000000{who}"}))
        code = ok(self.people[who].get("/me/code"))["code"]
        organiser = self.days[0].organiser
        self._done(organiser.post("/residents/confirm-phone", {"resident_code": code}))

    @rule(day=st.integers(0, 1), who=st.integers(0, 2))
    def be_served(self, day: int, who: int) -> None:
        market, person = self.days[day], self.people[who]
        body = {"resident_id": str(person.resident_id)}
        ticket = self._done(market.ticket(market.organiser, **body))
        if ticket.status_code != 201:
            return
        call = market.press(by=market.organiser, booking_id=ticket.json["id"], reason="测试")
        if call.status_code == 200:
            for action in ("start", "finish"):
                ok(market.act(ticket.json, action, market.organiser))
            self.served.append((person, ticket.json["id"]))

    @rule(which=st.integers(0, 30), score=st.integers(1, 5))
    def rate_a_service(self, which: int, score: int) -> None:
        if self.served:
            person, booking = self.served[which % len(self.served)]
            self._done(person.post("/ratings", {"booking_id": booking, "score": score}))

    @rule(day=st.integers(0, 1), who=st.integers(0, 2), score=st.integers(1, 5))
    def rate_a_visit(self, day: int, who: int, score: int) -> None:
        body = {"activity_id": self.days[day].id, "score": score}
        response = self.people[who].post("/ratings", body)
        assert response.status_code in (201, 404, 409), response.get_data(as_text=True)

    @rule(day=st.integers(0, 1), end=st.sampled_from(["close", "cancel"]))
    def end(self, day: int, end: str) -> None:
        body = {"reason": "大雨"} if end == "cancel" else {}
        self._done(self.days[day].organiser.post(f"/activities/{self.days[day].id}/{end}", body))

    @rule()
    def count(self) -> None:
        refresh(self.world.app)

    def teardown(self) -> None:
        app = self.world.app
        refresh(app)
        for region in (DISTRICT, SUBDISTRICT, COMMUNITY, OTHER_COMMUNITY):
            assert shown(self.admin, app, region) == counted(app, region), region


def test_any_sequence_comes_to_the_recount(world: World) -> None:
    AnyMonth.world = world
    run_state_machine_as_test(
        AnyMonth,
        settings=settings(
            max_examples=10,
            stateful_step_count=18,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# ---------------------------------------------------------------------------- the hard cases


def test_a_revert_long_after_the_end_is_counted(fair: Fair, admin: Person) -> None:
    """Nothing but the note tells the job of it: the activity is over and frozen."""
    app = fair.app
    person = fair.world.person()
    scan = fair.visit(person.resident_id)
    fair.visit(fair.world.person().resident_id)
    fair.close()
    with at(clock.now() + timedelta(days=40)):
        with app.app_context():
            freeze_evaluations()
        refresh(app)
        assert not due(app), "a frozen activity must not be counted each minute"
        late = fair.world.staff(Role.ORGANISER, SUBDISTRICT)
        ok(late.post(f"/scans/{scan}/revert", {"reason": "扫错了人"}), 201)
        assert due(app) == [fair.id]
        refresh(app)
        admin = fair.world.staff(Role.ADMIN, DISTRICT)
        totals = ok(admin.get("/dashboard", period="all"))["totals"]
    assert (totals["visits"], totals["people"]) == (1, 1)


def test_a_visit_that_is_learned_of_after_the_freezing_is_counted(
    fair: Fair, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ratings close before a volunteer's scan is too old, only the note tells the job."""
    monkeypatch.setattr(days, "RATING", replace(RATING, window_days=1))
    app, made = fair.app, clock.now().isoformat()
    fair.visit(fair.world.person().resident_id)
    fair.close()
    with at(clock.now() + timedelta(hours=47)):
        with app.app_context():
            freeze_evaluations()
        refresh(app)
        assert not due(app)
        late = fair.world.staff(Role.ORGANISER, SUBDISTRICT)
        resident = str(fair.world.person().resident_id)
        scan = {"id": str(new_id()), "source": "search", "resident_id": resident}
        path = f"/activities/{fair.id}/scans"
        ok(late.post(path, scan | {"scanned_at": made}), 201)
        assert due(app) == [fair.id]
        refresh(app)
        admin = fair.world.staff(Role.ADMIN, DISTRICT)
        totals = ok(admin.get("/dashboard", period="all"))["totals"]
    assert (totals["visits"], totals["people"]) == (2, 2)


def due(app: Flask) -> list[str]:
    with app.app_context(), transaction() as session:
        return [str(activity_id) for activity_id in rollups.due_activities(session)]


def test_people_of_two_activities_who_become_one_are_one(world: World, admin: Person) -> None:
    """Neither activity's own figures change; the district's people do."""
    days = [MarketDay.begin(world), MarketDay.begin(world)]
    person = world.person("李奶奶")
    days[0].write_in(**GUEST)
    days[1].come(person)
    refresh(world.app)
    assert shown(admin, world.app)["people"] == 2
    ok(person.post("/me/phone", {"phone": GUEST["phone"]}))
    code = ok(person.get("/me/code"))["code"]
    ok(days[0].volunteer.post("/residents/confirm-phone", {"resident_code": code}))
    refresh(world.app)
    assert shown(admin, world.app)["people"] == 1
    assert shown(admin, world.app) == counted(world.app)


def test_a_moved_activity_takes_its_people_along(fair: Fair, admin: Person) -> None:
    fair.visit(fair.world.person().resident_id)
    refresh(fair.app)
    with fair.app.app_context(), transaction() as session:
        moved = fair.world.region_id(OTHER_COMMUNITY)
        session.execute(update(Activity).where(Activity.id == fair.id).values(region_id=moved))
    refresh(fair.app)
    assert shown(admin, fair.app, COMMUNITY)["people"] == 0
    assert shown(admin, fair.app, OTHER_COMMUNITY)["people"] == 1


def test_a_frozen_checklist_keeps_its_ratings(fair: Fair, admin: Person) -> None:
    """What has been published stays, and the evaluations' page says the same."""
    fair.answers([5, 4, 1], unrated=1)
    fair.close()
    with at(clock.now() + timedelta(days=40)):
        with fair.app.app_context():
            freeze_evaluations()
        refresh(fair.app)
        admin = fair.world.staff(Role.ADMIN, DISTRICT)
        figures = ok(admin.get("/dashboard", period="all"))
        listed = ok(admin.get("/evaluations"))["totals"]
    assert figures["totals"]["rated"] == listed["rated"] == 3
    assert figures["totals"]["satisfied_share"] == listed["satisfied_share"]
    assert figures["service_kinds"][0]["served"] == 4


# ---------------------------------------------------------------------------- the job itself


def test_a_run_that_is_cut_off_keeps_what_it_has_and_the_next_does_the_rest(
    world: World, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        day = MarketDay.begin(world)
        day.come(world.person())
    monkeypatch.setattr(rollup_tasks, "_AT_ONCE", 1)
    real, calls = rollups.recount, []

    def cut_off(session: Session, ids: Any) -> None:
        calls.append(ids)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(session, ids)

    monkeypatch.setattr(rollups, "recount", cut_off)
    with pytest.raises(KeyboardInterrupt):
        refresh(world.app)
    assert len(rows(world.app, ActivityTotal)) == 1
    monkeypatch.setattr(rollups, "recount", real)
    refresh(world.app)
    assert shown(admin, world.app) == counted(world.app)


def test_a_run_cut_off_before_the_people_leaves_them_to_be_counted(
    fair: Fair, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    fair.visit(fair.world.person().resident_id)
    real = rollups.recount_people

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rollups, "recount_people", cut_off)
    with pytest.raises(KeyboardInterrupt):
        refresh(fair.app)
    # Not 0: it is not known yet.
    assert ok(admin.get("/dashboard", period="all"))["totals"]["people"] is None
    monkeypatch.setattr(rollups, "recount_people", real)
    refresh(fair.app)
    assert shown(admin, fair.app)["people"] == 1


def test_running_again_writes_the_same(fair: Fair) -> None:
    fair.visit(fair.world.person().resident_id)
    fair.answers([5, 2])
    refresh(fair.app)
    before = [rows(fair.app, ActivityTotal), rows(fair.app, PeopleTotal)]
    with fair.app.app_context():
        rollup_tasks.refresh_totals()
    after = [rows(fair.app, ActivityTotal), rows(fair.app, PeopleTotal)]
    assert [[row[:-1] for row in table] for table in before] == [
        [row[:-1] for row in table] for table in after
    ]
    assert rows(fair.app, StaleActivity) == []


def test_the_people_of_a_year_are_not_counted_at_every_visit(fair: Fair, admin: Person) -> None:
    """That count reads every visit of the year; a month's is made each minute."""
    with fair.app.app_context():
        fair.visit(fair.world.person().resident_id)
        rollup_tasks.refresh_totals()
        fair.visit(fair.world.person().resident_id)
        rollup_tasks.refresh_totals()
        month = f"{clock.today():%Y-%m}"
        assert shown(admin, fair.app, period=month)["people"] == 2
        assert shown(admin, fair.app)["people"] == 1
    with at(clock.now() + rollups.LONG_COUNT_EVERY):
        with fair.app.app_context():
            rollup_tasks.refresh_totals()
        assert shown(admin, fair.app)["people"] == 2


def test_totals_that_were_lost_come_back(fair: Fair, admin: Person) -> None:
    """After a restore, or for activities older than the totals."""
    fair.visit(fair.world.person().resident_id)
    refresh(fair.app)
    with fair.app.app_context(), transaction() as session:
        session.execute(delete(PeopleTotal))
        session.execute(delete(ActivityTotal))
    refresh(fair.app)
    assert shown(admin, fair.app) == counted(fair.app)


def rows(app: Flask, model: Any) -> list[tuple[Any, ...]]:
    """A table's rows, in the order of their first columns."""
    columns = list(model.__table__.columns)
    with app.app_context(), transaction() as session:
        found = session.execute(select(*columns).order_by(*columns[:2]))
        return [tuple(row) for row in found]


def test_a_check_in_touches_no_total(fair: Fair) -> None:
    """A row that every check-in updates would make forty people wait for each other."""
    refresh(fair.app)
    before = rows(fair.app, ActivityTotal)
    fair.visit(fair.world.person().resident_id)
    assert rows(fair.app, ActivityTotal) == before
    with fair.app.app_context(), transaction() as session:
        count = session.execute(select(func.count()).select_from(StaleActivity)).scalar_one()
    assert count == 0
