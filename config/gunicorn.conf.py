"""gunicorn's settings, in production (`python -m backend.web`) and under `make run`.

    gunicorn -c config/gunicorn.conf.py backend.wsgi:app

Everything that differs between machines comes from the environment (config/.env.example).
"""

import gc
import os
import shutil
import socket
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

# Wherever it is started from: the application is imported from the folder above this file.
chdir = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, chdir)

from backend.settings import Settings  # noqa: E402 - found by the line above

# Before any worker is started: one that ends for its settings would be started again for ever.
settings = Settings.at_start()

# Loopback unless told otherwise: nginx is in front, and a machine that was merely tried out
# must not be open to its network. compose.yaml sets 0.0.0.0, within its own network.
bind = settings.gunicorn_bind

# What a proxy says of client and scheme is judged by the app (TRUSTED_PROXIES), in one place.
forwarded_allow_ips = ""

# Processes: one for each core that Python may use. They share what was there before them
# (`on_starting`), and nothing that a request makes.
workers = settings.web_concurrency

# Threads in each: many, for a login holds one while WeChat takes its time, and in a market's first
# minute everybody logs in. They wait in order for the few connections of DATABASE_POOL, so that no
# more of them compute at once than the cores can bear (docs/adr/0016 has the figures).
worker_class = "gthread"
threads = settings.web_threads

# Seconds that an idle connection is kept for its next request. 0 closes after each answer:
# kept connections stay with the worker that accepted them, and one worker may end up with all
# of them. Behind nginx, which is near, a new connection costs little.
keepalive = settings.web_keepalive

# How a worker ends: it finishes what it has begun. Longer than the longest request (a login with
# WeChat silent: 5 s), shorter than the 10 s after which Docker kills.
graceful_timeout = 8

# A worker whose main loop says nothing for so long is replaced. Requests run in threads and do
# not hold the loop up; PostgreSQL's own statement timeout ends slow ones long before.
timeout = 30

# Workers tell the master that they live by touching a file. On a disk that can block for
# seconds while the disk is busy; memory cannot. (macOS has no /dev/shm.)
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108

# Never replace a worker for its age: a leak is to be mended, not hidden behind lost warm caches.
max_requests = 0

# The app writes one JSON line for each request, with its request id; a second log says less.
accesslog = None
errorlog = "-"

# No control socket: nobody uses it, and by default all systems of a user would share one path.
control_socket_disable = True

# Seconds without a byte after which a half-sent request is given up. A thread is busy with it
# meanwhile, so who drips bytes can still hold one: only nginx, which waits for whole requests
# without any thread, keeps slow senders away (docs/adr/0018).
SILENCE_S = 10


def on_starting(server: Any) -> None:
    """Where each process keeps what it counts (core/monitoring/metrics.py): in memory, as the
    heartbeat. Then the application, once for all workers, which share the memory that it takes and
    are there at once when one has to be replaced. (`preload_app` would load it before this, without
    the folder.) Loading it starts no thread and opens no connection, which must not cross a fork.
    """
    folder = tempfile.mkdtemp(prefix="wushe-metrics-", dir=worker_tmp_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    server.app.wsgi()
    # Keep what start-up made (classes, tables, routes) out of every garbage collection: it stays
    # for as long as the process does, walking through it stalls the requests, and marking it takes
    # each worker a copy of its own.
    gc.collect()
    gc.freeze()
    # Python looks for garbage in cycles after every 700 new objects, several times in a request.
    # Most of ours goes by itself: looking less often spares a check-in a twelfth of its time, and
    # costs at most some megabytes.
    gc.set_threshold(20_000, 20, 20)


def child_exit(server: Any, worker: Any) -> None:
    """What a process that has ended counted still counts; what it was at does not."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def when_ready(server: Any) -> None:
    """Let the kernel bound what gunicorn does not: accepted sockets inherit it."""
    for listener in server.LISTENERS:
        bound = struct.pack("ll", SILENCE_S, 0)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, bound)
