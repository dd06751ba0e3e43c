"""Breaker and bulkhead: a hanging WeChat costs the rest of the house little."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from backend.core.monitoring.metrics import REGISTRY
from backend.gateways.breaker import Admission, BreakerOpen, BreakerState, CircuitBreaker
from backend.gateways.bulkhead import Bulkhead, BulkheadFull, TurnedAway
from backend.gateways.wechat import (
    WeChatBusy,
    WeChatCodeInvalid,
    WeChatTimeout,
    WeChatUnavailable,
)
from backend.local.waiting import wait_until
from tests.gateways.conftest import MakeGateway
from tests.gateways.standin import CODE_IMAGE, LOGIN, StandIn
from tests.support.threads import together


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Fault(Exception):
    pass


class Refusal(Exception):
    pass


class Bug(Exception):
    pass


def raising(error: type[Exception]) -> Callable[[], None]:
    def operation() -> None:
        raise error

    return operation


def call(breaker: CircuitBreaker, error: type[Exception] | None = None) -> None:
    """Call something that answers, or that raises `error`."""
    if error is None:
        breaker.call(lambda: None)
        return
    with pytest.raises(error):
        breaker.call(raising(error))


def assert_state(breaker: CircuitBreaker, state: BreakerState) -> None:
    assert breaker.state is state


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(faults=Fault, answers=Refusal, threshold=3, recovery_s=5, clock=clock)


@pytest.fixture
def open_breaker(breaker: CircuitBreaker) -> CircuitBreaker:
    for _ in range(3):
        call(breaker, Fault)
    return breaker


def test_it_opens_after_faults_in_a_row(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        call(breaker, Fault)
    assert_state(breaker, BreakerState.CLOSED)
    call(breaker, Fault)
    assert_state(breaker, BreakerState.OPEN)
    with pytest.raises(BreakerOpen):
        breaker.call(raising(Bug))


@pytest.mark.parametrize("answer", [None, Refusal])
def test_an_answer_starts_the_count_again(
    breaker: CircuitBreaker, answer: type[Exception] | None
) -> None:
    """A refusal, too, shows that the service is there."""
    for _ in range(2):
        call(breaker, Fault)
    call(breaker, answer)
    for _ in range(2):
        call(breaker, Fault)
    assert_state(breaker, BreakerState.CLOSED)


def test_a_failure_of_ours_says_nothing_about_the_service(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        call(breaker, Fault)
    for _ in range(5):
        call(breaker, Bug)
    assert_state(breaker, BreakerState.CLOSED)
    call(breaker, Fault)
    assert_state(breaker, BreakerState.OPEN)


def test_it_stays_open_until_it_has_rested(open_breaker: CircuitBreaker, clock: Clock) -> None:
    clock.now += 4.9
    with pytest.raises(BreakerOpen):
        call(open_breaker)


@pytest.mark.parametrize("answer", [None, Refusal])
def test_a_good_trial_closes_it(
    open_breaker: CircuitBreaker, clock: Clock, answer: type[Exception] | None
) -> None:
    clock.now += 5
    call(open_breaker, answer)
    assert_state(open_breaker, BreakerState.CLOSED)


def test_a_bad_trial_opens_it_for_another_rest(open_breaker: CircuitBreaker, clock: Clock) -> None:
    clock.now += 5
    call(open_breaker, Fault)
    clock.now += 4.9
    with pytest.raises(BreakerOpen):
        call(open_breaker)
    clock.now += 0.1
    call(open_breaker)
    assert_state(open_breaker, BreakerState.CLOSED)


def test_only_one_trial_runs_at_a_time(open_breaker: CircuitBreaker, clock: Clock) -> None:
    clock.now += 5

    def trial() -> None:
        with pytest.raises(BreakerOpen):
            call(open_breaker)

    open_breaker.call(trial)
    assert_state(open_breaker, BreakerState.CLOSED)


def test_a_trial_without_result_makes_room_for_the_next(
    open_breaker: CircuitBreaker, clock: Clock
) -> None:
    clock.now += 5
    call(open_breaker, Bug)
    assert_state(open_breaker, BreakerState.HALF_OPEN)
    call(open_breaker)
    assert_state(open_breaker, BreakerState.CLOSED)


@pytest.mark.parametrize("error", [None, Fault])
def test_a_straggler_of_the_bad_minutes_decides_nothing(
    breaker: CircuitBreaker, clock: Clock, error: type[Exception] | None
) -> None:
    """It was let through before the breaker opened, and ends while a trial is running."""

    def straggler() -> None:
        for _ in range(3):
            call(breaker, Fault)
        clock.now += 5
        call(breaker, Bug)  # half open now
        if error:
            raise error

    with suppress(Fault):
        breaker.call(straggler)
    assert_state(breaker, BreakerState.HALF_OPEN)


def test_an_opening_breaker_says_so_once(clock: Clock) -> None:
    """Whoever waits to make a call is told then."""
    said: list[BreakerState] = []
    opening = CircuitBreaker(
        faults=Fault, answers=Refusal, threshold=2, recovery_s=5, clock=clock,
        opened=lambda: said.append(opening.state),
    )  # fmt: skip
    call(opening, Fault)
    assert said == []
    call(opening, Fault)
    assert said == [BreakerState.OPEN]
    clock.now += 5
    call(opening, Fault)
    assert said == [BreakerState.OPEN] * 2


def test_a_call_that_waits_loses_its_admission_when_the_breaker_opens(
    breaker: CircuitBreaker,
) -> None:
    waiting = breaker.admit()
    for _ in range(3):
        call(breaker, Fault)
    assert not waiting.stands
    with pytest.raises(BreakerOpen):
        waiting.run(raising(Bug))


def test_what_is_said_first_of_a_call_counts(breaker: CircuitBreaker) -> None:
    """Its caller has given it up; when it ends at last, it is no second fault, and no answer."""
    for _ in range(2):
        stuck = breaker.admit()

        def fails_late(call: Admission = stuck) -> None:
            call.give_up()
            raise Fault

        with pytest.raises(Fault):
            stuck.run(fails_late)
    assert_state(breaker, BreakerState.CLOSED)
    late = breaker.admit()
    late.run(late.give_up)
    assert_state(breaker, BreakerState.OPEN)


def test_a_trial_that_found_no_place_makes_room_for_the_next(
    open_breaker: CircuitBreaker, clock: Clock
) -> None:
    clock.now += 5
    open_breaker.admit().hand_back()
    call(open_breaker)
    assert_state(open_breaker, BreakerState.CLOSED)


class Line:
    """A bulkhead with one place, which is taken until `go`, and callers in line for it."""

    def __init__(self, length: int) -> None:
        self.bulkhead = Bulkhead(1, length, "test")
        self.go = threading.Event()
        self.done: list[str] = []
        self.callers = ThreadPoolExecutor(length + 2)
        self.first = self.joins("first", lambda: self.go.wait(10))

    def joins(
        self, name: str, work: Callable[[], object] = lambda: None, **run: Any
    ) -> "Future[None]":
        """Somebody comes; answers once they stand in line, or have got their answer."""

        def do() -> None:
            work()
            self.done.append(name)

        before = len(self.bulkhead._inside)
        options: dict[str, Any] = {"kind": "login", "turn_s": 10, "wait_s": 10} | run
        caller = self.callers.submit(lambda: self.bulkhead.run(do, **options))
        wait_until(
            lambda: caller.done() or len(self.bulkhead._inside) > before, timeout_s=10, what="join"
        )
        return caller


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line(3)
    yield line
    line.go.set()
    line.callers.shutdown()
    line.bulkhead.close()


def test_who_finds_all_places_taken_waits_in_line(line: Line) -> None:
    people = [line.joins(name) for name in ("li", "wang", "zhao")]
    line.go.set()
    for caller in [line.first, *people]:
        caller.result(10)
    assert line.done == ["first", "li", "wang", "zhao"]


def test_a_full_line_refuses_at_once_and_frees_its_places(line: Line) -> None:
    people = [line.joins(name) for name in ("li", "wang", "zhao")]
    with pytest.raises(BulkheadFull):
        line.joins("late").result()
    line.go.set()
    for caller in people:
        caller.result(10)
    with pytest.raises(Bug):
        line.joins("bug", raising(Bug)).result(10)
    line.joins("last").result(10)
    assert "late" not in line.done
    line.bulkhead.close()
    with pytest.raises(RuntimeError):
        line.joins("closed").result(10)


def test_who_has_waited_long_enough_is_sent_away_and_leaves_the_line(line: Line) -> None:
    """Nothing is done later for somebody who has gone."""
    for _ in range(5):
        with pytest.raises(BulkheadFull):
            line.joins("hasty", turn_s=0.01).result(10)
    patient = line.joins("patient")
    line.go.set()
    patient.result(10)
    assert line.done == ["first", "patient"]


def test_who_waits_for_what_is_not_to_be_had_is_told_at_once(line: Line) -> None:
    login, image = line.joins("login"), line.joins("image", kind="code_image")
    line.bulkhead.turn_away("login")
    with pytest.raises(TurnedAway):
        login.result(10)
    with pytest.raises(TurnedAway):
        line.joins("just missed", pointless=lambda: True).result(10)
    line.go.set()
    image.result(10)
    assert line.done == ["first", "image"], "what runs is let run"


def test_stuck_work_is_left_alone_but_keeps_its_place() -> None:
    """Where no timeout of requests' reaches: name resolution, a header that trickles in."""
    bulkhead = Bulkhead(1, 0, "test")
    go, done = threading.Event(), threading.Event()

    def stuck() -> None:
        go.wait(10)
        done.set()

    with pytest.raises(TimeoutError):
        bulkhead.run(stuck, kind="login", turn_s=0.01, wait_s=0.02)
    with pytest.raises(BulkheadFull):
        bulkhead.run(stuck, kind="login", turn_s=0.01, wait_s=0.02)
    go.set()
    assert done.wait(10)
    bulkhead.close()


