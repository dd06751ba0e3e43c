"""Whatever a few people and two desks do, in whatever order: the counts agree with the bookings."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.support.market_day import MarketDay
from tests.support.world import Person, World, ok

PLACES = 2
people = st.integers(0, 3)
desks = st.integers(0, 1)
DESK_ACTS = ["start", "finish", "recall", "miss", "park", "rejoin", "cancel"]


class AnyDay(RuleBasedStateMachine):
    """One slot of two places, a day of five, four people, two desks on one line."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.day = MarketDay.begin(self.world, mode="slots", capacity=PLACES,
                                   daily_cap_per_person=3)  # fmt: skip
        self.stalls = [self.day.market.stall_id, self.day.stall()]
        shared = {"capacity": 5, "also_at_stall_ids": self.stalls[1:]}
        ok(self.day.organiser.put(f"/offerings/{self.day.offering_id}", shared))
        self.people: list[Person] = [self.world.person() for _ in range(4)]
        self.bookings: list[dict[str, Any]] = []
        self.code = self.day.code()
        self.scans: list[str] = []

    def _answered(self, response: Any) -> Any:
        """Done, or refused by a rule; the booking, when one was made."""
        assert response.status_code in (200, 201, 204, 409), response.get_data(as_text=True)
        if response.status_code == 201 and "ticket" in response.json:
            self.bookings.append(response.json)
        return response

    @rule(who=people)
    def sign_up(self, who: int) -> None:
        self._answered(self.day.sign_up(self.people[who]))

    @rule(who=people)
    def take_a_number(self, who: int) -> None:
        self._answered(self.day.ticket(self.people[who]))

    @rule(who=people, urgent=st.booleans())
    def be_given_a_number(self, who: int, urgent: bool) -> None:
        body: dict[str, Any] = {"resident_id": str(self.people[who].resident_id)}
        body |= {"urgent": True, "reason": "头晕"} if urgent else {}
        self._answered(self.day.ticket(self.day.volunteer, **body))

    @rule(who=people)
    def check_in(self, who: int) -> None:
        response = self._answered(self.day.self_scan(self.people[who], code=self.code))
        if response.status_code == 201:
            self.scans.append(response.json["id"])

    @rule()
    def revert_the_last_check_in(self) -> None:
        if self.scans:
            self._answered(self.day.revert(self.scans.pop()))

    @rule(desk=desks)
    def call_next(self, desk: int) -> None:
        self._answered(self.day.press(self.stalls[desk]))

    @rule(desk=desks, which=st.integers(0, 30))
    def call_out_of_order(self, desk: int, which: int) -> None:
        if self.bookings:
            booking = self.bookings[which % len(self.bookings)]
            stall = self.stalls[desk]
            self._answered(self.day.press(stall, booking_id=booking["id"], reason="急用"))

    @rule(act=st.sampled_from(DESK_ACTS), which=st.integers(0, 30))
    def act(self, act: str, which: int) -> None:
        if self.bookings:
            self._answered(self.day.act(self.bookings[which % len(self.bookings)], act))

    @rule(act=st.sampled_from(["park", "rejoin", "cancel"]), which=st.integers(0, 30))
    def the_person_acts(self, act: str, which: int) -> None:
        if self.bookings:
            booking = self.bookings[which % len(self.bookings)]
            (person,) = [
                each for each in self.people if str(each.resident_id) == booking["resident"]["id"]
            ]
            self._answered(self.day.act(booking, act, person))

    # -------------------------------------------------------------------- what always holds

    @invariant()
    def places_are_counted(self) -> None:
        ((slot, signed_up, taken, all_ways),) = self.day.rows(
            """
            SELECT (SELECT taken FROM slot WHERE id = :slot),
                   count(*) FILTER (WHERE slot_id = :slot AND state <> 'cancelled'),
                   coalesce((SELECT taken FROM service_day WHERE offering_id = :offering), 0),
                   count(*) FILTER (WHERE state <> 'cancelled')
              FROM booking WHERE offering_id = :offering
            """,
            slot=self.day.slot_id,
            offering=self.day.offering_id,
        )
        assert slot == signed_up <= PLACES
        assert taken == all_ways <= 5

    @invariant()
    def nobody_holds_two_and_no_desk_calls_two(self) -> None:
        doubled = self.day.rows(
            """
            SELECT 'person' FROM booking
             WHERE offering_id = :offering
               AND state NOT IN ('served', 'no_show', 'cancelled', 'expired')
             GROUP BY resident_id, service_on HAVING count(*) > 1
            UNION ALL
            SELECT 'desk' FROM booking WHERE offering_id = :offering AND state = 'called'
             GROUP BY called_stall_id HAVING count(*) > 1
            UNION ALL
            SELECT 'number' FROM booking WHERE offering_id = :offering
             GROUP BY service_on, number HAVING count(*) > 1
            """,
            offering=self.day.offering_id,
        )
        assert doubled == []

    @invariant()
    def who_is_here_waits_and_who_waits_has_a_place_in_the_line(self) -> None:
        wrong = self.day.rows(
            """
            SELECT b.ticket, b.state FROM booking b
             WHERE b.offering_id = :offering
               AND (b.state = 'arrived' AND (b.queued_at IS NULL OR b.arrived_at IS NULL)
                    OR b.state = 'confirmed'
                       AND (b.queued_at IS NOT NULL
                            OR EXISTS (SELECT FROM attendance v
                                        WHERE v.resident_id = b.resident_id
                                          AND v.activity_id = b.activity_id
                                          AND v.reverted_at IS NULL)))
            """,
            offering=self.day.offering_id,
        )
        assert wrong == []

    @invariant()
    def the_audit_log_tells_every_state(self) -> None:
        wrong = self.day.rows(
            """
            SELECT b.ticket FROM booking b
             WHERE b.offering_id = :offering
               AND b.state <> (SELECT e.to_state FROM audit_entry e
                                WHERE e.object_type = 'booking' AND e.object_id = b.id
                                ORDER BY e.id DESC LIMIT 1)
            """,
            offering=self.day.offering_id,
        )
        assert wrong == []


def test_counts_agree_with_bookings_after_any_sequence(world: World) -> None:
    AnyDay.world = world
    run_state_machine_as_test(
        AnyDay,
        settings=settings(
            max_examples=6,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
