"""The background worker: `python -m backend.worker`. Any number of them may run."""

import asyncio

from backend.app import create_app
from backend.core.logs import init_logs
from backend.settings import Settings

CONCURRENCY = 4


def main() -> None:
    settings = Settings.at_start()
    init_logs(settings.log_level)
    app = create_app(settings)
    queue = app.extensions["jobs"]
    asyncio.run(_work(queue))


async def _work(queue: "object") -> None:
    async with queue.open_async():  # type: ignore[attr-defined]
        await queue.run_worker_async(concurrency=CONCURRENCY, install_signal_handlers=True)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
