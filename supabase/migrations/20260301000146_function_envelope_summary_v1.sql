create or replace function ops.envelope_summary_v1(envelope ops.slack_envelopes)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', envelope.id, 'envelope_id', envelope.envelope_id, 'team_id', envelope.team_id, 'type', envelope.event_type,
        'what', ops.envelope_what_v1(envelope.event_type, envelope.payload), 'handler', envelope.handler,
        'user_id', identity.it ->> 'slack_user', 'user_name', identity.it ->> 'slack_user_name',
        'channel_id', coalesce(envelope.payload #>> '{channel,id}', envelope.payload ->> 'channel_id', envelope.payload #>> '{event,channel}'),
        'message_ts', envelope.payload #>> '{container,message_ts}',
        'status', envelope.status, 'last_error', envelope.last_error, 'attempts', envelope.attempts,
        'duplicates', envelope.duplicates,
        'duplicate_of', (select d.envelope_id from ops.slack_envelopes d where d.id = envelope.duplicate_of),
        'transport', envelope.transport, 'session_id', envelope.session_id, 'retry_attempt', envelope.retry_attempt,
        'received_at', envelope.received_at, 'recorded_at', envelope.recorded_at, 'processed_at', envelope.processed_at,
        'latency_ms', round(extract(epoch from envelope.processed_at - envelope.received_at) * 1000),
        'ack', envelope.ack is not null, 'reply_status', envelope.reply_status
    )
    from (values (ops.envelope_identity_v1(envelope))) identity (it)
$$;

revoke all on function ops.envelope_summary_v1(ops.slack_envelopes) from public, anon, authenticated, service_role;
comment on function ops.envelope_summary_v1(ops.slack_envelopes) is 'An envelope as the ledger''s readers see it. Called by list_envelopes_v1 and envelope_story_v1.';
