-- Who and which envelope: what each audit event says of its cause (invariant 10).
create or replace function ops.envelope_identity_v1(envelope ops.slack_envelopes)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'envelope_id', envelope.envelope_id,
        'team_id', envelope.team_id,
        'slack_user', left(coalesce(
            envelope.payload #>> '{user,id}', envelope.payload ->> 'user_id', envelope.payload #>> '{event,user}'
        ), 100),
        'slack_user_name', left(coalesce(
            envelope.payload #>> '{user,username}', envelope.payload #>> '{user,name}', envelope.payload ->> 'user_name'
        ), 200)
    ))
$$;

revoke all on function ops.envelope_identity_v1(ops.slack_envelopes) from public, anon, authenticated, service_role;
comment on function ops.envelope_identity_v1(ops.slack_envelopes) is 'envelope_id, team_id and the Slack user. Called by end_envelope_v1, settle_envelope_v1 and envelope_summary_v1.';
