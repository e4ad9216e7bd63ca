from __future__ import annotations

from dataclasses import replace

import pytest

from pulser_cli.doctor.cron_checks import cron_findings, period
from pulser_cli.doctor.facts import Job
from tests.unit.cli.doctor.facts import DAILY, HOSTILE, SWEEP, is_inert, job, levels, ran

LONG = 1e6  # seconds that the server is up


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ("5 seconds", 5),
        ("* * * * *", 60),
        ("*/10 * * * *", 600),
        ("23 * * * *", 3600),
        ("17 3 * * *", 86_400),
        ("", 86_400),
        ("nonsense", 86_400),
    ],
)
def test_the_time_between_two_runs(schedule: str, seconds: float) -> None:
    """Roughly."""
    assert period(schedule) == seconds


def test_jobs_that_run_are_right() -> None:
    """One finding each."""
    assert levels(cron_findings([job(), job(DAILY)], [SWEEP, DAILY], LONG)) == ["ok", "ok"]


@pytest.mark.parametrize(
    ("changed", "level"),
    [
        (job(active=False), "wrong"),
        (job(here=False), "wrong"),
        (job(command="select 1"), "wrong"),
        (job(command="  select   ops.sweep_v1() ; "), "ok"),
        (job(schedule="30 seconds"), "warning"),
        (job(last=ran(1, "failed", "ERROR: no")), "wrong"),
        (job(last=ran(1, "running")), "ok"),
        (job(last=ran(100)), "ok"),
    ],
)
def test_a_job(changed: Job, level: str) -> None:
    """As it should be, or not."""
    found = cron_findings([changed, job(DAILY)], [SWEEP, DAILY], LONG)
    assert levels(found) == [level, "ok"]
    assert found[0].check == "cron"


def test_jobs_that_run_each_minute_where_seconds_are_wanted() -> None:
    """One warning for all of them; each runs."""
    other = replace(SWEEP, name="ops_other")
    slow = [job(schedule="* * * * *"), job(other, schedule="* * * * *")]
    found = cron_findings(slow, [SWEEP, other], LONG)
    assert levels(found) == ["ok", "ok", "warning"]
    assert found[-1].what.startswith("ops_sweep, ops_other: ")


def test_a_job_that_is_not_there() -> None:
    """Its remedy is the SQL that schedules it."""
    (finding,) = cron_findings([], [SWEEP], LONG)
    assert finding.remedy == "select cron.schedule('ops_sweep', '5 seconds', 'select ops.sweep_v1()')"


def test_a_job_that_stopped_while_others_run() -> None:
    """Is told alone."""
    other = replace(SWEEP, name="ops_other")
    found = cron_findings([job(last=ran(3600)), job(other)], [SWEEP, other], LONG)
    assert levels(found) == ["wrong", "ok"]


def test_a_daily_job_waits_for_its_turn() -> None:
    """It did not run yet, which is no fault."""
    assert levels(cron_findings([job(), job(DAILY, last=None)], [SWEEP, DAILY], LONG)) == ["ok", "ok"]


def test_a_daily_job_that_missed_a_week() -> None:
    """Is wrong."""
    assert levels(cron_findings([job(), job(DAILY, last=ran(7 * 86_400))], [SWEEP, DAILY], LONG)) == ["ok", "wrong"]


@pytest.mark.parametrize("last", [None, ran(3600)])
@pytest.mark.parametrize(("up", "level"), [(LONG, "wrong"), (20.0, "warning")])
def test_nothing_runs_at_all(last: object, up: float, level: str) -> None:
    """One finding for the scheduler; a warning while the server is young."""
    assert levels(cron_findings([job(last=last), job(DAILY)], [SWEEP, DAILY], up)) == [level]


def test_nothing_runs_and_one_is_missing() -> None:
    """Both are told."""
    assert levels(cron_findings([job(last=None)], [SWEEP, DAILY], LONG)) == ["wrong", "wrong"]


def test_no_job_is_wanted() -> None:
    """Nothing to say."""
    assert cron_findings([job()], [], LONG) == []


def test_hostile_messages_are_inert() -> None:
    """A job's command and its message may be anything."""
    for changed in (job(command=HOSTILE), job(last=ran(1, "failed", HOSTILE)), job(schedule=HOSTILE)):
        assert all(is_inert(it) for it in cron_findings([changed, job(DAILY)], [SWEEP], LONG))
