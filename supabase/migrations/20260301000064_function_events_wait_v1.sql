-- One look at an index: a dispatcher that is awake asks it many times a second.
create or replace function ops.events_wait_v1()
returns boolean
language sql
volatile
security definer
set search_path = ''
as $$
    select exists (
        select from ops.event_dispatches d
        where d.status = 'pending' and (d.lease_until is null or d.lease_until < clock_timestamp())
    )
$$;

revoke all on function ops.events_wait_v1() from public, anon, authenticated;
grant execute on function ops.events_wait_v1() to service_role;
comment on function ops.events_wait_v1() is 'Whether events wait that no router holds. Called by work_is_due_v1, and by notify-dispatch between two turns.';
