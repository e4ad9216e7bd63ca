-- The one switch between Socket Mode and Slack's HTTP requests. Relays see it in their next report and let go.
create or replace function ops.set_transport_v1(transport text, actor text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    if set_transport_v1.transport is null or set_transport_v1.transport not in ('socket', 'http') then
        raise exception '% is no transport', set_transport_v1.transport
            using errcode = 'invalid_parameter_value', hint = 'The transport is socket or http.';
    end if;
    -- Somebody has seen to Slack's own switch: the relays need not wait before they look again.
    delete from ops.slack_holds h
    where h.method = 'apps.connections.open' and h.reason = 'link_disabled' and set_transport_v1.transport = 'socket';
    update ops.relay_control c
    set transport = set_transport_v1.transport, changed_at = clock_timestamp(), changed_by = set_transport_v1.actor
    where c.transport <> set_transport_v1.transport;
    if not found then
        return jsonb_build_object('transport', set_transport_v1.transport, 'changed', false);
    end if;
    perform ops.append_event_v1(
        event_type := 'relay.transport', actor := set_transport_v1.actor, target := 'socket-relay',
        payload := jsonb_build_object(
            'severity', 'info', 'service', 'pulser', 'transport', set_transport_v1.transport,
            'title', format('Slack reaches pulser by %s', case set_transport_v1.transport
                when 'socket' then 'Socket Mode' else 'HTTP requests'
            end)
        )
    );
    perform ops.cover_relay_v1();
    return jsonb_build_object('transport', set_transport_v1.transport, 'changed', true);
end;
$$;

revoke all on function ops.set_transport_v1(text, text) from public, anon, authenticated;
grant execute on function ops.set_transport_v1(text, text) to service_role;
comment on function ops.set_transport_v1(text, text) is 'Switches the transport (socket or http), with an audit event: {transport, changed}. Called by `pulser relay transport` and `pulser dev`.';
