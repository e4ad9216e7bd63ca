-- Why an envelope is not worth another try; null when it is. What a person asked for half an hour ago he has given up by now, and
-- Slack takes no answer to it any more.
create or replace function ops.why_spent_v1(envelope ops.slack_envelopes)
returns text
language sql
volatile
set search_path = ''
as $$
    select case
        -- Each of its handlers has vanished: it is what makes them vanish.
        when envelope.attempts >= 8 then 'its handlers vanished'
        when envelope.event_type in ('interactive', 'slash_commands')
            and envelope.received_at < clock_timestamp() - interval '25 minutes' then 'nobody could carry it out for 25 minutes'
    end
$$;

revoke all on function ops.why_spent_v1(ops.slack_envelopes) from public, anon, authenticated, service_role;
comment on function ops.why_spent_v1(ops.slack_envelopes) is 'Why an envelope is given up instead of claimed. Called by claim_envelope_v1 and claim_envelopes_v1.';
