"""What the mini-program does without a page: phone numbers read as the server does
(tests/domain/test_text_fields.py), the hours of a market, in words, shared and in a calendar, and
when a poll reads again."""

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
# What is read on another day: no 今天 in it.
SPANS = [
    (*NIGHT[:1], "2026-12-05T12:00:00Z", "12月5日 周六 18:00–20:00"),
    (*THREE_DAYS, "12月5日 周六–12月7日 周一"),
]
# An activity's hours, a booking's day, and what its calendar says in UTC.
IN_CALENDAR = [
    (*THREE_DAYS, "2026-12-06", ["2026-12-06T01:00", "2026-12-06T08:00"]),
    (*NIGHT, "2026-12-05", ["2026-12-05T10:00", "2026-12-05T17:00"]),
]
SAY = """
const [utils, written, hours, spans, calendar] = process.argv.slice(1);
const { mobileOf } = require(`${utils}/phone-number.js`);
const { openWords, spanWords } = require(`${utils}/time.js`);
const numbers = Object.keys(require(written)).map((one) => [one, mobileOf(one) || null]);
const open = JSON.parse(hours).map(([start, end, now]) => openWords(start, end, Date.parse(now)));
const shared = JSON.parse(spans).map(([start, end]) => spanWords(start, end, Date.parse(start)));

globalThis.wx = { getStorageInfoSync: () => ({ keys: [] }) };
const { timesOf } = require(`${utils}/phone-calendar.js`);
const entries = JSON.parse(calendar).map(([starts_at, ends_at, service_on]) => {
  const { starts, ends } = timesOf({ service_on }, { starts_at, ends_at });
  return [starts, ends].map((at) => new Date(at).toISOString().slice(0, 16));
});

const { ApiError, networkError } = require(`${utils}/../api/errors.js`);
const { createPoll } = require(`${utils}/poll.js`);
const network = require(`${utils}/network.js`);
let turns = [];
let due;
globalThis.setTimeout = (run, ms) => { turns.push(ms); due = run; return 1; };
globalThis.clearTimeout = () => { due = undefined; };
let fault = null;
const poll = createPoll({
  read: async () => { turns.push("read"); if (fault) throw fault; return {}; },
  every: () => 5000,
  onChange: () => undefined,
  onError: () => undefined,
});
const plays = {
  shown: () => poll.begin(),
  failing: async () => {
    fault = networkError();
    for (let times = 5; times; times -= 1) await due();
  },
  "back in reach": async () => {
    network.reportReached(false);
    fault = null;
    network.reportReached(true);
    await new Promise(setImmediate);
  },
  hidden: async () => {
    poll.rest();
    await poll.refresh();
  },
  "hidden meanwhile": async () => {
    const reading = poll.begin();
    poll.rest();
    await reading;
  },
  "shown again": () => poll.begin(),
  declined: async () => {
    fault = new ApiError({ code: "privacy_refused", title: "" });
    await due();
  },
};
(async () => {
  const polled = {};
  for (const [name, play] of Object.entries(plays)) {
    turns = polled[name] = [];
    await play();
  }
  const said = { numbers: Object.fromEntries(numbers), open, shared, entries, polled };
  console.log(JSON.stringify(said));
})();
"""
# When a poll reads, and how many ms it waits then.
POLLED = {
    "shown": ["read", 5000],
    "failing": ["read", 10000, "read", 20000, "read", 40000, "read", 60000, "read", 60000],
    "back in reach": ["read", 5000],
    "hidden": ["read"],
    "hidden meanwhile": ["read"],
    "shown again": ["read", 5000],
    "declined": ["read"],
}


@pytest.fixture(scope="module")
def said() -> Any:
    rules = [json.dumps(one) for one in (HOURS, SPANS, IN_CALENDAR)]
    given = [str(MINIPROGRAM / "utils"), str(WRITTEN), *rules]
    done = subprocess.run(["node", "-e", SAY, *given], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_a_number_is_read_however_it_was_written(said: Any) -> None:
    assert said["numbers"] == json.loads(WRITTEN.read_text(encoding="utf-8"))


def test_a_market_of_several_days_tells_the_hours_of_today(said: Any) -> None:
    assert said["open"] == [words for *_, words in HOURS]


def test_what_is_shared_or_in_a_calendar_holds_on_another_day_too(said: Any) -> None:
    assert said["shared"] == [words for *_, words in SPANS]
    assert said["entries"] == [times for *_, times in IN_CALENDAR]


def test_a_poll_waits_longer_after_each_failure_and_rests_while_nobody_looks(said: Any) -> None:
    """What is read on purpose meanwhile is read once; who has declined to log in is left alone."""
    assert said["polled"] == POLLED
