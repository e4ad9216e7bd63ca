-- Added once, without altering the table it finds. Events from before pulser came are history: they are not announced.
do $$
begin
    if exists (
        select from pg_catalog.pg_trigger t
        where t.tgrelid = 'ops.platform_events'::regclass and t.tgname = 'pulser_record_events'
    ) then
        return;
    end if;
    -- This lock of the table holds until commit, so no event comes between the two steps.
    execute format(
        'create trigger pulser_record_events after insert on ops.platform_events referencing new table as new_events '
        'for each statement execute function ops.record_events_v1(%L)',
        ops.platform_event_key_v1()
    );
    execute format(
        'insert into ops.event_dispatches (event_id, status, routed_at) '
        'select e.%I, ''unrouted'', clock_timestamp() from ops.platform_events e '
        'where e.created_at > now() - interval ''2 days'' on conflict (event_id) do nothing',
        ops.platform_event_key_v1()
    );
end;
$$;
