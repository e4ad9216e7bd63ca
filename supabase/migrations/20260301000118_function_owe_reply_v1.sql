-- A private note to who clicked or typed, where Slack gave a way to reach him. Sent by the envelope's handler.
create or replace function ops.owe_reply_v1(id bigint, note text)
returns void
language sql
set search_path = ''
as $$
    update ops.slack_envelopes e
    set reply_status = 'due', reply_due_at = clock_timestamp(),
        -- By the address where there is one, else, or when Slack refuses it, as an ephemeral message.
        reply = jsonb_strip_nulls(jsonb_build_object(
            'via', case when way.url is null then 'ephemeral' else 'response_url' end,
            'url', way.url, 'channel', way.channel, 'user', way.slack_user, 'thread_ts', e.payload #>> '{event,thread_ts}',
            'body', jsonb_build_object('response_type', 'ephemeral', 'replace_original', false, 'text', note)
        ))
    from ops.slack_envelopes o
    cross join lateral (
        select o.payload ->> 'response_url' as url,
            coalesce(o.payload #>> '{channel,id}', o.payload ->> 'channel_id', o.payload #>> '{event,channel}') as channel,
            ops.envelope_identity_v1(o) ->> 'slack_user' as slack_user
    ) way
    where o.id = owe_reply_v1.id and e.id = o.id and e.handler is not null
        and (way.url is not null or way.channel is not null and way.slack_user is not null)
$$;

revoke all on function ops.owe_reply_v1(bigint, text) from public, anon, authenticated, service_role;
comment on function ops.owe_reply_v1(bigint, text) is 'Notes a private answer that is to be sent. Called by end_envelope_v1.';
