-- How the sending of a private answer went. outcome: {} when it was sent, else {"error", "in_doubt", "nothing_done", "reason",
-- "retry_in_s", "hold_method"}. in_doubt: Slack may have shown it, so it is not sent again. nothing_done: Slack surely did nothing, or was
-- not reached, and may take it later. retry_in_s: it said when to come again (invariant 7); hold_method: for all, not for this answer alone.
create or replace function ops.confirm_reply_v1(team_id text, envelope_id text, outcome jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    error constant text := outcome ->> 'error';
    retry_in interval := make_interval(secs => (outcome ->> 'retry_in_s')::double precision);
    owed ops.slack_envelopes;
    becomes text;
begin
    if outcome ->> 'hold_method' is not null then
        perform ops.hold_slack_v1(
            outcome ->> 'hold_method', (outcome ->> 'retry_in_s')::double precision, coalesce(outcome ->> 'reason', 'ratelimited')
        );
    end if;
    select e.* into owed from ops.slack_envelopes e
    where e.team_id = confirm_reply_v1.team_id and e.envelope_id = confirm_reply_v1.envelope_id and e.reply_status = 'due'
    for update;
    if not found then
        return jsonb_build_object('confirmed', false);
    end if;
    -- What did not get through used nothing up: it is tried for as long as the note is of use, the older the less often.
    if retry_in is null and (outcome ->> 'nothing_done')::boolean then
        retry_in := least(interval '1 minute', greatest(interval '10 seconds', (clock_timestamp() - owed.received_at) / 4));
    end if;
    becomes := case
        when error is null then 'sent'
        when coalesce((outcome ->> 'in_doubt')::boolean, false) then 'failed'
        when owed.received_at < clock_timestamp() + coalesce(retry_in, interval '0') - interval '30 minutes' then 'failed'
        when retry_in is null and owed.reply_attempts >= 5 then 'failed'
        else 'due'
    end;
    update ops.slack_envelopes e
    set reply_status = becomes,
        -- The address lets anybody answer in our name: it is not kept.
        reply = case when becomes = 'due' then e.reply else e.reply - 'url' end,
        -- A try that did nothing is not counted; but one stays, for what nobody has tried is given out before it is due.
        reply_attempts = case when retry_in is null then e.reply_attempts else greatest(1, e.reply_attempts - 1) end,
        reply_due_at = coalesce(clock_timestamp() + retry_in, e.reply_due_at),
        last_error = coalesce(e.last_error, left('the private answer: ' || error, 2000))
    where e.id = owed.id;
    return jsonb_build_object('confirmed', true);
end;
$$;

revoke all on function ops.confirm_reply_v1(text, text, jsonb) from public, anon, authenticated;
grant execute on function ops.confirm_reply_v1(text, text, jsonb) to service_role;
comment on function ops.confirm_reply_v1(text, text, jsonb) is 'Notes that a private answer was sent, or why not and when it may be: {confirmed}. Called by action-handler and command-handler.';
