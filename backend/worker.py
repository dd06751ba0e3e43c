"""The background worker: `python -m backend.worker`. Any number of them may run."""

import asyncio

from backend.app import create_app
from backend.core.jobs.worker import JobWorker
from backend.core.monitoring.logs import init_logs
from backend.settings import Settings

CONCURRENCY = 4


def main(concurrency: int = CONCURRENCY) -> None:
    settings = Settings.at_start().direct
    init_logs(settings.log_level)
    # A job is worth the question whether its connection is still there: the next try may be an
    # hour off.
    app = create_app(settings, connections_checked=True)
    asyncio.run(JobWorker(app, concurrency).run())


if __name__ == "__main__":
    main()
