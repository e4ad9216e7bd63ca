-- A message that could not be delivered is news itself: an event tells the default channel, once in each ten minutes of the
-- clock for the same channel and reason, and never about such an event itself. It is news only: the settle goes on without it.
create or replace function ops.announce_dead_delivery_v1(delivery_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    dead ops.deliveries;
    event_type text;
begin
    select d.* into dead from ops.deliveries d where d.delivery_id = announce_dead_delivery_v1.delivery_id;
    select e.event ->> 'event_type' into event_type from ops.read_events_v1(array[dead.event_id]) e;
    if event_type = 'delivery.dead' or exists (
        select from ops.deliveries d
        where d.status = 'dead' and d.dead_at >= date_bin('10 minutes', dead.dead_at, timestamptz 'epoch')
            and d.channel = dead.channel and d.reason = dead.reason and d.delivery_id <> dead.delivery_id
                and not d.in_digest
    ) then
        return;
    end if;
    perform ops.append_event_v1(
        event_type := 'delivery.dead', actor := 'notify-dispatch', target := dead.channel, status := 'error',
        error_detail := dead.error,
        payload := jsonb_build_object(
            'severity', 'error', 'service', 'pulser',
            'title', format('A message to %s could not be delivered', dead.channel),
            'summary', format('%s: %s', dead.reason, dead.error),
            'event_type', event_type, 'event_id', dead.event_id, 'delivery_id', dead.delivery_id
        )
    );
exception
    when others then
        raise warning 'pulser: the death of delivery % is not announced: % %', delivery_id, sqlstate, sqlerrm;
end;
$$;

revoke all on function ops.announce_dead_delivery_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.announce_dead_delivery_v1(uuid) is 'Appends the event delivery.dead. Called by settle_delivery_v1.';
