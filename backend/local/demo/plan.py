"""Who comes to the market and what they want: drawn beforehand, the same each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

ITEMS = ("attitude", "skill", "waiting", "guidance", "solved")
"""Keys of the items that config/evaluation.toml asks about."""

_SEED = 20260501
_COMMENTS = (
    "师傅很耐心，剪得也好。",
    "医生讲得仔细，谢谢！",
    "等的时间有点长，希望多一位师傅。",
    "学会了视频通话，可以和孙子聊天了。",
    "希望下次早点通知。",
    "社区里就能修电饭煲，方便。",
)
_GOOD_TAGS = ("warm", "expert", "convenient", "useful", "tidy")
_BAD_TAGS = ("slow", "rude", "unclear", "unsolved", "crowded")
# 非常满意 is usual, and a few are not satisfied: a distribution as such markets report it.
_SCORES, _SCORE_WEIGHTS = (5, 4, 3, 2, 1), (62, 22, 10, 4, 2)


@dataclass(frozen=True, slots=True)
class Service:
    """A stall with its one offering.

    Attributes:
        stall: the stall's name.
        title, kind: the offering's, kind as in config/service_kinds.toml.
        mode: open, queue or slots.
        slot_share: places of one slot, as a share of all residents.
        walk_in_share: of each slot, kept for walk-ins.
        day_share: the day's capacity as a share of all residents; 0 for no limit.
        second_desk: index of a further stall that calls from the same line.
    """

    stall: str
    title: str
    kind: str
    mode: str
    slot_share: float = 0.0
    walk_in_share: float = 0.0
    day_share: float = 0.0
    second_desk: int | None = None

    @property
    def has_line(self) -> bool:
        """Whether people wait with numbers; else they just come."""
        return self.mode != "open"


SERVICES = (
    Service("义诊台", "义诊", "clinic", "slots", slot_share=0.015, walk_in_share=0.25),
    Service("理发角", "义剪", "haircut", "slots", slot_share=0.01, walk_in_share=0.2),
    Service("法律咨询台", "法规解读", "legal", "queue"),
    Service("文明岗", "文明劝导", "courtesy", "open"),
    Service("展示区", "成果展示", "showcase", "open"),
    Service("游戏区", "互动游戏", "games", "queue"),
    Service("维修铺", "家电维修", "repair", "queue", day_share=0.07),
    Service("健康角", "量血压、测血糖", "health_check", "queue", second_desk=0),
    Service("反诈宣传台", "反诈宣传", "anti_fraud", "open"),
    Service("手机课堂", "手机课堂", "phone_class", "slots", slot_share=0.02),
)
"""Ten stalls: the article's six offerings and four that such markets usually have."""

SLOTS = 6
WITH_LINE = tuple(index for index, service in enumerate(SERVICES) if service.has_line)
_WITH_SLOTS = tuple(index for index in WITH_LINE if SERVICES[index].mode == "slots")
_LINE_ONLY = tuple(index for index in WITH_LINE if SERVICES[index].mode == "queue")


class Arrival(Enum):
    """How somebody comes in."""

    SELF = "scans the market's code"
    SCANNED = "shows the personal code to a volunteer"
    AWAY = "stays at home"


@dataclass(frozen=True, slots=True)
class Wish:
    """A service that somebody signs up for beforehand; `slot` among the day's, if it has any."""

    service: int
    slot: int


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody will say of a service or of the visit."""

    score: int
    items: dict[str, int]
    tags: list[str]
    comment: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """A resident's day.

    Attributes:
        login: the name that the stand-in WeChat knows.
        sign_ups: wanted beforehand.
        cancels: takes the first sign-up back before the day.
        arrival: how they come in.
        scanned_again: a second volunteer scans them too.
        walk_ins: services for which they take a number on the spot.
        gives_up: cancels the first number while waiting.
        away_when_called: misses all calls.
        rejoins: comes back into the line after that.
        opinion: of the first service received; None says nothing.
        rates_visit: says it of the visit as well.
        leaves: scans at the exit.
        repeats: has a bad network: every request of theirs is sent twice.
    """

    login: str
    sign_ups: tuple[Wish, ...]
    cancels: bool
    arrival: Arrival
    scanned_again: bool
    walk_ins: tuple[int, ...]
    gives_up: bool
    away_when_called: bool
    rejoins: bool
    opinion: Opinion | None
    rates_visit: bool
    leaves: bool
    repeats: bool


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody without a phone, written in by a volunteer."""

    name: str
    birth_year: int
    walk_ins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everybody's day."""

    people: Sequence[Person]
    guests: Sequence[Guest]


def draw(residents: int) -> Plan:
    """Draw the day's crowd, the same each time.

    Args:
        residents: people with a phone; guests come on top, one for every sixteen.
    """
    random = Random(_SEED)  # noqa: S311 - a crowd, not a secret
    people = [_person(random, f"居民{number:05d}") for number in range(1, residents + 1)]
    guests = [_guest(random, number) for number in range(1, max(1, residents // 16) + 1)]
    return Plan(people, guests)


def _person(random: Random, login: str) -> Person:
    arrival = random.choices(tuple(Arrival), (68, 25, 7))[0]
    sign_ups = _sign_ups(random)
    booked = {wish.service for wish in sign_ups}
    return Person(
        login=login,
        sign_ups=sign_ups,
        cancels=bool(sign_ups) and random.random() < 0.06,
        arrival=arrival,
        scanned_again=random.random() < 0.04,
        walk_ins=_walk_ins(random, booked),
        gives_up=random.random() < 0.04,
        away_when_called=random.random() < 0.04,
        rejoins=random.random() < 0.5,
        opinion=_opinion(random) if random.random() < 0.75 else None,
        rates_visit=random.random() < 0.1,
        leaves=random.random() < 0.6,
        repeats=random.random() < 0.06,
    )


def _sign_ups(random: Random) -> tuple[Wish, ...]:
    """Mostly appointments, more of them for the early slots, which therefore fill."""
    wishes = []
    if random.random() < 0.34:
        early = min(random.randrange(SLOTS), random.randrange(SLOTS))
        wishes.append(Wish(random.choice(_WITH_SLOTS), early))
    if random.random() < 0.14:
        wishes.append(Wish(random.choice(_LINE_ONLY), 0))
    return tuple(wishes)


def _walk_ins(random: Random, booked: set[int]) -> tuple[int, ...]:
    if random.random() > 0.42:
        return ()
    # One in fifty asks for what they have booked already, and is told so.
    wanted = WITH_LINE if random.random() < 0.02 else [i for i in WITH_LINE if i not in booked]
    return (random.choice(wanted),)


def _opinion(random: Random) -> Opinion:
    score = random.choices(_SCORES, _SCORE_WEIGHTS)[0]
    asked = random.sample(ITEMS, random.randrange(len(ITEMS) + 1))
    items = {item: min(5, max(1, score + random.choice((-1, 0, 0, 0, 1)))) for item in asked}
    tags = random.sample(_GOOD_TAGS if score >= 3 else _BAD_TAGS, random.randrange(3))
    comment = random.choice(_COMMENTS) if random.random() < 0.04 else None
    return Opinion(score, items, tags, comment)


def _guest(random: Random, number: int) -> Guest:
    name = random.choice("李王张刘陈杨赵黄周吴") + random.choice(("奶奶", "爷爷", "阿姨", "大伯"))
    walk_ins = (random.choice(WITH_LINE),) if random.random() < 0.7 else ()
    return Guest(name, 1935 + number % 25, walk_ins)
