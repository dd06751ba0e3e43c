"""The market day, phase by phase."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from backend.local.demo.client import Phone
from backend.local.demo.crowd import LOGGING_IN, Crowd, Job
from backend.local.demo.desk import Desks
from backend.local.demo.market import Market, Staff, publish_market
from backend.local.demo.people import Acts, Resident
from backend.local.demo.plan import Arrival, Person, Plan
from backend.local.demo.show import Progress
from backend.local.demo.tally import SHANGHAI, Tally
from backend.local.waiting import wait_until

_BEFORE_MIDNIGHT = timedelta(minutes=3)


class MarketDay:
    """One market with its crowd."""

    def __init__(
        self, crowd: Crowd, phone: Phone, staff: Staff, plan: Plan, tally: Tally, progress: Progress
    ) -> None:
        """Prepare a day.

        Args:
            phone: the organiser's.
            tally: what is done is kept there.
        """
        self._crowd, self._phone, self._staff = crowd, phone, staff
        self._tally, self._progress = tally, progress
        self._people = [Resident(person, number) for number, person in enumerate(plan.people)]
        first = len(self._people)
        self._guests = [Resident(guest, first + n) for n, guest in enumerate(plan.guests)]
        self._residents: dict[str, Resident] = {}

    def play(self) -> Market:
        """Play the whole day; the market, closed."""
        _wait_for_the_new_day(self._progress)
        market = publish_market(self._phone, self._staff, len(self._people))
        self._progress.say(f"排好集市：{market.title}，{len(market.stalls)} 个摊位，已发布")
        acts = Acts(market, self._staff, self._tally)
        logins = [_job(acts.log_in, resident) for resident in self._people]
        self._crowd.play("居民登录", logins, at_once=LOGGING_IN)
        self._sign_up(acts)
        self._organise(market, "open")
        self._arrive(acts)
        desks = self._serve(market, acts)
        self._rate(acts)
        self._leave(acts)
        self._organise(market, "close")
        self._tally.end()
        for desk in desks:
            desk.finish_last(self._phone)
        self._progress.say("集市结束，正在服务的服务到底")
        return market

    def _organise(self, market: Market, verb: str) -> None:
        path = f"/activities/{market.id}/{verb}"
        answer = self._phone.post(path, self._staff.organiser, key=uuid4().hex)
        self._tally.accept(f"集市 {verb}", answer)

    def _sign_up(self, acts: Acts) -> None:
        wanting = [r for r in self._logged_in() if r.person.sign_ups]
        self._crowd.play("网上报名", [_job(acts.sign_up, r) for r in wanting], disturbed=True)
        full = self._tally.refused["报名", "slot_full"]
        self._progress.say(f"  报上 {self._tally.moves['sign_up']:,} 个，时段已满 {full:,} 个")

    def _arrive(self, acts: Acts) -> None:
        coming = [r for r in self._logged_in() if r.person.arrival is not Arrival.AWAY]
        self._residents.update({resident.id: resident for resident in coming})
        everybody = _mixed(coming, self._guests)
        self._crowd.play("居民签到", [_job(acts.arrive, r) for r in everybody], disturbed=True)
        self._residents.update({guest.id: guest for guest in self._guests if guest.id})
        guests, visits = len(self._tally.guests), len(self._tally.visits)
        self._progress.say(f"  签到 {visits:,} 人次，其中志愿者代为登记 {guests:,} 位来宾")

    def _serve(self, market: Market, acts: Acts) -> Desks:
        """Walk-ins take numbers while the stalls call and serve."""
        desks = Desks(market, self._staff, self._residents, acts, self._tally, self._crowd.tick)
        waiting = self._tally.waiting()
        for offering_id in waiting.elements():
            desks.ring(offering_id)

        def take(resident: Resident, service: int, phone: Phone) -> None:
            if acts.take_number(phone, resident, service):
                desks.ring(market.stalls[service].offering_id)

        jobs: list[Job] = [
            partial(take, resident, service)
            for resident in self._residents.values()
            for service in resident.plan.walk_ins
        ]
        self._crowd.play(
            "取号与叫号",
            jobs,
            beside=[desk.work for desk in desks],
            more=waiting.total() + len(jobs),
            after=desks.no_more,
            disturbed=True,
        )
        moves = self._tally.moves
        self._progress.say(
            f"  取号 {moves['take_number']:,} 个，服务完 {moves['finish']:,} 人次，"
            f"过号 {moves['miss']:,} 个，取消 {moves['cancel']:,} 个"
        )
        return desks

    def _rate(self, acts: Acts) -> None:
        willing = [r for r in self._with_phone() if r.person.opinion is not None]
        self._crowd.play("居民评价", [_job(acts.rate, r) for r in willing], disturbed=True)
        bad = sum(rated.score <= 2 for rated in self._tally.ratings.values())
        self._progress.say(f"  评价 {len(self._tally.ratings):,} 条，其中差评 {bad:,} 条")

    def _leave(self, acts: Acts) -> None:
        leaving = [r for r in self._with_phone() if r.person.leaves]
        self._crowd.play("居民签退", [_job(acts.leave, r) for r in leaving])

    def _logged_in(self) -> list[Resident]:
        return [resident for resident in self._people if resident.token]

    def _with_phone(self) -> list[Resident]:
        """Those at the market who have a phone of their own."""
        return [r for r in self._residents.values() if isinstance(r.plan, Person)]


def _job(act: Callable[[Phone, Resident], None], resident: Resident) -> Job:
    return lambda phone: act(phone, resident)


def _mixed(people: Sequence[Resident], guests: Sequence[Resident]) -> list[Resident]:
    """Guests come among the others, not after them."""
    every = max(1, len(people) // max(1, len(guests)))
    mixed = list(people)
    for number, guest in enumerate(guests):
        mixed.insert(min(len(mixed), number * (every + 1)), guest)
    return mixed


def _wait_for_the_new_day(progress: Progress) -> None:
    """A market that is played across midnight would count everybody on two days."""

    def early_enough() -> bool:
        soon = datetime.now(SHANGHAI) + _BEFORE_MIDNIGHT
        return soon.date() == datetime.now(SHANGHAI).date()

    if not early_enough():
        progress.say("快到午夜了，等新的一天再开始")
        wait_until(early_enough, timeout_s=2 * _BEFORE_MIDNIGHT.seconds, what="the new day")
