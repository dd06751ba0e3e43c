"""The mini-program reads phone numbers as the server does (tests/domain/test_text_fields.py)."""

import json
import subprocess
from pathlib import Path

from backend.local.preview import MINIPROGRAM

WRITTEN = Path(__file__).parents[1] / "support" / "numbers.json"
READ = """
const { mobileOf } = require(process.argv[1]);
const written = Object.keys(require(process.argv[2]));
console.log(JSON.stringify(Object.fromEntries(written.map((one) => [one, mobileOf(one) || null]))));
"""


def test_a_number_is_read_however_it_was_written() -> None:
    utility = MINIPROGRAM / "utils" / "phone-number.js"
    done = subprocess.run(
        ["node", "-e", READ, str(utility), str(WRITTEN)], capture_output=True, check=True
    )
    assert json.loads(done.stdout) == json.loads(WRITTEN.read_text(encoding="utf-8"))
