"""`make fuzz`: every role tries every operation of the OpenAPI document, thousands of times.

    python -m tests.fuzz [--seed N] [--examples N] [--role NAME]

tests/api/test_contract.py at full length, with a line for each role. The seed is printed; the same
seed sends the same requests. Exits with 1 when an answer was not as the document says: each such
request is shown as a curl line.
"""

import argparse
import os
import random
import sys

import pytest

# By which the test knows that it is to run at full length.
FUZZ_EXAMPLES, FUZZ_SEED = "FUZZ_EXAMPLES", "FUZZ_SEED"
EXAMPLES = 10


class Lines:
    """One line for each role in place of pytest's dots."""

    def __init__(self) -> None:
        self.cases = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        return (report.outcome if report.when == "call" or report.failed else ""), "", ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        role = report.nodeid.partition("[")[2].rstrip("]")
        cases = int(str(dict(report.user_properties).get("cases", 0)))
        self.cases += cases
        print(f"{role:<10} {cases:>6} requests  {report.duration:>4.0f} s  {report.outcome}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="drawn for each operation")
    parser.add_argument("--role", help="only this one")
    asked = parser.parse_args()
    os.environ |= {FUZZ_EXAMPLES: str(asked.examples), FUZZ_SEED: str(asked.seed)}
    print(f"seed {asked.seed}; again: python -m tests.fuzz --seed {asked.seed}")
    lines = Lines()
    test = "tests/api/test_contract.py::test_every_answer_is_in_the_document"
    which = f"{test}[{asked.role}]" if asked.role else test
    options = ["-q", "--no-header", "--tb=short", "-n", "2", which]
    failed = pytest.main(options, plugins=[lines])
    print(f"{lines.cases} requests")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
