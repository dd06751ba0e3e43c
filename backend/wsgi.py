"""gunicorn backend.wsgi:app"""

from backend.app import create_app
from backend.core.logs import init_logs
from backend.settings import Settings, SettingsError

try:
    settings = Settings.from_env()
except SettingsError as error:
    raise SystemExit(str(error)) from None  # one line that names what is missing
init_logs(settings.log_level)
app = create_app(settings)
