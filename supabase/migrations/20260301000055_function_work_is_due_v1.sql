create or replace function ops.work_is_due_v1()
returns boolean
language sql
volatile
security definer
set search_path = ''
as $$
    select exists (
        select from ops.event_dispatches d
        where d.status = 'pending' and (d.lease_until is null or d.lease_until < clock_timestamp())
    ) or coalesce(ops.next_delivery_due_v1() <= clock_timestamp(), false)
$$;

revoke all on function ops.work_is_due_v1() from public, anon, authenticated, service_role;
comment on function ops.work_is_due_v1() is 'Whether a dispatcher would find something to do now. Called by rest_v1 and sweep_v1.';
