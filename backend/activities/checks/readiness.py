"""What an activity still lacks before it can be submitted or published: a list to work through.

What *blocks* would make the announcement untrue: a service that is booked by slots and has none,
slots outside the hours or over one another. What *misleads* would send people to nothing, or
nowhere: a market without a stall, a place that is not settled. An organiser may hand in date and
place for approval first and arrange the stalls afterwards, so that only keeps it from being
published, alone or among several. The rest is advice: it is listed, and whoever publishes decides.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, func, or_

from backend.activities.days import doubtful_time
from backend.activities.models import OfferingMode, Programme
from backend.activities.words import PRIVATE_NUMBER
from backend.core.errors import AppError
from backend.core.text import has_mobile_number

# In the name of a place that is not settled: what a copy gets where none has taken place yet.
UNSETTLED = "待定"
# What says so wherever in the name it stands; and what says nothing where it is the whole name:
# 「花园广场（暂定）」 is a place.
_ANYWHERE = (UNSETTLED, "未定", "另行通知")
_NOWHERE = frozenset({"", "暂定", "待通知", "暂无", "无", "没有", "不详", "tbd", "tba"})
_LABEL = re.compile("^(?:" + "|".join(["地点", "场地", "地址"]) + ")")
_MARKS = re.compile(r"[\W_]+")


class NotReady(AppError):
    status = 409
    code = "not_ready"
    title = "还不能提交"


class NotToBePublished(AppError):
    status = 409
    code = "not_to_be_published"
    title = "还不能发布"


class StaysPublished(AppError):
    """A change of an announced activity after which it could not be published."""

    status = 409
    code = "stays_published"
    title = "活动已经公布，不能这样改"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing.

    Attributes:
        words: what, as a sentence for the organiser.
        tab: the workbench's page on which it is mended.
        blocks: whether the activity can be neither submitted nor published before.
        misleads: whether it can't be published before.
        doubtful: whether it is there, and should be looked at.
    """

    words: str
    tab: str
    blocks: bool = False
    misleads: bool = False
    doubtful: bool = False

    @property
    def holds(self) -> bool:
        """Whether it keeps the activity from being published."""
        return self.blocks or self.misleads

    @property
    def label(self) -> str:
        """What is to be done about it, in a word or two."""
        if self.blocks:
            return "必须补全"
        if self.misleads:
            return "发布前补全"
        return "请核对" if self.doubtful else "建议补全"


def missing(
    activity: Mapping[str, Any], people: int | None, now: datetime, uncredited: Iterable[str] = ()
) -> list[Missing]:
    """What is missing, what blocks first.

    Args:
        activity: as `queries.activity_detail` answers it.
        people: how many are assigned; None where that is not asked.
        uncredited: what organisations lack for their stalls, as activities/questions.py answers.
    """
    found = [*_times(activity, now), *_facts(activity), *_offers(activity)]
    found += [Missing(words, "stalls", misleads=True) for words in uncredited]
    if people == 0:
        found.append(Missing("还没有安排工作人员", "people"))
    return by_weight(found)


def by_weight(found: Iterable[Missing]) -> list[Missing]:
    """What blocks first, then what holds, what is doubtful, and advice."""
    return sorted(found, key=lambda one: (not one.blocks, not one.misleads, not one.doubtful))


def to_tend(found: Iterable[Missing]) -> list[Missing]:
    """Of what is missing, what is looked after even when the activity is announced."""
    return by_weight(one for one in found if one.holds or one.doubtful)


def doubt_of_number(contact_phone: str | None) -> str:
    """That a number to call looks like somebody's own, in words; empty where it does not."""
    return f"咨询电话{PRIVATE_NUMBER}" if has_mobile_number(contact_phone or "") else ""


def check_ready(activity: Mapping[str, Any], now: datetime) -> None:
    """Raises NotReady (409) naming what blocks."""
    blocking = [one.words for one in missing(activity, None, now) if one.blocks]
    if blocking:
        raise NotReady("；".join(blocking), extra={"missing": blocking})


