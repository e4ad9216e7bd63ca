"""The cron jobs: there, as they should be, and running. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pulser_cli.doctor.expected import ExpectedJob
from pulser_cli.doctor.facts import Job, Run
from pulser_cli.doctor.finding import Finding, ok, short, warning, wrong

EACH_MINUTE = "* * * * *"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
GRACE = 2 * MINUTE  # beyond three turns that were missed
_SOON = "ask again in a minute"
_SCHEDULER = "restart the database (pg_cron's scheduler does not run); on this machine, pulser dev"


def cron_findings(jobs: Sequence[Job], wanted: Sequence[ExpectedJob], up_seconds: float) -> list[Finding]:
    """A finding for each wanted job; one for all where nothing runs at all: late, or not at all."""
    there = {it.name: it for it in jobs}
    frequent = [there[it.name] for it in wanted if it.name in there and period(there[it.name].schedule) <= MINUTE]
    running = [it for it in frequent if it.active and it.here]
    if running and not any(_is_fresh(it) for it in running):
        silent = wrong("cron", _silence(running), _SCHEDULER)
        if up_seconds < GRACE:
            silent = warning("cron", f"{_silence(running)}, but the server is up for {up_seconds:.0f} s only", _SOON)
        return [*_those_not_there(there, wanted), silent]
    slow = [it for it in wanted if it.name in there and _is_slower(there[it.name], it)]
    return [*(_job(there.get(it.name), it) for it in wanted), *([_slow(slow)] if slow else [])]


def period(schedule: str) -> float:
    """Roughly how many seconds lie between two runs of such a job."""
    words = schedule.split()
    match words:
        case [count, "seconds" | "second"] if count.isdecimal():
            return float(count)
        case [minute, hour, *_] if minute.startswith("*") and hour == "*":
            step = minute.removeprefix("*/")
            return MINUTE * int(step) if step.isdecimal() else MINUTE
        case [_, "*", *_]:
            return HOUR
        case _:
            return DAY


def _those_not_there(there: dict[str, Job], wanted: Sequence[ExpectedJob]) -> list[Finding]:
    return [_missing(it) for it in wanted if it.name not in there]


def _is_fresh(job: Job) -> bool:
    return job.last is not None and job.last.seconds_ago < 3 * period(job.schedule) + GRACE


def _silence(running: Sequence[Job]) -> str:
    last = min((it.last.seconds_ago for it in running if it.last is not None), default=None)
    return "no job has ever run" if last is None else f"no job has run for {last / MINUTE:.0f} min"


def _job(job: Job | None, wanted: ExpectedJob) -> Finding:
    if job is None:
        return _missing(wanted)
    if not job.active:
        return wrong("cron", f"{job.name} is switched off", f"{_schedule(wanted)}  -- this switches it on")
    if not job.here:
        return wrong("cron", f"{job.name} runs in another database", _schedule(wanted))
    if " ".join(job.command.split()).rstrip("; ") != wanted.command:
        return wrong("cron", f"{job.name} does something else: {short(job.command)}", _schedule(wanted))
    if job.schedule != wanted.schedule and not _is_slower(job, wanted):
        said = f"{job.name} runs at {short(job.schedule)}, not at {wanted.schedule}"
        return warning("cron", said, _schedule(wanted))
    return _runs(job, job.last, wanted)


def _runs(job: Job, last: Run | None, wanted: ExpectedJob) -> Finding:
    if last is not None and last.status == "failed":
        said = f"{job.name} failed: {short(last.message or 'no message')}"
        return wrong("cron", said, f"mend that, then run it by hand: {wanted.command}")
    if last is not None and not _is_fresh(job):
        return wrong(
            "cron", f"{job.name} ran {last.seconds_ago / MINUTE:.0f} min ago for the last time", _schedule(wanted)
        )
    return ok("cron", f"{job.name} runs" if last is not None else f"{job.name} waits for its first turn")


def _is_slower(job: Job, wanted: ExpectedJob) -> bool:
    """Whether it runs each minute because pg_cron takes no seconds here, or took none when it was scheduled."""
    return wanted.each_minute_will_do and job.schedule == EACH_MINUTE


def _slow(slow: Sequence[ExpectedJob]) -> Finding:
    said = f"{', '.join(it.name for it in slow)}: each minute, so a lost wake-up is found late"
    return warning("cron", said, f"upgrade pg_cron to 1.5 or newer, then: {'; '.join(map(_schedule, slow))}")


def _missing(wanted: ExpectedJob) -> Finding:
    return wrong("cron", f"{wanted.name} is not scheduled", _schedule(wanted))


def _schedule(wanted: ExpectedJob) -> str:
    return f"select cron.schedule('{wanted.name}', '{wanted.schedule}', '{wanted.command}')"
