-- change: {"action": "start"} with what start_silence_v1 takes, or {"action": "end", "silence_id", "ended_by"}. Null when it was made, or is
-- over, already: whoever asked looks once more. Else {"silence": the event's id}, as audit_envelope_v1 tells its events; {} where no change
-- is asked for.
create or replace function ops.change_silence_v1(envelope ops.slack_envelopes, change jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    identity constant jsonb := ops.envelope_identity_v1(envelope);
    changed jsonb;
begin
    if jsonb_typeof(change) is distinct from 'object' then
        return '{}'::jsonb;
    end if;
    if change ->> 'action' = 'end' then
        changed := ops.end_silence_v1((change ->> 'silence_id')::uuid, change -> 'ended_by', envelope.handler, identity);
    else
        changed := ops.start_silence_v1(change, envelope.handler, identity);
    end if;
    return case when changed ? 'event_id' then jsonb_build_object('silence', changed ->> 'event_id') end;
end;
$$;

revoke all on function ops.change_silence_v1(ops.slack_envelopes, jsonb) from public, anon, authenticated, service_role;
comment on function ops.change_silence_v1(ops.slack_envelopes, jsonb) is 'Begins or ends a silence for a person in Slack. Called by settle_envelope_v1.';
