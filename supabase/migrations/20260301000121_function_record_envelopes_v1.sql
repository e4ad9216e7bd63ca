-- All envelopes that wait, in one call and one transaction (invariant 1). envelopes: [{"envelope_id", "team_id", "type", "payload",
-- "logical_key", "handler", "transport", "app_id", "session_id", "received_at", "retry_attempt", "retry_reason", "refused"}]
create or replace function ops.record_envelopes_v1(envelopes jsonb, worker text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    given record;
    one jsonb;
    results jsonb := jsonb_build_object();
begin
    -- In one order, whoever records: two relays with the same envelopes must not wait for each other.
    for given in
        select v.envelope, v.ordinal from jsonb_array_elements(envelopes) with ordinality v (envelope, ordinal)
        order by v.envelope ->> 'team_id', v.envelope ->> 'logical_key', v.envelope ->> 'envelope_id'
    loop
        one := ops.record_envelope_v1(given.envelope, worker);
        if one ->> 'state' = 'new' and given.envelope ->> 'refused' is not null then
            perform ops.end_envelope_v1((one ->> 'id')::bigint, 'refused', given.envelope ->> 'refused', worker);
            one := one || jsonb_build_object('state', 'refused');
        elsif one ->> 'state' = 'new' and given.envelope ->> 'type' in ('interactive', 'slash_commands')
            and (select e.received_at < clock_timestamp() - interval '2.5 seconds'
                from ops.slack_envelopes e where e.id = (one ->> 'id')::bigint) then
            -- Slack has told its user already that this failed, and does not send it again.
            perform ops.end_envelope_v1((one ->> 'id')::bigint, 'expired', 'it was recorded too late to be acknowledged', worker);
            one := one || jsonb_build_object('state', 'expired');
        end if;
        results := results || jsonb_build_object(given.ordinal::text, jsonb_build_object(
            'team_id', given.envelope ->> 'team_id', 'envelope_id', given.envelope ->> 'envelope_id', 'state', one ->> 'state',
            'ack', one -> 'ack', 'settled', coalesce((one ->> 'settled')::boolean, one ->> 'state' <> 'new'),
            -- A request by HTTP that comes again under its own id is a replay.
            'same_id', coalesce((one ->> 'same_id')::boolean, false)
        ));
    end loop;
    return jsonb_build_object(
        'now', extract(epoch from clock_timestamp()),
        'recorded', (select coalesce(jsonb_agg(r.value order by r.key::integer), '[]') from jsonb_each(results) r)
    );
end;
$$;

revoke all on function ops.record_envelopes_v1(jsonb, text) from public, anon, authenticated;
grant execute on function ops.record_envelopes_v1(jsonb, text) to service_role;
comment on function ops.record_envelopes_v1(jsonb, text) is 'Records envelopes before they are acknowledged: {now, recorded: [{team_id, envelope_id, state, ack, settled, same_id}]}. Called by socket-relay, action-handler and command-handler.';
