-- The jobs named ops_*, each with its newest run. What a run said is told of a failed one only.
create or replace function ops.doctor_jobs_v1()
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'name', j.jobname,
        'schedule', j.schedule,
        'command', ops.without_secrets_v1(j.command),
        'active', j.active,
        'here', j.database = current_database(),
        'last', (
            select jsonb_build_object(
                'status', d.status,
                'seconds_ago', extract(epoch from clock_timestamp() - d.start_time),
                'message', case d.status when 'failed' then ops.without_secrets_v1(d.return_message) end
            )
            from cron.job_run_details d
            where d.jobid = j.jobid and d.start_time is not null
            order by d.runid desc limit 1
        )
    ) order by j.jobname), '[]')
    from cron.job j
    where j.jobname like 'ops\_%'
$$;

revoke all on function ops.doctor_jobs_v1() from public, anon, authenticated;
grant execute on function ops.doctor_jobs_v1() to service_role;
comment on function ops.doctor_jobs_v1() is 'The cron jobs ops_* and how the newest run of each went. Called by `pulser doctor`.';
