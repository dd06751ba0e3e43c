"""Pictures of the pages, for people to look at: `make pictures` keeps them in var/screenshots.

The other runs take none. No test looks at them, and they cost a tenth of the browser's work.
"""

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from backend.local.system import ROOT

_FOLDER = ROOT / "var" / "screenshots"
WANTED = "PICTURES" in os.environ


def picture_file(name: str) -> Path:
    """Where a picture is kept, by its name with its ending."""
    file = _FOLDER / name
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def keep_picture(page: Page, name: str, **options: Any) -> None:
    """Keep what is on the screen as var/screenshots/<name>.png, where pictures are wanted.

    Args:
        options: Playwright's, of `Page.screenshot`.
    """
    if WANTED:
        page.screenshot(path=picture_file(f"{name}.png"), **options)
