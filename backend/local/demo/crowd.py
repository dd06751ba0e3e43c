"""Phones at work, and what goes wrong meanwhile."""

import time
from collections.abc import Callable, Iterable, Sequence
from threading import Lock, Thread

from backend.local.demo.client import Phone, Stopped, TurnedAway
from backend.local.demo.show import Progress
from backend.local.system import LocalSystem, StoppedError, StopSignal
from backend.local.waiting import wait_until

CONNECTIONS = 16
# Who logs in waits for WeChat most of the time, so many do at once; one process alone has room for
# them (docs/adr/0016), so that nobody is told to come again.
LOGGING_IN = 40
KINDS = {"web": "网站", "database": "数据库"}
"""What can be killed, and how it is called."""

Job = Callable[[Phone], None]
_PHASE_TIMEOUT_S = 1800


class Crowd:
    """Runs the phases of the day, one after the other, from one thread."""

    def __init__(
        self,
        system: LocalSystem,
        progress: Progress,
        kills: Sequence[str] = (),
        stop: StopSignal | None = None,
    ) -> None:
        """Gather the phones.

        Args:
            system: what is called, and killed.
            kills: keys of KINDS. Each of them is killed once in every disturbed phase.
            stop: asked all the time; a request breaks the phase off with StoppedError.
        """
        self._stop = stop
        self._system = system
        self._progress = progress
        self._kinds = tuple(kills)
        self._phones = [Phone(system.web) for _ in range(LOGGING_IN)]
        self._phase = _Phase(())
        self.kills = 0

    @property
    def answered(self) -> int:
        """Requests answered so far."""
        return sum(phone.answered for phone in self._phones)

    @property
    def retries(self) -> int:
        """Requests sent again so far because nobody had answered."""
        return sum(phone.retries for phone in self._phones)

    @property
    def turned_away(self) -> list[TurnedAway]:
        """Requests answered so far that the server is away (502, 503, 504)."""
        return [turned_away for phone in self._phones for turned_away in phone.turned_away]

    def close(self) -> None:
        """Hang up all phones."""
        for phone in self._phones:
            phone.close()

    def tick(self) -> None:
        """One more thing of this phase is done; each job counts by itself, `beside` by this."""
        self._phase.tick()

    def play(
        self,
        title: str,
        jobs: Sequence[Job],
        *,
        beside: Sequence[Job] = (),
        more: int = 0,
        after: Callable[[], None] = lambda: None,
        disturbed: bool = False,
        at_once: int = CONNECTIONS,
    ) -> None:
        """One phase: all jobs, so many at once.

        Args:
            title: of the phase, in Chinese.
            jobs: begun in this order, on whichever phone is free.
            beside: long jobs with a phone each (desks), which last until `after` ends them.
            more: about how many ticks those beside will make.
            after: called when all jobs are done, or broken off; it lets those beside end.
            disturbed: whether the kills happen in this phase.
            at_once: how many phones are at work, those beside included.

        Raises what the first failing job has raised, after stopping the others.
        """
        phase = self._phase = _Phase(jobs)
        workers = at_once - len(beside)
        threads = [
            *(phase.thread(phase.work, phone) for phone in self._phones[:workers]),
            *map(phase.thread, beside, self._phones[workers:]),
        ]
        total, began, answered = len(jobs) + more, time.monotonic(), self.answered
        due = self._due(total) if disturbed else []
        waiting_for_desks = True

        def over() -> bool:
            nonlocal waiting_for_desks
            if phase.faults:
                raise phase.faults[0]
            if self._stop is not None and self._stop.requested:
                raise StoppedError("已停止 / stopped")
            if phase.through and waiting_for_desks:
                waiting_for_desks = False
                after()
            while due and phase.done >= due[0][0]:
                self._kill(due.pop(0)[1])
            if self.kills:
                self._system.check()  # the worker ends when it loses its database: bring it back
            seconds = time.monotonic() - began
            self._progress.live(_line(title, phase.done, self.answered - answered, seconds))
            return not any(thread.is_alive() for thread in threads)

        try:
            for thread in threads:
                thread.start()
            wait_until(over, timeout_s=_PHASE_TIMEOUT_S, what=title, longest_pause_s=0.1)
        except BaseException:
            for phone in self._phones:
                phone.stop()
            after()
            raise
        finally:
            for thread in threads:
                thread.join()
        if phase.faults:
            raise phase.faults[0]
        seconds = time.monotonic() - began
        self._progress.say(_line(title, phase.done, self.answered - answered, seconds))

    def _due(self, total: int) -> list[tuple[int, str]]:
        """After how many things done to kill what: spread over the phase."""
        share = total / (len(self._kinds) + 1)
        return [(int(share * number), kind) for number, kind in enumerate(self._kinds, start=1)]

    def _kill(self, kind: str) -> None:
        began, retries = time.monotonic(), self.retries
        if kind == "web":
            self._system.kill_web()
            self._system.restart_web()
        else:
            self._system.kill_database()
            self._system.restart_database()
        self.kills += 1
        self._progress.say(
            f"  ✗ {KINDS[kind]}被 kill -9,{time.monotonic() - began:.1f} 秒后恢复；"
            f"其间手机重发 {self.retries - retries} 次"
        )


class _Phase:
    """Jobs on their way through the phones."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = iter(jobs)
        self._lock = Lock()
        self._under_way = 0
        self._taken_all = False
        self.done = 0
        self.faults: list[BaseException] = []

    @property
    def through(self) -> bool:
        """Whether all jobs are done."""
        return self._taken_all and self._under_way == 0

    def thread(self, job: Job, phone: Phone) -> Thread:
        return Thread(target=self._guarded, args=(job, phone), daemon=True)

    def work(self, phone: Phone) -> None:
        """Do one job after the other until none is left."""
        while (job := self._take()) is not None:
            job(phone)
            self.tick()
            with self._lock:
                self._under_way -= 1

    def tick(self) -> None:
        with self._lock:
            self.done += 1

    def _take(self) -> Job | None:
        with self._lock:
            job = next(self._jobs, None)
            if job is None:
                self._taken_all = True
            else:
                self._under_way += 1
            return job

    def _guarded(self, job: Job, phone: Phone) -> None:
        try:
            job(phone)
        except Stopped:
            pass
        except BaseException as fault:
            self.faults.append(fault)


def _line(title: str, done: int, requests: int, seconds: float) -> str:
    rate = f"{requests / seconds:,.0f} 次/秒" if seconds > 0 else ""
    return f"{title}：{done:,}，请求 {requests:,} 次，{seconds:.1f} 秒，{rate}"
