-- Schedules in seconds where the installed pg_cron knows them (1.5 and newer), else each minute.
create or replace function ops.schedule_job_v1(job_name text, every_seconds integer, command text)
returns text
language plpgsql
set search_path = ''
as $$
declare
    schedule text := every_seconds || ' seconds';
begin
    begin
        perform cron.schedule(job_name, schedule, command);
    exception
        when others then
            raise notice 'pulser: % runs each minute, pg_cron takes no seconds here: %', job_name, sqlerrm;
            schedule := '* * * * *';
            perform cron.schedule(job_name, schedule, command);
    end;
    return schedule;
end;
$$;

revoke all on function ops.schedule_job_v1(text, integer, text) from public, anon, authenticated, service_role;
comment on function ops.schedule_job_v1(text, integer, text) is 'Schedules a job every so many seconds, or each minute; the schedule it got. Called by the migrations that schedule cron jobs.';
