"""Our own record against what the system says: every figure, and row by row what makes it up."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from backend.local.demo.client import Phone
from backend.local.demo.comparing import (
    BAD,
    ENOUGH,
    TARGET,
    Check,
    ratio,
    same_rows,
    satisfied,
    sorted_counts,
)
from backend.local.demo.database import database, unchecked_comments
from backend.local.demo.market import COMMUNITIES, Market, Staff
from backend.local.demo.tally import Rated, Tally
from backend.local.system import LocalSystem

_PAGE = 100
_LEVELS = range(1, 6)

_STATES = {
    "confirmed": "booked",
    "arrived": "waiting",
    "called": "calling",
    "serving": "serving",
    "served": "served",
    "missed": "missed",
    "parked": "parked",
    "no_show": "no_show",
    "cancelled": "cancelled",
    "expired": "expired",
}
"""A booking's state, and the summary's word for how many are in it."""


@dataclass(frozen=True, slots=True)
class Result:
    """All comparisons, with the two answers that the final table shows."""

    checks: list[Check]
    summary: dict[str, Any]
    evaluation: dict[str, Any]

    @property
    def differences(self) -> list[Check]:
        """The comparisons that do not hold."""
        return [check for check in self.checks if not check.holds]


def recount(
    phone: Phone, staff: Staff, market: Market, tally: Tally, system: LocalSystem
) -> Result:
    """Compare everything.

    Args:
        phone: reads the API, as the admin.
        tally: our record of this market.
        system: its database is asked for what the API gives no figure of.
    """
    api = _Reader(phone, staff.admin, market)
    summary, evaluation = api.one("summary"), api.one("evaluation")
    unchecked = unchecked_comments(system, market)
    with psycopg.connect(system.database_url) as connection:
        checks = [
            *_answers(tally),
            *_regions(api),
            *_visits(tally, summary, api.all("attendances")),
            *_bookings(tally, market, summary, api.all("bookings")),
            *_lines(tally, market, api),
            *_evaluation(tally, market, evaluation),
            *_summary_ratings(tally, market, summary),
            *_rectifications(tally, market, api),
            *database(tally, market, connection),
            Check("未经审核的评论", 0, unchecked),
        ]
    return Result(checks, summary, evaluation)


class _Reader:
    """The API, as the admin reads it."""

    def __init__(self, phone: Phone, token: str, market: Market) -> None:
        self._phone, self._token, self._market = phone, token, market

    def one(self, what: str) -> dict[str, Any]:
        """GET /activities/{id}/<what>."""
        return self.get(f"/activities/{self._market.id}/{what}")

    def all(self, what: str) -> list[dict[str, Any]]:
        """All pages of GET /activities/{id}/<what>."""
        return self.pages(f"/activities/{self._market.id}/{what}")

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self._phone.get(path, self._token, **query)
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {answer.json}")
        found: dict[str, Any] = answer.json
        return found

    def pages(self, path: str, **query: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self.get(path, limit=_PAGE, cursor=cursor, **query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items


def _answers(tally: Tally) -> Iterator[Check]:
    """What was answered must have been explained by a rule, and repeats answered alike."""
    yield Check("无法解释的回答", 0, len(tally.unexpected))
    for line in tally.unexpected[:20]:
        yield Check(f"  {line}", "没有", "有")


def _regions(api: _Reader) -> Iterator[Check]:
    communities = api.pages("/regions", level="community")
    yield Check("社区数", COMMUNITIES, len(communities))


def _visits(
    tally: Tally, summary: Mapping[str, Any], listed: list[dict[str, Any]]
) -> Iterator[Check]:
    visits = tally.visits
    yield Check("签到人次", len(visits), summary["visits"])
    people = len({visit.resident_id for visit in visits.values()})
    yield Check("签到人数", people, summary["people"])
    inside = sum(visit.inside for visit in visits.values())
    yield Check("现场人数（未签退）", inside, summary["inside_now"])
    yield from same_rows(
        "签到名单",
        {i: (visit.resident_id, visit.inside) for i, visit in visits.items()},
        ((row["id"], (row["resident"]["id"], row["left_at"] is None)) for row in listed),
    )


def _bookings(
    tally: Tally, market: Market, summary: Mapping[str, Any], listed: list[dict[str, Any]]
) -> Iterator[Check]:
    yield from same_rows(
        "报名与取号",
        {
            i: (b.offering_id, b.slot_id, b.resident_id, b.ticket, b.state)
            for i, b in tally.bookings.items()
        },
        (
            (
                row["id"],
                (
                    row["offering_id"],
                    row["slot_id"],
                    row["resident"]["id"],
                    row["ticket"],
                    row["state"],
                ),
            )
            for row in listed
        ),
    )
    counted = Counter((b.offering_id, b.state) for b in tally.bookings.values())
    told = {offering["offering_id"]: offering for offering in summary["offerings"]}
    for stall in market.stalls:
        for state, word in _STATES.items():
            expected = counted[stall.offering_id, state]
            got = told[stall.offering_id][word]
            yield Check(f"{stall.service.title}：{word}", expected, got)


def _lines(tally: Tally, market: Market, api: _Reader) -> Iterator[Check]:
    """Places taken, and lines that are empty now that the market is closed."""
    taken = Counter(b.slot_id for b in tally.bookings.values() if b.state != "cancelled")
    for stall in market.stalls:
        title = stall.service.title
        offering = api.get(f"/offerings/{stall.offering_id}")
        for number, slot in enumerate(offering["slots"], start=1):
            mine, places = taken[slot["id"]], stall.places[slot["id"]]
            yield Check(f"{title} 第 {number} 时段：已约", mine, slot["taken"])
            yield Check(f"{title} 第 {number} 时段：余", places - mine, slot["free"])
        queue = api.get(f"/offerings/{stall.offering_id}/queue")
        yield Check(f"{title}：闭市后排队", (0, []), (queue["waiting"], queue["calling"]))


def _evaluation(tally: Tally, market: Market, found: Mapping[str, Any]) -> Iterator[Check]:
    ratings = list(tally.ratings.values())
    of_visits = [rated for rated in ratings if rated.booking_id is None]
    served = Counter(b.offering_id for b in tally.bookings.values() if b.state == "served")
    yield from _figures("评价清单", ratings, len(ratings) - len(of_visits), served.total(), found)
    visits = found["visits"]
    yield Check("评价清单：签到", len(tally.visits), visits["attended"])
    yield Check("评价清单：整场评价", len(of_visits), visits["rated"])
    share = ratio(len(of_visits), len(tally.visits))
    yield Check("评价清单：整场评价率", share, visits["response_rate"])
    by_id = {offering["offering_id"]: offering for offering in found["offerings"]}
    yield Check("评价清单：服务项目数", len(market.stalls), len(by_id))
    for stall in market.stalls:
        mine = [rated for rated in ratings if rated.offering_id == stall.offering_id]
        yield from _figures(
            f"评价清单 {stall.service.title}",
            mine,
            len(mine),
            served[stall.offering_id],
            by_id[stall.offering_id],
        )
    bad = sum(rated.score <= BAD for rated in ratings)
    yield Check("评价清单：差评", bad, found["bad_ratings"])
    rectifications = {"total": bad, "open": bad, "overdue": 0, "closed": 0}
    yield Check("评价清单：整改", rectifications, found["rectifications"])
    yield Check("评价清单：状态", "live", found["state"])
    yield from _items(ratings, found)


def _figures(
    name: str, ratings: list[Rated], of_services: int, served: int, found: Mapping[str, Any]
) -> Iterator[Check]:
    scores = [rated.score for rated in ratings]
    levels = Counter(scores)
    yield Check(f"{name}：服务人次", served, found["served"])
    yield Check(f"{name}：评价数", len(scores), found["rated"])
    yield Check(f"{name}：评价率", ratio(of_services, served), found["response_rate"])
    distribution = {str(level): levels[level] for level in _LEVELS}
    yield Check(f"{name}：分布", distribution, found["distribution"])
    mean = found["score"]["mean"] if found["score"] else None
    yield Check(f"{name}：均分", ratio(sum(scores), len(scores)), mean)
    yield Check(f"{name}：满意率", satisfied(scores), found["satisfied_share"])


def _items(ratings: list[Rated], found: Mapping[str, Any]) -> Iterator[Check]:
    answers: defaultdict[str, list[int]] = defaultdict(list)
    for rated in ratings:
        for key, level in rated.items.items():
            answers[key].append(level)
    all_met = True
    for item in found["items"]:
        mine, name = answers.pop(item["key"], []), f"评价项 {item['title']}"
        share = satisfied(mine)
        met = None
        if share is not None and len(mine) >= ENOUGH:
            met = share["value"] >= item["target_share"]
            all_met = all_met and met
        yield Check(f"{name}：评价数", len(mine), item["n"])
        yield Check(f"{name}：均分", ratio(sum(mine), len(mine)), item["mean"])
        yield Check(f"{name}：满意率", share, item["satisfied_share"])
        yield Check(f"{name}：达标", met, item["met"])
    yield Check("评价项：没有列出的", [], sorted(answers))
    yield Check("评价清单：结论", _verdict(ratings, all_met), found["verdict"])


def _verdict(ratings: list[Rated], all_items_met: bool) -> str:
    share = satisfied([rated.score for rated in ratings])
    if share is None or len(ratings) < ENOUGH:
        return "insufficient_data"
    return "met" if share["value"] >= TARGET and all_items_met else "to_improve"


def _summary_ratings(tally: Tally, market: Market, summary: Mapping[str, Any]) -> Iterator[Check]:
    counted = Counter(rated.offering_id for rated in tally.ratings.values())
    told = {offering["offering_id"]: offering["rating"] for offering in summary["offerings"]}
    for stall in market.stalls:
        got = told[stall.offering_id]["rated"]
        yield Check(f"{stall.service.title}：评价数（当日统计）", counted[stall.offering_id], got)


def _rectifications(tally: Tally, market: Market, api: _Reader) -> Iterator[Check]:
    listed = api.pages("/rectifications", activity_id=market.id)
    bad = [rated for rated in tally.ratings.values() if rated.score <= BAD]
    yield Check(
        "整改：按服务项目与分数",
        sorted_counts((rated.offering_id, rated.score) for rated in bad),
        sorted_counts((row["offering_id"], row["score"]) for row in listed),
    )
    yield Check("整改：未办结", len(bad), sum(row["state"] == "open" for row in listed))
