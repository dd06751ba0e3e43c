"""Limits as a test needs them."""

from dataclasses import replace
from typing import Any

import pytest

from backend.core import config


def set_limit(monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> None:
    """Another figure than config/rules.toml has, until the test's end."""
    monkeypatch.setitem(config.LIMITS, name, replace(config.LIMITS[name], **changes))
