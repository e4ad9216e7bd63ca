from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser_local.cron_schedule import Agenda, Job, Minutes, Reboot, Seconds, parse_schedule

NOON = datetime(2026, 2, 28, 12, 0, 30, tzinfo=UTC)


def job(schedule: str, jobid: int = 1, *, active: bool = True) -> Job:
    return Job(jobid, schedule, "select 1", "postgres", "postgres", active)


def agenda_of(*jobs: Job) -> Agenda:
    agenda = Agenda()
    agenda.learn(jobs, now=0, utc=NOON)
    return agenda


@given(st.integers(-5, 200))
def test_seconds_are_one_to_fifty_nine(number: int) -> None:
    """'N seconds' is a schedule for N from 1 to 59 only."""
    try:
        schedule = parse_schedule(f"{number} seconds")
    except ValueError:
        assert not 1 <= number <= 59
    else:
        assert schedule == Seconds(number)


@pytest.mark.parametrize(
    "text", ["", "* * * *", "* * * * * *", "60 * * * *", "5 second s", "@never", "a b c d e", "0 0 31 2 *"]
)
def test_nonsense_is_refused(text: str) -> None:
    """What is neither seconds nor five fields raises ValueError which names it."""
    with pytest.raises(ValueError, match="invalid schedule"):
        parse_schedule(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", NOON.replace(minute=1, second=0)),
        ("@hourly", NOON.replace(hour=13, minute=0, second=0)),
        ("17 3 * * *", datetime(2026, 3, 1, 3, 17, tzinfo=UTC)),
        ("0 0 $ * *", datetime(2026, 3, 31, tzinfo=UTC)),
        ("0 0 * * SUN", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_minutes_follow_the_fields(text: str, expected: datetime) -> None:
    """The next minute of five fields is counted in GMT."""
    schedule = parse_schedule(text)
    assert isinstance(schedule, Minutes)
    assert schedule.after(NOON) == expected


def test_reboot_is_a_schedule() -> None:
    """@reboot is known."""
    assert parse_schedule(" @Reboot ") == Reboot()


def test_first_run_is_one_interval_after_the_job_is_known() -> None:
    """A new job in seconds does not start at once."""
    agenda = agenda_of(job("10 seconds"))
    assert agenda.start(now=9.9, utc=NOON) == []
    assert agenda.start(now=10, utc=NOON) == [job("10 seconds")]


def test_run_of_a_running_job_waits_for_its_end() -> None:
    """What falls due during a run becomes one run, started when that has ended."""
    agenda = agenda_of(job("10 seconds"))
    agenda.start(now=10, utc=NOON)
    assert agenda.start(now=45, utc=NOON) == []
    agenda.ended(1)
    assert len(agenda.start(now=45, utc=NOON)) == 1
    agenda.ended(1)
    assert agenda.start(now=45, utc=NOON) == []


def test_interval_is_counted_from_the_start_of_the_run() -> None:
    """A run that takes 4 of 10 seconds is followed by the next 6 seconds later."""
    agenda = agenda_of(job("10 seconds"))
    agenda.start(now=10, utc=NOON)
    agenda.ended(1)
    assert agenda.seconds_to_next(now=19.5) == pytest.approx(0.5)
    assert len(agenda.start(now=20, utc=NOON)) == 1


def test_minutes_missed_are_one_run() -> None:
    """A machine that slept for an hour runs a job of each minute once, and goes on with the next minute."""
    agenda = agenda_of(job("* * * * *"))
    assert agenda.start(now=0, utc=NOON) == []
    later = NOON + timedelta(hours=1)
    assert len(agenda.start(now=3600, utc=later)) == 1
    agenda.ended(1)
    assert agenda.start(now=3600, utc=later) == []
    assert len(agenda.start(now=3660, utc=later + timedelta(minutes=1))) == 1


def test_reboot_runs_once_at_the_start() -> None:
    """@reboot runs when the scheduler starts, and not when it is scheduled later."""
    agenda = agenda_of(job("@reboot"))
    assert agenda.start(now=0, utc=NOON) == [job("@reboot")]
    agenda.ended(1)
    agenda.learn([job("@reboot"), job("@reboot", 2)], now=1, utc=NOON)
    assert agenda.start(now=1, utc=NOON) == []


def test_inactive_job_is_not_due() -> None:
    """An inactive job does not start, and starts with the next look when it is switched on after its time."""
    agenda = agenda_of(job("1 second", active=False))
    assert agenda.start(now=100, utc=NOON) == []
    agenda.learn([job("1 second")], now=100, utc=NOON)
    assert len(agenda.start(now=100, utc=NOON)) == 1


def test_changed_schedule_counts_from_the_last_start() -> None:
    """A job put from 10 to 20 seconds runs 20 seconds after its last start."""
    agenda = agenda_of(job("10 seconds"))
    agenda.start(now=10, utc=NOON)
    agenda.ended(1)
    agenda.learn([job("20 seconds")], now=15, utc=NOON)
    assert agenda.start(now=29, utc=NOON) == []
    assert len(agenda.start(now=30, utc=NOON)) == 1


def test_job_unscheduled_while_running_is_not_started_twice() -> None:
    """A job that is unscheduled and put back during its run still has one run at a time."""
    agenda = agenda_of(job("1 second"))
    agenda.start(now=1, utc=NOON)
    agenda.learn([], now=2, utc=NOON)
    agenda.learn([job("1 second")], now=3, utc=NOON)
    assert agenda.start(now=10, utc=NOON) == []
    agenda.ended(1)
    assert len(agenda.start(now=10, utc=NOON)) == 1


def test_at_most_thirty_two_run() -> None:
    """Of 40 due jobs 32 start; the others when there is room."""
    agenda = agenda_of(*(job("1 second", number) for number in range(40)))
    assert len(agenda.start(now=1, utc=NOON)) == 32
    for number in range(32):
        agenda.ended(number)
    assert {started.jobid for started in agenda.start(now=1, utc=NOON)} >= set(range(32, 40))


def test_unreadable_schedule_does_not_stop_the_others() -> None:
    """A schedule written into the table by hand is passed over."""
    agenda = agenda_of(job("nonsense", 1), job("1 second", 2))
    assert [started.jobid for started in agenda.start(now=1, utc=NOON)] == [2]
