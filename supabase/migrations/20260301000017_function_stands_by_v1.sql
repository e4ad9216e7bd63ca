-- A standby asks every two seconds or so; one that has not asked for six is gone.
create or replace function ops.stands_by_v1(but text)
returns boolean
language sql
volatile
set search_path = ''
as $$
    select exists (
        select from ops.relay_standbys b
        where b.worker <> stands_by_v1.but and b.asked_at > clock_timestamp() - interval '6 seconds'
    )
$$;

revoke all on function ops.stands_by_v1(text) from public, anon, authenticated, service_role;
comment on function ops.stands_by_v1(text) is 'Whether another relay waits for a connection. Called by relay_refusal_v1 and report_relay_sessions_v1.';
