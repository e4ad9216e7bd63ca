-- A dispatcher goes to rest. From now on inserts ring again. Those that are committing at this moment may still have
-- relied on us: the exclusive lock waits for them, and what they left is seen here.
create or replace function ops.rest_v1()
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
begin
    perform setval('ops.doorbell', (extract(epoch from clock_timestamp()) * 1000)::bigint);
    perform pg_advisory_xact_lock(hashtextextended('pulser.doorbell', 0));
    return jsonb_build_object('work_is_due', ops.work_is_due_v1());
exception
    when lock_not_available then
        return jsonb_build_object('work_is_due', true);
end;
$$;

revoke all on function ops.rest_v1() from public, anon, authenticated;
grant execute on function ops.rest_v1() to service_role;
comment on function ops.rest_v1() is 'Says that a dispatcher stops asking for work: {work_is_due}, and when that is true it must go on. Called by notify-dispatch.';
