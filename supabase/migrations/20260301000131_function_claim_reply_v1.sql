-- A private answer is sent by one at a time, five times at most: that is how often Slack's response_url can be used. While Slack wants
-- chat.postEphemeral left alone, one that has no address waits; one that has is told for how long there is no other way.
create or replace function ops.claim_reply_v1(team_id text, envelope_id text)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    with held as (
        select ops.slack_held_until_v1('chat.postEphemeral') as until
    ), taken as (
        update ops.slack_envelopes e
        set reply_attempts = e.reply_attempts + 1, reply_due_at = clock_timestamp() + interval '20 seconds'
        from held
        where e.team_id = claim_reply_v1.team_id and e.envelope_id = claim_reply_v1.envelope_id
            and e.reply_status = 'due' and e.reply_attempts < 5 and e.received_at > now() - interval '30 minutes'
            and (e.reply_attempts = 0 or e.reply_due_at <= clock_timestamp())
            and (held.until is null or e.reply ->> 'url' is not null)
        returning e.reply || jsonb_strip_nulls(jsonb_build_object(
            'ephemeral_held_s', extract(epoch from held.until - clock_timestamp())
        )) as reply
    )
    select jsonb_build_object('reply', (select taken.reply from taken))
$$;

revoke all on function ops.claim_reply_v1(text, text) from public, anon, authenticated;
grant execute on function ops.claim_reply_v1(text, text) to service_role;
comment on function ops.claim_reply_v1(text, text) is 'Takes the private answer to an envelope: {reply}, null when none is due. Called by action-handler and command-handler.';
