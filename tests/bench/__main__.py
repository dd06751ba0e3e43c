"""`make bench`: how fast we are, against a bare floor on the same machine in the same minutes.

    python -m tests.bench [--quick] [--case NAME]… [--no-history]

Exit code 1 when a target is missed or an answer was wrong. WEB_CONCURRENCY, WEB_THREADS,
DATABASE_POOL, WEB_KEEPALIVE and GUNICORN_CMD_ARGS hold for the floor and the product alike.
"""

import argparse
import sys
import time

from backend.local.processes import LocalError
from tests.bench.load import WrongAnswerError
from tests.bench.measure import NAMES, QUICK, Bench, Plan, Results, table
from tests.bench.servers import stage


def main() -> int:
    """Measure, print the table and a line for each target; return the exit code."""
    options = _options()
    names = tuple(options.case or NAMES)
    plan = QUICK if options.quick else Plan()
    history = not (options.quick or options.no_history)
    began = time.monotonic()
    try:
        with stage(markets=plan.markets, history=history, say=_say) as set_up:
            _say("测量 / measuring")
            results = Bench(set_up, plan, _say).run(names)
    except (LocalError, WrongAnswerError) as failure:
        print(f"✗ {failure}")
        return 1
    return _report(results, time.monotonic() - began)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--quick", action="store_true", help="two short rounds, no history")
    parser.add_argument("--case", action="append", choices=NAMES, help="only this; repeatable")
    parser.add_argument("--no-history", action="store_true", help="leave the loaded database out")
    return parser.parse_args()


def _say(line: str) -> None:
    print(f"· {line}", flush=True)


def _report(results: Results, seconds: float) -> int:
    print("\n" + table(results))
    print("queries: statements that PostgreSQL logged for a request, besides BEGIN and COMMIT")
    print("of floor: the median of the rounds' ratios\n")
    checks = results.checks()
    for check in checks:
        print(check)
    missed = sum(not check.passed for check in checks)
    print(f"\n{len(checks) - missed} of {len(checks)} targets reached in {seconds:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
