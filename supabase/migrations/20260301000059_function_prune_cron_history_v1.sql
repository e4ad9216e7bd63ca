-- pg_cron keeps a row of each run for ever: some 17,000 a day for a sweep every five seconds.
create or replace function ops.prune_cron_history_v1()
returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
    pruned bigint;
begin
    delete from cron.job_run_details r
    using cron.job j
    where j.jobid = r.jobid and j.jobname like 'ops\_%' and r.end_time < now() - interval '7 days';
    get diagnostics pruned = row_count;
    return pruned;
end;
$$;

revoke all on function ops.prune_cron_history_v1() from public, anon, authenticated, service_role;
comment on function ops.prune_cron_history_v1() is 'Removes run details of our jobs that are over a week old; how many. Called by the cron job ops_cron_history_prune.';