def check_publishable(
    activity: Mapping[str, Any], now: datetime, uncredited: Iterable[str]
) -> None:
    """Raises NotToBePublished (409) naming what holds it."""
    holding = what_holds(activity, now, uncredited)
    if holding:
        raise NotToBePublished("；".join(holding), extra={"missing": holding})


def what_holds(activity: Mapping[str, Any], now: datetime, uncredited: Iterable[str]) -> list[str]:
    """What keeps an activity from being published, in words."""
    return [one.words for one in missing(activity, None, now, uncredited) if one.holds]


def is_settled(place: str) -> bool:
    """Whether the name of a place says where, however its words are set apart."""
    words = _MARKS.sub("", unicodedata.normalize("NFKC", place)).lower()
    return not (_LABEL.sub("", words) in _NOWHERE or any(one in words for one in _ANYWHERE))


def unsettled(place: ColumnElement[str]) -> ColumnElement[bool]:
    """What `is_settled` denies, as a condition. It is looked for as people type it: the database
    takes no mark apart, and what an organiser has typed around it stays a place here."""
    said = (place.icontains(words, autoescape=True) for words in _ANYWHERE)
    return or_(func.lower(func.btrim(place)).in_(_NOWHERE), *said)


def _times(activity: Mapping[str, Any], now: datetime) -> Iterator[Missing]:
    if activity["ends_at"] <= now:
        yield Missing("活动时间已经过去；不是补录的话，请改期", "facts")
    elif activity["starts_at"] <= now:
        yield Missing("活动的开始时间已过", "facts")
    elif words := doubtful_time(activity["starts_at"], now):
        yield Missing(f"开始时间 {words}", "facts", doubtful=True)


def _facts(activity: Mapping[str, Any]) -> Iterator[Missing]:
    if not is_settled(activity["venue"].name):
        yield Missing("场地还没有定，居民不知道去哪里；请填上场地", "facts", misleads=True)
    if not activity["venue"].address:
        yield Missing("没有填写场地地址，居民找不到", "facts")
    if not activity["contact_phone"]:
        yield Missing("没有填写咨询电话", "facts")
    elif words := doubt_of_number(activity["contact_phone"]):
        yield Missing(words, "facts", doubtful=True)
    if not activity["organiser_name"]:
        yield Missing("没有填写主办单位", "facts")


def _offers(activity: Mapping[str, Any]) -> Iterator[Missing]:
    stalls = activity["stalls"]
    if not stalls and activity["programme"] is Programme.MARKET:
        yield Missing("还没有摊位，居民会扑空；请先加摊位", "stalls", misleads=True)
    for stall in stalls:
        if not stall["offerings"]:
            yield Missing(f"{stall['number']} 号摊位「{stall['name']}」还没有服务", "stalls")
        for offering in stall["offerings"]:
            yield from _offering(activity, offering)


def _offering(activity: Mapping[str, Any], offering: Mapping[str, Any]) -> Iterator[Missing]:
    name = f"「{offering['title']}」"
    if offering["mode"] is OfferingMode.SLOTS and not offering["slots"]:
        yield Missing(f"{name}是预约制，还没有时段", "stalls", blocks=True)
    if any(
        slot["starts_at"] < activity["starts_at"] or slot["ends_at"] > activity["ends_at"]
        for slot in offering["slots"]
    ):
        yield Missing(f"{name}有时段在活动时间之外", "stalls", blocks=True)
    if any(one["ends_at"] > other["starts_at"] for one, other in pairwise(offering["slots"])):
        yield Missing(f"{name}有重叠的时段", "stalls", blocks=True)
    closes = offering["sign_up_closes_at"]
    if closes is not None and closes > activity["ends_at"]:
        yield Missing(f"{name}的报名截止晚于活动结束", "stalls")
