-- Notes new events as work for notify-dispatch. Whatever goes wrong here, the insert of the event goes on, and
-- reconcile_events_v1 finds the event later (invariant 5).
create or replace function ops.record_events_v1()
returns trigger
language plpgsql
security definer
set search_path = ''
set lock_timeout = '200ms'
as $$
begin
    if tg_argv[0] = 'event_id' then
        insert into ops.event_dispatches (event_id, first_of_statement)
        select n.event_id, row_number() over () = 1 from new_events n
        on conflict (event_id) do nothing;
    else
        insert into ops.event_dispatches (event_id, first_of_statement)
        select n.id, row_number() over () = 1 from new_events n
        on conflict (event_id) do nothing;
    end if;
    return null;
exception
    when others then
        raise log 'pulser: events are not recorded, the sweep will find them: % %', sqlstate, sqlerrm;
        return null;
end;
$$;

revoke all on function ops.record_events_v1() from public, anon, authenticated, service_role;
comment on function ops.record_events_v1() is 'Notes new events in ops.event_dispatches. Called by the trigger pulser_record_events on ops.platform_events.';
