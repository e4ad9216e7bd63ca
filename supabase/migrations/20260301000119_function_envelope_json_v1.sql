create or replace function ops.envelope_json_v1(envelope ops.slack_envelopes)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'envelope_id', envelope.envelope_id, 'team_id', envelope.team_id, 'type', envelope.event_type,
        'payload', envelope.payload, 'handler', envelope.handler, 'transport', envelope.transport,
        'app_id', envelope.app_id, 'received_at', envelope.received_at,
        'age_s', extract(epoch from clock_timestamp() - envelope.received_at),
        'attempts', envelope.attempts, 'retry_attempt', envelope.retry_attempt
    )
$$;

revoke all on function ops.envelope_json_v1(ops.slack_envelopes) from public, anon, authenticated, service_role;
comment on function ops.envelope_json_v1(ops.slack_envelopes) is 'An envelope as its handler gets it. Called by claim_envelope_v1 and claim_envelopes_v1.';
