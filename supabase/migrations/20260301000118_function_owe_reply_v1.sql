-- A private note to who clicked or typed, where Slack gave a way to reach him. Sent by the envelope's handler.
create or replace function ops.owe_reply_v1(id bigint, note text)
returns void
language sql
set search_path = ''
as $$
    update ops.slack_envelopes e
    set reply_status = 'due', reply_due_at = clock_timestamp(),
        reply = case
            when e.payload ->> 'response_url' is not null then jsonb_build_object(
                'via', 'response_url', 'url', e.payload ->> 'response_url',
                'body', jsonb_build_object('response_type', 'ephemeral', 'replace_original', false, 'text', note)
            )
            else jsonb_build_object(
                'via', 'ephemeral', 'channel', coalesce(e.payload #>> '{channel,id}', e.payload #>> '{event,channel}'),
                'user', coalesce(e.payload #>> '{user,id}', e.payload #>> '{event,user}'),
                'thread_ts', e.payload #>> '{event,thread_ts}', 'body', jsonb_build_object('text', note)
            )
        end
    where e.id = owe_reply_v1.id and e.handler is not null and (
        e.payload ->> 'response_url' is not null
        or coalesce(e.payload #>> '{channel,id}', e.payload #>> '{event,channel}') is not null
            and coalesce(e.payload #>> '{user,id}', e.payload #>> '{event,user}') is not null
    )
$$;

revoke all on function ops.owe_reply_v1(bigint, text) from public, anon, authenticated, service_role;
comment on function ops.owe_reply_v1(bigint, text) is 'Notes a private answer that is to be sent. Called by end_envelope_v1.';
