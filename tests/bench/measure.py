"""Rounds of measurements, interleaved, and what follows from them.

The floor and the product take turns within seconds, so that whatever else the machine does
meets both; every ratio is taken within one round, and the median of the rounds' ratios counts.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median

from tests.bench.cases import (
    CALL_NEXT,
    CASES,
    CHECK_IN,
    DUPLICATE,
    LIST,
    PAGES,
    POLL,
    SIGN_UP,
    Case,
)
from tests.bench.load import Job, LoadGenerator, Measured, request
from tests.bench.servers import (
    FLOOR,
    LOADED,
    OURS,
    Server,
    Stage,
    logins_take,
    statement_log,
    worker_at_work,
)
from tests.bench.telling import TOLD, cancel, seconds_until_all_are_told, sign_up

HANGING = "hanging-wechat"
OPENING = "opening-minute"
TELLING = "telling"
NAMES = (*(case.name for case in CASES), HANGING, OPENING, TELLING)

# The floor's case that a case is held against, and the share of its rate to be reached.
FLOOR_OF = {CHECK_IN: CHECK_IN, DUPLICATE: CHECK_IN, SIGN_UP: CHECK_IN, CALL_NEXT: CHECK_IN,
            LIST: LIST, POLL: POLL}  # fmt: skip
TARGETS = {CHECK_IN: 0.6, DUPLICATE: 0.6, SIGN_UP: 0.5, CALL_NEXT: 0.5, LIST: 0.5, POLL: 0.7}
P99_AT_MOST = 3.0
LOADED_AT_LEAST = 0.9
HANGING_AT_LEAST = 0.8
# A market opens: so many people log in within so many seconds, with WeChat taking its usual time.
OPENING_PEOPLE, OPENING_S, WECHAT_S = 300, 10.0, 0.2
OPENING_CHECK_IN_AT_LEAST = 0.8
OPENING_P95_AT_MOST = 5.0
# So many people are told of a change within so many seconds, and the others hardly notice.
TOLD_WITHIN_S = 60.0
TELLING_S = 20.0
TELLING_CHECK_IN_AT_LEAST = 0.9
# A page of the console on years of history, as a multiple of what it takes on a few markets.
PAGE_LOADED_AT_MOST = 2.0

# The cases that share one measurement of the floor in each round; pages have none.
_GROUPS: tuple[tuple[Case | None, tuple[Case, ...]], ...] = (
    (CHECK_IN, (CHECK_IN, DUPLICATE)),
    (CHECK_IN, (SIGN_UP, CALL_NEXT)),
    (LIST, (LIST,)),
    (POLL, (POLL,)),
    (None, PAGES),
)
_COUNTED = 10
_LOGIN_CONNECTIONS = 4
_LOGIN_INTERVAL_S = 0.1


@dataclass(frozen=True)
class Plan:
    """How long everything takes.

    Attributes:
        rounds: measurements of each case on each server.
        seconds: of one measurement.
        warm_up_s: of each case on each server, before the first round.
        hang_rounds: with WeChat hanging, each between two undisturbed ones.
        hang_s: of a round with WeChat hanging; long enough for what the product does about it.
        openings: of a market, each between two undisturbed rounds.
    """

    rounds: int = 11
    seconds: float = 1.0
    warm_up_s: float = 0.7
    hang_rounds: int = 2
    hang_s: float = 10.0
    openings: int = 2

    @property
    def markets(self) -> int:
        """How many markets the check-ins of one database use up."""
        return 3 * self.rounds + 2 * self.hang_rounds + 2 * self.openings + 15


QUICK = Plan(rounds=2, seconds=1.0, warm_up_s=0.5, hang_rounds=1, hang_s=8.0, openings=1)


@dataclass(frozen=True)
class Check:
    """One target and what was reached."""

    what: str
    reached: float
    target: float
    at_most: bool = False

    @property
    def passed(self) -> bool:
        return self.reached <= self.target if self.at_most else self.reached >= self.target

    def __str__(self) -> str:
        """A line for the terminal."""
        sign, mark = ("≤" if self.at_most else "≥"), ("✓" if self.passed else "✗")
        return f"{mark} {self.what:<46} {self.reached:5.2f}  ({sign} {self.target:g})"


class Results:
    """All that was measured: by server and case, a list in the order of the rounds."""

    def __init__(self) -> None:
        self.measured: dict[tuple[str, Case], list[Measured]] = defaultdict(list)
        # Of each measured round of ours: the floor's in the same round.
        self.floor_beside: dict[tuple[str, Case], list[Measured]] = defaultdict(list)
        self.queries: dict[tuple[str, Case], float] = {}
        self.calm: list[Measured] = []
        self.hanging: list[Measured] = []
        self.before_opening: list[Measured] = []
        self.opening: list[Measured] = []
        self.logins: list[Measured] = []
        self.before_telling: list[Measured] = []
        self.telling: list[Measured] = []
        self.told_s: float | None = None

    def ratio(self, server: str, case: Case) -> float:
        """The rate as a share of the floor's, round by round."""
        pairs = zip(self.measured[server, case], self.floor_beside[server, case], strict=True)
        return median(ours.rate / floor.rate for ours, floor in pairs)

    def p99_ratio(self, case: Case) -> float:
        """p99 as a multiple of the floor's, round by round."""
        pairs = zip(self.measured[OURS, case], self.floor_beside[OURS, case], strict=True)
        return median(ours.quantile(0.99) / floor.quantile(0.99) for ours, floor in pairs)

    def loaded_ratio(self, case: Case) -> float:
        """The rate with years of history as a share of the rate without."""
        pairs = zip(self.measured[LOADED, case], self.measured[OURS, case], strict=True)
        return median(loaded.rate / empty.rate for loaded, empty in pairs)

    def checks(self) -> list[Check]:
        """Every target that was measured."""
        measured = [case for case in CASES if self.measured[OURS, case]]
        cases = [case for case in measured if case not in PAGES]
        found = [Check(f"{case.name}: of the floor's rate", self.ratio(OURS, case), TARGETS[case])
                 for case in cases]  # fmt: skip
        found += [
            Check(f"{case.name}: p99, times the floor's", self.p99_ratio(case), P99_AT_MOST, True)
            for case in cases
        ]
        found += [
            Check(f"{case.name}: loaded, of the empty database's rate",
                  self.loaded_ratio(case), LOADED_AT_LEAST)
            for case in cases if self.measured[LOADED, case]
        ]  # fmt: skip
        found += [
            Check(f"{case.name}: loaded, times as long as on few", 1 / self.loaded_ratio(case),
                  PAGE_LOADED_AT_MOST, True)
            for case in measured if case in PAGES and self.measured[LOADED, case]
        ]  # fmt: skip
        if self.hanging:
            found.append(Check("check-in while WeChat hangs, of its usual rate",
                               _share(self.hanging, self.calm), HANGING_AT_LEAST))  # fmt: skip
        if self.opening:
            late = median(logins.quantile(0.95) for logins in self.logins) / WECHAT_S
            found += [
                Check("opening: check-in, of its usual rate",
                      _share(self.opening, self.before_opening), OPENING_CHECK_IN_AT_LEAST),
                Check("opening: logins' p95, times WeChat's own time", late,
                      OPENING_P95_AT_MOST, True),
            ]  # fmt: skip
        if self.told_s is not None:
            found += [
                Check(f"telling: seconds until {TOLD:,} messages are sent", self.told_s,
                      TOLD_WITHIN_S, True),
                Check("telling: check-in, of its usual rate",
                      _share(self.telling, self.before_telling), TELLING_CHECK_IN_AT_LEAST),
            ]  # fmt: skip
        return found


