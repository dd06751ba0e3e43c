"""Breaker and bulkhead: a hanging WeChat costs the rest of the house little."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from backend.gateways.breaker import BreakerOpen, BreakerState, CircuitBreaker
from backend.gateways.bulkhead import Bulkhead, BulkheadFull
from backend.gateways.wechat import WeChatCodeInvalid, WeChatTimeout, WeChatUnavailable
from tests.gateways.conftest import MakeGateway
from tests.gateways.standin import CODE_IMAGE, LOGIN, StandIn


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


def test_a_full_bulkhead_refuses_at_once_and_frees_its_places() -> None:
    bulkhead = Bulkhead(2, "test")
    started, go = threading.Barrier(3), threading.Event()

    def work() -> bool:
        started.wait(10)
        return go.wait(10)

    with ThreadPoolExecutor(2) as callers:
        waiting = [callers.submit(bulkhead.run, work, wait_s=10) for _ in range(2)]
        started.wait(10)
        with pytest.raises(BulkheadFull):
            bulkhead.run(raising(Bug), wait_s=10)
        go.set()
        assert all(call.result() for call in waiting)
    with pytest.raises(Bug):
        bulkhead.run(raising(Bug), wait_s=10)
    assert bulkhead.run(lambda: 7, wait_s=10) == 7
    bulkhead.close()
    with pytest.raises(RuntimeError):
        bulkhead.run(lambda: 7, wait_s=10)


def test_stuck_work_is_left_alone_but_keeps_its_place() -> None:
    """Where no timeout of requests' reaches: name resolution, a header that trickles in."""
    bulkhead = Bulkhead(1, "test")
    go, done = threading.Event(), threading.Event()

    def stuck() -> None:
        go.wait(10)
        done.set()

    with pytest.raises(TimeoutError):
        bulkhead.run(stuck, wait_s=0.01)
    with pytest.raises(BulkheadFull):
        bulkhead.run(stuck, wait_s=0.01)
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


def test_more_calls_than_places_fail_at_once(make_gateway: MakeGateway, stand_in: StandIn) -> None:
    """So a hanging WeChat can't take all threads of a worker from check-in."""
    gateway = make_gateway(max_concurrent_calls=2)
    stand_in.mode(LOGIN, delay_s=60)
    with ThreadPoolExecutor(2) as threads:
        hanging = [threads.submit(gateway.login, "ok:li") for _ in range(2)]
        stand_in.wait_for(LOGIN, 2)
        with pytest.raises(WeChatUnavailable, match="under way") as refusal:
            gateway.login("ok:wang")
        with pytest.raises(WeChatUnavailable, match="under way"):
            gateway.code_image("a")
        assert refusal.value.retryable
        assert stand_in.count(LOGIN) == 2
        stand_in.mode(LOGIN)
        assert len({call.result() for call in hanging}) == 1


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
