-- A trouble of the relay that a person must see, once in ten minutes for the same reason.
create or replace function ops.raise_relay_alarm_v1(reason text, detail text, worker text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into ops.relay_alarms (reason, worker, detail)
    values (left(raise_relay_alarm_v1.reason, 100), left(raise_relay_alarm_v1.worker, 200), left(raise_relay_alarm_v1.detail, 2000))
    on conflict on constraint relay_alarms_pkey do update
    set raised_at = excluded.raised_at, worker = excluded.worker, detail = excluded.detail
    -- One from the future was raised before the clock was set back. Asked now: the other may have been raised since our call began.
    where relay_alarms.raised_at not between clock_timestamp() - interval '10 minutes' and clock_timestamp();
    if not found then
        return jsonb_build_object('raised', false);
    end if;
    perform ops.append_event_v1(
        event_type := 'relay.alarm', actor := 'socket-relay', target := 'socket-relay', status := 'error',
        error_detail := left(raise_relay_alarm_v1.detail, 2000),
        payload := jsonb_build_object(
            'severity', 'error', 'service', 'pulser',
            'title', format('The relay is in trouble: %s', left(raise_relay_alarm_v1.reason, 100)),
            'summary', left(raise_relay_alarm_v1.detail, 2000),
            'reason', left(raise_relay_alarm_v1.reason, 100), 'worker', left(raise_relay_alarm_v1.worker, 200)
        )
    );
    return jsonb_build_object('raised', true);
end;
$$;

revoke all on function ops.raise_relay_alarm_v1(text, text, text) from public, anon, authenticated;
grant execute on function ops.raise_relay_alarm_v1(text, text, text) to service_role;
comment on function ops.raise_relay_alarm_v1(text, text, text) is 'Appends the event relay.alarm unless the same reason was raised just now: {raised}. Called by socket-relay.';
