"""Several at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


def together(*acts: Any) -> list[Any]:
    """Let several acts begin together, each in a thread of its own; their answers in order.

    `together(first, second)` runs functions without arguments; `together(8, act)` runs act(0) to
    act(7).

    Raises what any of them raised.
    """
    if isinstance(acts[0], int):
        count, act = acts
        acts = tuple(partial(act, index) for index in range(count))
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(run, act) for act in acts]
        return [future.result() for future in futures]
