"""The web server in production: `python -m backend.web`. It becomes gunicorn.

gunicorn reads WEB_CONCURRENCY before it reads config/gunicorn.conf.py, and ends with a traceback
where that is no number or set to nothing. So the settings are looked at first.
"""

import os
import sys

from backend.core.config import CONFIG_DIR
from backend.settings import Settings


def main() -> None:
    Settings.at_start()
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", str(CONFIG_DIR / "gunicorn.conf.py")]
    given = {name: value for name, value in os.environ.items() if value}
    os.execve(sys.executable, [*gunicorn, "backend.wsgi:app"], given)  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
