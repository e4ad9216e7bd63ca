-- The audit events of an envelope, each with who and which envelope (invariant 10); an envelope without any gets a plain one.
create or replace function ops.audit_envelope_v1(envelope ops.slack_envelopes, events jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    identity constant jsonb := ops.envelope_identity_v1(envelope);
    given jsonb;
    event_ids jsonb := jsonb_build_object();
begin
    if jsonb_typeof(events) is distinct from 'array' or jsonb_array_length(events) = 0 then
        events := jsonb_build_array(jsonb_build_object('key', 'main', 'event_type', 'slack.action'));
    end if;
    for given in select v.event from jsonb_array_elements(events) v (event) loop
        event_ids := event_ids || jsonb_build_object(coalesce(given ->> 'key', 'main'), ops.append_event_v1(
            event_type := given ->> 'event_type',
            actor := envelope.handler,
            target := coalesce(given ->> 'target', ops.envelope_what_v1(envelope.event_type, envelope.payload)),
            payload := coalesce(nullif(given -> 'payload', 'null'), '{}') || identity,
            status := coalesce(given ->> 'status', 'ok'),
            error_detail := given ->> 'error_detail'
        ));
    end loop;
    return event_ids;
end;
$$;

revoke all on function ops.audit_envelope_v1(ops.slack_envelopes, jsonb) from public, anon, authenticated, service_role;
comment on function ops.audit_envelope_v1(ops.slack_envelopes, jsonb) is 'Appends the audit events of an envelope; their ids by key. Called by settle_envelope_v1.';
