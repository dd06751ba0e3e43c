"""gunicorn backend.wsgi:app"""

import gc

gc.disable()  # what is imported stays: to look through it meanwhile is a fifth of every start

from backend.app import create_app  # noqa: E402
from backend.core.logs import init_logs  # noqa: E402
from backend.settings import Settings, SettingsError  # noqa: E402

try:
    settings = Settings.from_env()
except SettingsError as error:
    raise SystemExit(str(error)) from None  # one line that names what is missing
init_logs(settings.log_level)
app = create_app(settings)
gc.enable()
