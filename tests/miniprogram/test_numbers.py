"""Words that the mini-program makes without a page: phone numbers read as the server does
(tests/domain/test_text_fields.py), and the hours of a market."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from backend.local.preview import MINIPROGRAM

WRITTEN = Path(__file__).parents[1] / "support" / "numbers.json"
NIGHT = ("2026-12-05T10:00:00Z", "2026-12-05T17:00:00Z")
THREE_DAYS = ("2026-12-05T01:00:00Z", "2026-12-07T08:00:00Z")
ENDS_EARLIER = ("2026-12-05T06:00:00Z", "2026-12-06T03:00:00Z")
HOURS = [
    (*NIGHT, "2026-12-05T08:00:00Z", "今天 18:00–明天 1:00"),
    (*THREE_DAYS, "2026-12-01T08:00:00Z", "12月5日 周六–12月7日 周一，每天 9:00–16:00"),
    (*THREE_DAYS, "2026-12-05T08:00:00Z", "今天 9:00–16:00，后天结束"),
    (*THREE_DAYS, "2026-12-06T23:00:00Z", "今天 9:00–16:00，最后一天"),
    (*THREE_DAYS, "2026-12-08T08:00:00Z", "12月5日 周六–昨天，每天 9:00–16:00"),
    (*ENDS_EARLIER, "2026-12-05T08:00:00Z", "今天 14:00–明天 11:00"),
]
SAY = """
const [utils, written, hours] = process.argv.slice(1);
const { mobileOf } = require(`${utils}/phone-number.js`);
const { openWords } = require(`${utils}/time.js`);
const numbers = Object.keys(require(written)).map((one) => [one, mobileOf(one) || null]);
const open = JSON.parse(hours).map(([start, end, now]) => openWords(start, end, Date.parse(now)));
console.log(JSON.stringify({ numbers: Object.fromEntries(numbers), open }));
"""


@pytest.fixture(scope="module")
def said() -> Any:
    given = [str(MINIPROGRAM / "utils"), str(WRITTEN), json.dumps(HOURS)]
    done = subprocess.run(["node", "-e", SAY, *given], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_a_number_is_read_however_it_was_written(said: Any) -> None:
    assert said["numbers"] == json.loads(WRITTEN.read_text(encoding="utf-8"))


def test_a_market_of_several_days_tells_the_hours_of_today(said: Any) -> None:
    assert said["open"] == [words for *_, words in HOURS]