def _share(disturbed: list[Measured], calm: list[Measured]) -> float:
    """The rate of disturbed rounds as a share of that of the calm ones around each."""
    return median(
        between.rate / mean((before.rate, after.rate))
        for between, (before, after) in zip(disturbed, pairwise(calm), strict=True)
    )


class Bench:
    """One run on a stage that is set."""

    def __init__(self, stage: Stage, plan: Plan, say: Callable[[str], None]) -> None:
        self._stage, self._plan, self._say = stage, plan, say
        self._servers = [stage.ours, *([stage.loaded] if stage.loaded else [])]
        self.results = Results()

    def run(self, names: tuple[str, ...]) -> Results:
        """Measure the named cases.

        Raises WrongAnswerError when any answer is not what it must be.
        """
        cases = [case for case in CASES if case.name in names]
        with LoadGenerator() as generator:
            self._warm_up(generator, cases)
            self._count_queries(generator, cases)
            for number in range(self._plan.rounds if cases else 0):
                self._say(f"  第 {number + 1}/{self._plan.rounds} 轮 / round")
                self._round(generator, cases, backwards=number % 2 == 1)
            if HANGING in names:
                self._say("  微信无响应 / WeChat hangs")
                self._hang(generator)
            if OPENING in names:
                self._say("  开市时大家同时登录 / a market opens")
                self._open(generator)
            if TELLING in names:
                self._say("  一场活动取消，告诉 2,000 人 / a market is cancelled")
                self._tell(generator)
        return self.results

    def _warm_up(self, generator: LoadGenerator, cases: list[Case]) -> None:
        """Open the connections, fill the caches, let PostgreSQL plan."""
        for case in cases:
            for server in [*self._floor_for(case), *self._servers]:
                generator.run(case.job(server.ground, server.port, self._plan.warm_up_s))

    def _floor_for(self, case: Case) -> list[Server]:
        return [self._stage.floor] if FLOOR_OF.get(case) is case else []

    def _count_queries(self, generator: LoadGenerator, cases: list[Case]) -> None:
        with statement_log(self._stage.postgres) as statements:
            for case in cases:
                for server in [*self._floor_for(case), self._stage.ours]:
                    job = case.few(server.ground, server.port, _COUNTED)
                    statements()
                    generator.run(job)
                    self.results.queries[server.name, case] = statements() / _COUNTED

    def _round(self, generator: LoadGenerator, cases: list[Case], *, backwards: bool) -> None:
        for floor_case, group in _GROUPS:
            wanted = [case for case in group if case in cases]
            if not wanted:
                continue
            turns = [(self._stage.floor, floor_case)] if floor_case else []
            turns += [(server, case) for case in wanted for server in self._servers]
            taken: dict[tuple[str, Case], Measured] = {}
            for server, case in reversed(turns) if backwards else turns:
                job = case.job(server.ground, server.port, self._plan.seconds)
                measured = taken[server.name, case] = generator.run(job)
                self.results.measured[server.name, case].append(measured)
            if floor_case is None:
                continue
            for key in taken:
                self.results.floor_beside[key].append(taken[FLOOR, floor_case])

    def _hang(self, generator: LoadGenerator) -> None:
        """Check-ins with and without phones that try in vain to log in: each of them again as
        soon as it was refused, but at most ten times a second."""
        calm_s = self._plan.hang_s / 2
        self.results.calm.append(self._check_ins(generator, calm_s))
        with LoadGenerator() as phones:
            for _ in range(self._plan.hang_rounds):
                with logins_take(self._stage, 600):
                    phones.begin(self._vain_logins())
                    self.results.hanging.append(self._check_ins(generator, self._plan.hang_s))
                    phones.result()
                self.results.calm.append(self._check_ins(generator, calm_s))

    def _open(self, generator: LoadGenerator) -> None:
        """Check-ins with and without a crowd that logs in, each of them once and all of them let
        in, in the time in which WeChat answers them one by one."""
        self._check_ins(generator, self._plan.warm_up_s)
        results, calm_s = self.results, OPENING_S / 2
        results.before_opening.append(self._check_ins(generator, calm_s))
        with LoadGenerator() as phones:
            for number in range(self._plan.openings):
                with logins_take(self._stage, WECHAT_S):
                    phones.begin(self._first_logins(number))
                    results.opening.append(self._check_ins(generator, OPENING_S))
                    results.logins.append(phones.result())
                results.before_opening.append(self._check_ins(generator, calm_s))

    def _tell(self, generator: LoadGenerator) -> None:
        """Check-ins with and without 2,000 people being told of a change."""
        results = self.results
        sign_up(generator, self._stage)
        with worker_at_work(self._stage, WECHAT_S):
            results.before_telling.append(self._check_ins(generator, TELLING_S / 2))
            began = time.monotonic()
            generator.begin(CHECK_IN.job(self._stage.ours.ground, self._stage.ours.port, TELLING_S))
            cancel(self._stage)
            results.telling.append(generator.result())
            results.told_s = seconds_until_all_are_told(self._stage, began)
            results.before_telling.append(self._check_ins(generator, TELLING_S / 2))

    def _first_logins(self, opening: int) -> Job:
        """Of people who were never here before."""
        bodies = (b'{"code": "ok:opening-%d-%d"}' % (opening, n) for n in range(OPENING_PEOPLE))
        return Job(
            self._stage.ours.port,
            [request("POST", "/api/v1/auth/wechat", body=body) for body in bodies],
            OPENING_S + 5,
            (b"200",),
            b"resident_id",
            connections=OPENING_PEOPLE,
            interval_s=3600,  # each once
            spread_s=OPENING_S,
        )

    def _check_ins(self, generator: LoadGenerator, seconds: float) -> Measured:
        return generator.run(CHECK_IN.job(self._stage.ours.ground, self._stage.ours.port, seconds))

    def _vain_logins(self) -> Job:
        payload = request("POST", "/api/v1/auth/wechat", body=b'{"code": "ok:anybody"}')
        return Job(
            self._stage.ours.port,
            [payload] * int(self._plan.hang_s * _LOGIN_CONNECTIONS / _LOGIN_INTERVAL_S),
            self._plan.hang_s,
            (b"503",),
            b"wechat_unavailable",
            _LOGIN_CONNECTIONS,
            _LOGIN_INTERVAL_S,
        )


