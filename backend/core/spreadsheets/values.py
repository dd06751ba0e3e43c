"""A cell's value in words."""

import unicodedata
from datetime import datetime, time
from typing import Any

from backend.core.text import one_line


def as_text(value: Any) -> str:
    """A cell's value as people see it: 3 and not 3.0, a day without midnight, no space around."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time.min else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, time):
        return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
    return str(value).strip()


def narrowed(text: str) -> str:
    """Full-width digits, letters and signs made plain, as they are typed in Chinese: 9:00."""
    return unicodedata.normalize("NFKC", one_line(text))
