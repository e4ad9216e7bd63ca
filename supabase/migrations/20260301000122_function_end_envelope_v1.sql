-- An envelope that is not run, or not tried again: failed, with its reason, an audit event, and a private note to who sent it.
-- why: refused, expired, gave_up.
create or replace function ops.end_envelope_v1(id bigint, why text, detail text, worker text)
returns void
language plpgsql
set search_path = ''
as $$
declare
    audit_id uuid;
    ended ops.slack_envelopes;
begin
    update ops.slack_envelopes e
    set status = 'failed', processed_at = clock_timestamp(), last_error = left(format('%s: %s', why, detail), 2000),
        claim_token = null, claimed_by = null, lease_until = null
    where e.id = end_envelope_v1.id
    returning e.* into ended;

    audit_id := ops.append_event_v1(
        event_type := case ended.event_type
            when 'slash_commands' then 'slack.command' when 'interactive' then 'slack.action' else 'slack.event'
        end,
        actor := split_part(worker, '@', 1), target := ops.envelope_what_v1(ended.event_type, ended.payload),
        payload := jsonb_build_object(
            -- What pulser could not do is an error that people should see; what it refused or what came late is for the audit.
            'severity', case why when 'gave_up' then 'error' else 'info' end,
            'service', 'pulser', 'outcome', why, 'reason', detail,
            'title', case why when 'gave_up' then format('%s could not be carried out', ops.envelope_what_v1(ended.event_type, ended.payload)) end,
            'summary', case why when 'gave_up' then detail end
        ) || ops.envelope_identity_v1(ended),
        status := 'error', error_detail := case why when 'gave_up' then detail end
    );
    if why <> 'refused' then
        perform ops.owe_reply_v1(ended.id, case why
            when 'expired' then 'pulser was too slow and did nothing. Please try again.'
            else 'pulser could not do this. It has been recorded, and the team has been told.'
        end);
    end if;
    -- The address lets anybody answer in our name: it stays with the answer that is due, nowhere else.
    update ops.slack_envelopes e
    set payload = case when jsonb_typeof(e.payload) = 'object' then e.payload - array['response_url', 'response_urls'] else e.payload end,
        event_ids = array[audit_id]
    where e.id = ended.id;
end;
$$;

revoke all on function ops.end_envelope_v1(bigint, text, text, text) from public, anon, authenticated, service_role;
comment on function ops.end_envelope_v1(bigint, text, text, text) is 'Ends an envelope without an effect. Called by record_envelopes_v1, expire_envelopes_v1 and fail_envelope_v1.';
