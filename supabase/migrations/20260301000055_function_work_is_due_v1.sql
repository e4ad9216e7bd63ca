create or replace function ops.work_is_due_v1()
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return ops.events_wait_v1() or coalesce(ops.next_delivery_due_v1() <= clock_timestamp(), false);
end;
$$;

revoke all on function ops.work_is_due_v1() from public, anon, authenticated, service_role;
comment on function ops.work_is_due_v1() is 'Whether a dispatcher would find something to do now. Called by rest_v1 and sweep_v1.';
