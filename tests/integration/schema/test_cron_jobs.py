"""prune_cron_history_v1, schedule_job_v1 and the jobs that the migrations schedule."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import Session

HISTORY = """
insert into cron.job_run_details (jobid, runid, status, start_time, end_time)
select j.jobid, row_number() over (), 'succeeded',
    now() - make_interval(days => days), now() - make_interval(days => days)
from cron.job j cross join unnest($1::integer[]) days
where j.jobname = $2
"""
# pg_cron's own check of a schedule, of before 1.5 and of now; what was asked for is kept.
CRON = """
create table cron.asked (schedule text);
create or replace function cron.schedule(job_name text, schedule text, command text) returns bigint
language plpgsql as $$
begin
    if schedule like '%seconds' and not {knows_seconds} then
        raise exception 'invalid schedule: %', schedule;
    end if;
    insert into cron.asked values (schedule);
    return 1;
end
$$;
"""
JOBS = {
    "ops_dispatch_sweep": "select ops.sweep_v1()",
    "ops_event_reconcile": "select ops.reconcile_events_v1()",
    "ops_cron_history_prune": "select ops.prune_cron_history_v1()",
    "ops_envelope_sweep": "select ops.sweep_envelopes_v1()",
    "ops_envelope_prune": "select ops.prune_envelopes_v1()",
    "ops_ledger_prune": "select ops.prune_ledger_v1()",
    "ops_deploy_expire": "select ops.expire_deploys_v1()",
    "ops_silence_end": "select ops.end_silences_v1()",
    "ops_relay_cover": "select ops.cover_relay_v1()",
    "ops_canary": "select ops.tend_canary_v1()",
    "ops_relay_prune": "select ops.prune_relay_sessions_v1()",
}


async def test_details_of_over_a_week_ago_are_removed(db: Session) -> None:
    """It tells how many; younger ones stay."""
    await db.run(HISTORY, [8, 9, 6], "ops_dispatch_sweep")
    assert await db.call("prune_cron_history_v1") == 2
    assert await db.value("select count(*) from cron.job_run_details") == 1


async def test_details_of_foreign_jobs_are_left_alone(db: Session) -> None:
    """What other jobs keep is not ours to remove."""
    await db.run("select cron.schedule('opsimist', '* * * * *', 'select 1')")
    await db.run(HISTORY, [30], "opsimist")
    pruned = await db.call("prune_cron_history_v1")
    await db.run("select cron.unschedule('opsimist')")
    assert pruned == 0


@pytest.mark.parametrize(("knows_seconds", "schedule"), [(True, "5 seconds"), (False, "* * * * *")])
async def test_a_job_runs_every_few_seconds_where_cron_can(own: Session, *, knows_seconds: bool, schedule: str) -> None:
    """Where the installed pg_cron has no seconds, it runs each minute."""
    await own.run(CRON.format(knows_seconds=knows_seconds))
    assert await own.call("schedule_job_v1", job_name="ops_test", every_seconds=5, command="select 1") == schedule
    assert await own.column("select schedule from cron.asked") == [schedule]


@pytest.mark.parametrize("job", JOBS)
async def test_the_migrations_schedule_the_jobs_of_the_contract(own: Session, job: str) -> None:
    """Once each, under its name."""
    assert await own.column("select command from cron.job where jobname = $1", job) == [JOBS[job]]


@pytest.mark.parametrize("job", JOBS)
async def test_what_a_job_runs_runs(db: Session, job: str) -> None:
    """The command of each job is a statement that succeeds."""
    assert await db.run(JOBS[job]) == "SELECT 1"
