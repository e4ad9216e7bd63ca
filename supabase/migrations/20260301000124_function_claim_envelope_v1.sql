-- A handler takes the envelope that it was told of. One that waits for its next try is left to the sweep.
create or replace function ops.claim_envelope_v1(team_id text, envelope_id text, worker text, lease_seconds integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    asked ops.slack_envelopes;
begin
    select e.* into asked from ops.slack_envelopes e
    where e.id = (
        select coalesce(d.duplicate_of, d.id) from ops.slack_envelopes d
        where d.team_id = claim_envelope_v1.team_id and d.envelope_id = claim_envelope_v1.envelope_id
    )
    for update;
    if not found or asked.handler is null then
        return jsonb_build_object('state', 'unknown');
    end if;
    if asked.status in ('completed', 'failed') then
        return jsonb_build_object('state', 'settled', 'ack', asked.ack);
    end if;
    if asked.status = 'processing' and asked.lease_until >= clock_timestamp()
        or asked.status = 'pending' and asked.attempts > 0 and asked.next_attempt_at > clock_timestamp() then
        return jsonb_build_object('state', 'busy');
    end if;
    if ops.why_spent_v1(asked) is not null then
        perform ops.end_envelope_v1(asked.id, 'gave_up', ops.why_spent_v1(asked), asked.handler);
        return jsonb_build_object('state', 'settled', 'ack', null);
    end if;
    asked := ops.lease_envelope_v1(asked.id, worker, lease_seconds);
    return jsonb_build_object(
        'state', 'claimed', 'claim_token', asked.claim_token, 'attempt', asked.attempts, 'envelope', ops.envelope_json_v1(asked)
    );
end;
$$;

revoke all on function ops.claim_envelope_v1(text, text, text, integer) from public, anon, authenticated;
grant execute on function ops.claim_envelope_v1(text, text, text, integer) to service_role;
comment on function ops.claim_envelope_v1(text, text, text, integer) is 'Takes one envelope for a time: {state: claimed, settled, busy or unknown, …}. Called by action-handler and command-handler.';