_HEAD = (
    f"{'':<11} {'':<7} {'requests/s':>10}  {'(min–max)':<13} {'p50 ms':>7} {'p99 ms':>7}"
    f" {'queries':>8} {'of floor':>9}"
)


def table(results: Results) -> str:
    """The figures as text."""
    lines = [_HEAD]
    for case in CASES:
        for server in (FLOOR, OURS, LOADED):
            measured = results.measured[server, case]
            if measured:
                lines.append(_line(results, server, case, measured))
    for what, name, rounds in (
        ("check-in", "calm", results.calm),
        ("check-in", "hanging", results.hanging),
        ("check-in", "before", results.before_opening),
        ("check-in", "opening", results.opening),
        ("login", "opening", results.logins),
        ("check-in", "before", results.before_telling),
        ("check-in", "telling", results.telling),
    ):
        if rounds:
            lines.append(f"{what:<11} {name:<7} {_figures(rounds)}")
    return "\n".join(lines)


def _line(results: Results, server: str, case: Case, measured: list[Measured]) -> str:
    queries = results.queries.get((server, case))
    shown = f"{queries:8.1f}" if queries is not None else f"{'':8}"
    held = server != FLOOR and case not in PAGES
    ratio = f"{results.ratio(server, case):9.2f}" if held else ""
    return f"{case.name:<11} {server:<7} {_figures(measured)} {shown} {ratio}".rstrip()


def _figures(rounds: list[Measured]) -> str:
    rates = [measured.rate for measured in rounds]
    spread = f"({min(rates):.0f}–{max(rates):.0f})"
    p50, p99 = (1000 * median(m.quantile(share) for m in rounds) for share in (0.5, 0.99))
    return f"{median(rates):10.0f}  {spread:<13} {p50:7.1f} {p99:7.1f}"
