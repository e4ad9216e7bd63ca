-- An envelope as a story tells it: who did what, when, what became of it and what the audit says of it. Nothing of its payload
-- beyond that: a modal's contents and addresses to answer by stay where they are.
create or replace function ops.why_envelope_v1(envelope ops.slack_envelopes)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select ops.envelope_summary_v1(envelope) || jsonb_build_object(
        'claimed_by', envelope.claimed_by, 'lease_until', envelope.lease_until, 'recorded_by', envelope.recorded_by,
        'last_error', left(envelope.last_error, 500), 'reply_attempts', envelope.reply_attempts,
        'next_attempt_at', case when envelope.status = 'pending' and envelope.handler is not null then envelope.next_attempt_at end,
        'twins', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'envelope_id', t.envelope_id, 'received_at', t.received_at, 'transport', t.transport
            ) order by t.id), '[]')
            from (select d.* from ops.slack_envelopes d where d.duplicate_of = envelope.id order by d.id limit 10) t
        ),
        'events', (
            select coalesce(jsonb_agg(ops.why_event_v1(r.event)), '[]') from ops.read_events_v1(envelope.event_ids) r
        )
    )
$$;

revoke all on function ops.why_envelope_v1(ops.slack_envelopes) from public, anon, authenticated, service_role;
comment on function ops.why_envelope_v1(ops.slack_envelopes) is 'An envelope with its duplicates and its audit. Called by why_story_v1 and why_v1.';
