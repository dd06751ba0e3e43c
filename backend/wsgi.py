"""gunicorn backend.wsgi:app"""

import gc

from backend.core.monitoring.logs import init_logs
from backend.settings import Settings

# What a start imports and makes stays: to look for garbage in it meanwhile is a fifth of the start.
gc.disable()
try:
    from backend.app import create_app

    settings = Settings.at_start()
    init_logs(settings.log_level)
    app = create_app(settings)
finally:
    gc.enable()