def test_a_caller_does_not_wait_for_stuck_work(
    make_gateway: MakeGateway, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login's own deadline holds even where requests doesn't keep its timeouts."""
    gateway, go = make_gateway(connect_timeout_s=0.1, read_timeout_s=0.1), threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kw: go.wait(20))
    with pytest.raises(WeChatTimeout, match="login"):
        gateway.login("ok:li")
    go.set()


def test_all_who_come_at_once_get_in_by_turns(make_gateway: MakeGateway, stand_in: StandIn) -> None:
    """The first minute of a market: WeChat takes its time, and everybody logs in."""
    people = 24
    gateway = make_gateway(max_concurrent_calls=4, max_waiting_calls=people)
    stand_in.mode(LOGIN, delay_s=0.05)
    openids = {login.openid for login in together(people, lambda n: gateway.login(f"ok:{n}"))}
    assert len(openids) == people


def test_more_calls_than_places_and_line_fail_at_once(
    make_gateway: MakeGateway, stand_in: StandIn
) -> None:
    """So a hanging WeChat can't take all threads of a worker from check-in."""
    gateway = make_gateway(max_concurrent_calls=1, max_waiting_calls=1)
    stand_in.mode(LOGIN, delay_s=60)
    with ThreadPoolExecutor(2) as threads:
        inside = [threads.submit(gateway.login, "ok:li") for _ in range(2)]
        stand_in.wait_for(LOGIN, 1)
        wait_until(
            lambda: len(gateway._calls._bulkhead._inside) == 2, timeout_s=10, what="the line"
        )
        with pytest.raises(WeChatBusy, match="under way") as refusal:
            gateway.login("ok:wang")
        with pytest.raises(WeChatBusy, match="under way"):
            gateway.code_image("a")
        assert refusal.value.retryable
        assert stand_in.count(LOGIN) == 1
        stand_in.mode(LOGIN)
        assert len({call.result() for call in inside}) == 1


def test_who_waits_when_wechat_turns_out_to_hang_is_told_at_once(
    make_gateway: MakeGateway, stand_in: StandIn
) -> None:
    """And WeChat isn't asked for them."""
    gateway = make_gateway(max_concurrent_calls=3, max_waiting_calls=9, read_timeout_s=0.5)
    stand_in.mode(LOGIN, delay_s=60)

    def log_in(_: int) -> str:
        with pytest.raises(WeChatUnavailable) as refusal:
            gateway.login("ok:li")
        return refusal.value.message

    told = Counter(together(12, log_in))
    asked = told.pop("no answer from /sns/jscode2session")
    assert told == {"not asked: it has not been answering": 12 - asked}
    # Three, and two at most that took the places of the first two before the third had failed.
    assert 3 <= asked <= 5
    assert stand_in.count(LOGIN) == asked


def test_a_long_line_is_not_taken_for_a_silent_wechat(
    make_gateway: MakeGateway, stand_in: StandIn
) -> None:
    """Who has waited in vain says nothing about WeChat; who got a place at last has time left."""
    gateway = make_gateway(max_concurrent_calls=1, max_waiting_calls=9, connect_timeout_s=0.1,
                           read_timeout_s=0.9)  # fmt: skip
    stand_in.mode(LOGIN, delay_s=0.2)

    def log_in(_: int) -> bool:
        with suppress(WeChatBusy):
            return bool(gateway.login("ok:li").openid)
        return False

    assert set(together(10, log_in)) == {True, False}
    stand_in.mode(LOGIN)
    assert gateway.login("ok:li").openid


def test_a_hanging_wechat_is_not_asked_again_until_a_trial(
    make_gateway: MakeGateway, stand_in: StandIn, clock: Clock
) -> None:
    gateway = make_gateway(read_timeout_s=0.1, breaker_clock=clock)
    stand_in.mode(LOGIN, delay_s=60)
    for _ in range(3):
        with pytest.raises(WeChatTimeout):
            gateway.login("ok:li")
    with pytest.raises(WeChatUnavailable, match="not asked"):
        gateway.login("ok:li")
    assert stand_in.count(LOGIN) == 3
    stand_in.mode(LOGIN)
    clock.now += 5
    assert gateway.login("ok:li").openid


def test_one_hanging_api_does_not_close_the_others(
    make_gateway: MakeGateway, stand_in: StandIn, clock: Clock
) -> None:
    gateway = make_gateway(read_timeout_s=0.1, breaker_clock=clock)
    stand_in.mode(CODE_IMAGE, delay_s=60)
    for _ in range(3):
        with pytest.raises(WeChatTimeout):
            gateway.code_image("a")
    with pytest.raises(WeChatUnavailable, match="not asked"):
        gateway.code_image("a")
    assert gateway.login("ok:li").openid


def test_wrong_codes_do_not_open_the_breaker(make_gateway: MakeGateway) -> None:
    """Anyone can send us wrong codes; that must not lock the others out."""
    gateway = make_gateway()
    for _ in range(10):
        with pytest.raises(WeChatCodeInvalid):
            gateway.login("nonsense")
    assert gateway.login("ok:li").openid


def test_what_became_of_calls_is_told_to_monitoring(
    make_gateway: MakeGateway, stand_in: StandIn, clock: Clock
) -> None:
    def figures() -> Counter[str]:
        outcomes = ("answered", "code_invalid", "timeout", "not_asked")
        calls = {
            outcome: REGISTRY.get_sample_value(
                "wushe_wechat_calls_total", {"operation": "login", "outcome": outcome}
            )
            for outcome in outcomes
        }
        began = REGISTRY.get_sample_value("wushe_wechat_turn_seconds_count")
        return Counter({name: int(value or 0) for name, value in {**calls, "began": began}.items()})

    def gives_up() -> float | None:
        return REGISTRY.get_sample_value("wushe_wechat_breakers_open", {"operation": "login"})

    gateway = make_gateway(read_timeout_s=0.1, breaker_clock=clock)
    before = figures()
    gateway.login("ok:li")
    with pytest.raises(WeChatCodeInvalid):
        gateway.login("nonsense")
    assert gives_up() == 0
    stand_in.mode(LOGIN, delay_s=60)
    for _ in range(5):
        with pytest.raises(WeChatUnavailable):
            gateway.login("ok:li")
    assert gives_up() == 1
    assert figures() - before == Counter(
        answered=1, code_invalid=1, timeout=3, not_asked=2, began=5
    )
    assert REGISTRY.get_sample_value("wushe_wechat_under_way") == 0
    stand_in.mode(LOGIN)
    clock.now += 5
    gateway.login("ok:li")
    assert gives_up() == 0
