-- Finds the events of the last hour that the trigger did not record: it was switched off, or it failed.
create or replace function ops.reconcile_events_v1()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    found_events integer;
begin
    execute format(
        'insert into ops.event_dispatches (event_id, first_of_statement) '
        'select e.%1$I, row_number() over (order by e.created_at) = 1 from ops.platform_events e '
        'where e.created_at > now() - interval ''1 hour'' '
        'and not exists (select from ops.event_dispatches d where d.event_id = e.%1$I) '
        'order by e.created_at limit 1000 on conflict (event_id) do nothing',
        ops.platform_event_key_v1()
    );
    get diagnostics found_events = row_count;
    return found_events;
end;
$$;

revoke all on function ops.reconcile_events_v1() from public, anon, authenticated, service_role;
comment on function ops.reconcile_events_v1() is 'Records events that the trigger missed; how many. Called by the cron job ops_event_reconcile.';
