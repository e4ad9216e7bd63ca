-- What a lost wake-up, a vanished worker or a wait left behind, is found here (invariant 5).
create or replace function ops.sweep_v1()
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform ops.expire_delivery_leases_v1();
    return ops.work_is_due_v1() and ops.ring_doorbell_v1('sweep');
end;
$$;

revoke all on function ops.sweep_v1() from public, anon, authenticated, service_role;
comment on function ops.sweep_v1() is 'Rings notify-dispatch when something is due and it is not awake; true when it rang. Called by the cron job ops_dispatch_sweep.';
