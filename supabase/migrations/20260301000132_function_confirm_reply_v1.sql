-- How the sending of a private answer went. in_doubt: Slack may have shown it, so it is not sent again.
create or replace function ops.confirm_reply_v1(team_id text, envelope_id text, error text default null, in_doubt boolean default false)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    confirmed integer;
begin
    update ops.slack_envelopes e
    set reply_status = case
            when error is null then 'sent'
            when in_doubt or e.reply_attempts >= 5 or e.received_at < clock_timestamp() - interval '30 minutes' then 'failed'
            else 'due'
        end,
        -- The address lets anybody answer in our name: it is not kept.
        reply = case
            when error is null or in_doubt or e.reply_attempts >= 5 or e.received_at < clock_timestamp() - interval '30 minutes'
                then e.reply - 'url'
            else e.reply
        end,
        last_error = coalesce(e.last_error, left('the private answer: ' || error, 2000))
    where e.team_id = confirm_reply_v1.team_id and e.envelope_id = confirm_reply_v1.envelope_id and e.reply_status = 'due';
    get diagnostics confirmed = row_count;
    return jsonb_build_object('confirmed', confirmed > 0);
end;
$$;

revoke all on function ops.confirm_reply_v1(text, text, text, boolean) from public, anon, authenticated;
grant execute on function ops.confirm_reply_v1(text, text, text, boolean) to service_role;
comment on function ops.confirm_reply_v1(text, text, text, boolean) is 'Notes that a private answer was sent, or why not: {confirmed}. Called by action-handler and command-handler.';
