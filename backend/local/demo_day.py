"""`make demo`: a whole market day over HTTP, in a private system of its own, and a recount.

    python -m backend.local.demo_day [--residents 2000] [--kill web] [--kill database]

Ends with the evaluation checklist as a table. The exit code is 1 when a figure of the system
differs from our own record of what was sent and answered; each difference is a line.
"""

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from io import TextIOWrapper

from backend.local.demo import plan
from backend.local.demo.client import Phone, Unanswered
from backend.local.demo.comparing import Check
from backend.local.demo.crowd import KINDS, Crowd
from backend.local.demo.market import Market, Staff, Unprepared, appoint_staff, import_regions
from backend.local.demo.play import MarketDay
from backend.local.demo.recount import Result, recount
from backend.local.demo.show import Progress, evaluation_checklist
from backend.local.demo.tally import Tally
from backend.local.postgres.server import FAST_KILLABLE
from backend.local.processes import LocalError
from backend.local.run import StopRequest
from backend.local.system import LocalSystem, StoppedError, StopSignal
from backend.local.waiting import WaitTimeoutError

RESIDENTS = 2000
FEWEST_RESIDENTS = 20
WORKERS = 2
_NO_WECHAT = "wechat_unavailable"
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was played, and what the recount found.

    Attributes:
        requests: answered ones.
        retries: requests sent again because nobody had answered.
        not_logged_in: logins answered that WeChat is away, and tried again.
        kills: how often something was killed.
    """

    market: Market
    tally: Tally
    result: Result
    requests: int
    retries: int
    not_logged_in: int
    kills: int


def prepare(system: LocalSystem, tally: Tally, progress: Progress) -> Staff:
    """What clerks do before: import the regions, appoint the staff."""
    began = time.monotonic()
    import_regions(system)
    with closing(Phone(system.web)) as phone:
        staff = appoint_staff(system, phone, tally)
    seconds = time.monotonic() - began
    progress.say(f"命令行：导入武进区的镇、街道和 99 个社区，设管理员、授权，{seconds:.1f} 秒")
    return staff


def play_day(
    system: LocalSystem,
    staff: Staff,
    crowd_plan: plan.Plan,
    tally: Tally,
    progress: Progress,
    *,
    kills: Sequence[str] = (),
    stop: StopSignal | None = None,
) -> Day:
    """Play one market day in a running system and recount it.

    Args:
        tally: as `prepare` has left it.
        kills: what is killed in the middle of each phase that writes much, keys of KINDS.
        stop: breaks the day off with StoppedError.
    """
    crowd = Crowd(system, progress, kills, stop)
    with closing(crowd), closing(Phone(system.web)) as phone:
        market = MarketDay(crowd, phone, staff, crowd_plan, tally, progress).play()
        began = time.monotonic()
        result = recount(phone, staff, market, tally, system)
        # A slow answer of WeChat's on a machine that is busy itself may come too late for us.
        others = [away for away in crowd.turned_away if away.answer.code != _NO_WECHAT]
        not_logged_in = len(crowd.turned_away) - len(others)
        if not kills:  # nothing was away, so nobody may have been told to come again
            got = [str(away) for away in others[:_SHOWN]]
            result.checks.append(Check("回答 502、503、504 的请求", [], got))
        progress.say(f"核对：{len(result.checks)} 项，{time.monotonic() - began:.1f} 秒")
        return Day(
            market,
            tally,
            result,
            requests=crowd.answered,
            retries=crowd.retries,
            not_logged_in=not_logged_in,
            kills=crowd.kills,
        )


def report(day: Day, progress: Progress) -> int:
    """Show the table and the verdict of the recount; return the exit code."""
    result, tally = day.result, day.tally
    progress.say("")
    progress.say(
        evaluation_checklist(
            day.market.title, result.summary, result.evaluation, day.market.mode_of
        )
    )
    refused = sum(tally.refused.values())
    progress.say("")
    progress.say(
        f"请求 {day.requests:,} 次；按规则拒绝 {refused:,} 次"
        f"({_refusals(tally)});特意重复 {tally.repeated:,} 次，回答都应相同"
    )
    if day.not_logged_in:
        progress.say(f"登录时微信忙 {day.not_logged_in:,} 次，重试后都登录了")
    if day.kills:
        progress.say(f"kill -9 共 {day.kills} 次，手机重发 {day.retries:,} 次")
    differences = result.differences
    if not differences:
        progress.say(f"✓ 核对 {len(result.checks)} 项，与自己的记录全部一致")
        return 0
    progress.say(f"✗ 核对 {len(result.checks)} 项，不一致 {len(differences)} 项：")
    for check in differences:
        progress.say(f"  {check}")
    return 1


def _refusals(tally: Tally) -> str:
    return "、".join(f"{act} {code} {n:,}" for (act, code), n in sorted(tally.refused.items()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Play a day in a system of its own; return the exit code."""
    chosen = _parse(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    progress, stop = Progress(), StopRequest()
    stop.listen()
    began = time.monotonic()
    system = LocalSystem(
        workers=WORKERS,
        # A day of hours passes in minutes.
        environ={"LIMITS_TIMES": "100"},
        # Thrown away at the end: no answer of this database has to survive a power cut.
        database_settings=FAST_KILLABLE,
        restart=True,
        say=lambda line: progress.say(f"· {_brief(line)}"),
        stop=stop,
    )
    try:
        with system:
            progress.say(f"系统已启动，{time.monotonic() - began:.1f} 秒：{system.web}")
            tally = Tally()
            staff = prepare(system, tally, progress)
            drawn = plan.draw(chosen.residents)
            day = play_day(system, staff, drawn, tally, progress, kills=chosen.kill, stop=stop)
    except StoppedError as stopped:
        progress.say(f"\n{stopped}")
        return 130
    except (LocalError, WaitTimeoutError, Unanswered, Unprepared) as error:
        progress.say(f"✗ {error}")
        return 1
    code = report(day, progress)
    progress.say(_time_spent(time.monotonic() - began))
    return code


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make demo", description="用真实的 HTTP 请求演一整天的集市，并核对每一个数字"
    )
    parser.add_argument(
        "--residents", type=_crowd_size, default=RESIDENTS, metavar="N", help="居民人数"
    )
    parser.add_argument(
        "--kill",
        action="append",
        default=[],
        choices=tuple(KINDS),
        help="在报名、签到、叫号、评价的中途 kill -9 网站或数据库；可写多次",
    )
    return parser.parse_args(arguments)


def _crowd_size(text: str) -> int:
    number = int(text)
    if number < FEWEST_RESIDENTS:
        raise argparse.ArgumentTypeError(f"至少 {FEWEST_RESIDENTS}")
    return number


def _brief(text: str) -> str:
    """A line as it is; of several (with the end of a log in between) the first and the last."""
    first, *others = text.splitlines()
    return f"{first} … {others[-1]}" if others else first


def _time_spent(seconds: float) -> str:
    own = resource.getrusage(resource.RUSAGE_SELF)
    servers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        f"共 {seconds:.1f} 秒；CPU：手机 {own.ru_utime + own.ru_stime:.1f} 秒，"
        f"系统 {servers.ru_utime + servers.ru_stime:.1f} 秒"
    )


if __name__ == "__main__":
    sys.exit(main())
