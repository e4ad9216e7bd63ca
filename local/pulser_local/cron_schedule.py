"""When pg_cron starts which job: its schedules, and the state between two looks at the clock. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

MAX_RUNNING = 32  # cron.max_running_jobs
LOOK_EVERY_S = 1.0  # pg_cron never sleeps longer
WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_SECONDS = re.compile(r"([1-9]|[1-5]\d)\s+seconds?")


@dataclass(frozen=True, slots=True)
class Job:
    """A row of cron.job."""

    jobid: int
    schedule: str
    command: str
    database: str
    username: str
    active: bool


@dataclass(frozen=True, slots=True)
class Seconds:
    """Every so many seconds, counted from the start of the last run."""

    interval: float


@dataclass(frozen=True, slots=True)
class Minutes:
    """At the start of the minutes that five cron fields name, in GMT."""

    fields: str

    def after(self, moment: datetime) -> datetime:
        """The first such minute after the moment."""
        return next(CronSim(self.fields, moment))


@dataclass(frozen=True, slots=True)
class Reboot:
    """Once, when the scheduler starts."""


Schedule = Seconds | Minutes | Reboot


def parse_schedule(text: str) -> Schedule:
    """Read a schedule as pg_cron 1.6 does. Raises ValueError for what it refuses."""
    words = text.lower().strip()
    if match := _SECONDS.fullmatch(words):
        return Seconds(float(match[1]))
    if words == "@reboot":
        return Reboot()
    fields = WORDS.get(words, words).split()
    if len(fields) != 5:  # CronSim would take a sixth, for seconds
        raise ValueError(f"invalid schedule: {text}")
    if fields[2] == "$":
        fields[2] = "L"  # pg_cron's and CronSim's sign for the last day of the month
    schedule = Minutes(" ".join(fields))
    try:
        schedule.after(datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(f"invalid schedule: {text}") from error
    return schedule


@dataclass(slots=True)
class _Entry:
    job: Job
    schedule: Schedule
    last_start: float  # monotonic seconds; at first, when the job became known
    next_minute: datetime | None = None
    due: bool = False
    running: bool = False


@dataclass(slots=True)
class Agenda:
    """The jobs and which of them are due. One run of a job at a time; what falls due meanwhile is one more run."""

    started: bool = False
    _entries: dict[int, _Entry] = field(default_factory=dict)

    def learn(self, jobs: Iterable[Job], *, now: float, utc: datetime) -> None:
        """Take the jobs as they stand in cron.job now. A changed schedule keeps the time of the last start."""
        known, self._entries = self._entries, {}
        for job in jobs:
            entry = known.pop(job.jobid, None)
            if entry is None or entry.job.schedule != job.schedule:
                entry = self._entry(job, entry, now=now, utc=utc)
            if entry is not None:
                entry.job = job
                self._entries[job.jobid] = entry
        for entry in known.values():
            if entry.running:  # unscheduled while it runs: forgotten when it has ended
                entry.job = _retired(entry.job)
                self._entries[entry.job.jobid] = entry

    def _entry(self, job: Job, before: _Entry | None, *, now: float, utc: datetime) -> _Entry | None:
        try:
            schedule = parse_schedule(job.schedule)
        except ValueError:
            return None  # written into the table by hand; pg_cron logs it and goes on
        return _Entry(
            job=job,
            schedule=schedule,
            last_start=before.last_start if before else now,
            next_minute=schedule.after(utc) if isinstance(schedule, Minutes) else None,
            due=isinstance(schedule, Reboot) and not self.started,
            running=before.running if before else False,
        )

    def start(self, *, now: float, utc: datetime) -> list[Job]:
        """The jobs to start now; each counts as running until `ended`."""
        self.started = True
        chosen: list[Job] = []
        running = sum(entry.running for entry in self._entries.values())
        for entry in self._entries.values():
            _look_at_clock(entry, now=now, utc=utc)
            if entry.due and entry.job.active and not entry.running and running + len(chosen) < MAX_RUNNING:
                entry.due, entry.running, entry.last_start = False, True, now
                chosen.append(entry.job)
        return chosen

    def ended(self, jobid: int) -> None:
        """The run of this job is over."""
        if entry := self._entries.get(jobid):
            entry.running = False

    def seconds_to_next(self, *, now: float) -> float:
        """How long there is nothing to look at, apart from the end of a run: at most a second."""
        waits = [
            entry.last_start + entry.schedule.interval - now
            for entry in self._entries.values()
            if isinstance(entry.schedule, Seconds) and entry.job.active and not entry.running
        ]
        return max(0.0, min([LOOK_EVERY_S, *waits]))


def _look_at_clock(entry: _Entry, *, now: float, utc: datetime) -> None:
    if not entry.job.active:
        entry.due = False
    match entry.schedule:
        case Seconds(interval) if entry.job.active:
            entry.due = entry.due or now - entry.last_start >= interval
        case Minutes() as minutes if entry.next_minute is not None and entry.next_minute <= utc:
            entry.due = entry.job.active
            entry.next_minute = minutes.after(utc)
        case _:
            pass


def _retired(job: Job) -> Job:
    return Job(job.jobid, job.schedule, job.command, job.database, job.username, active=False)
