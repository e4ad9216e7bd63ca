-- Private answers that whoever settled the envelope did not send. What cannot be sent any more is given up; what has no address waits,
-- without a try, for as long as Slack wants chat.postEphemeral left alone.
create or replace function ops.claim_replies_v1(handler text, max_replies integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    held_until constant timestamptz := ops.slack_held_until_v1('chat.postEphemeral');
    claimed jsonb;
begin
    with due as (
        select e.id, e.reply_attempts >= 5 or e.received_at < clock_timestamp() - interval '30 minutes' as over,
            held_until is not null and e.reply ->> 'url' is null as waits
        from ops.slack_envelopes e
        where e.reply_status = 'due' and e.reply_due_at <= clock_timestamp() and e.handler = claim_replies_v1.handler
        order by e.reply_due_at limit max_replies for update skip locked
    ), taken as (
        update ops.slack_envelopes e
        set reply_attempts = e.reply_attempts + (not due.waits)::integer,
            reply_due_at = case when due.waits then held_until else clock_timestamp() + interval '20 seconds' end,
            reply_status = case when due.over then 'failed' else 'due' end,
            reply = case when due.over then e.reply - 'url' else e.reply end,
            last_error = case
                when due.over then coalesce(e.last_error, 'the private answer: it could not be given in half an hour, or in five tries')
                else e.last_error
            end
        from due
        where e.id = due.id
        returning e.id, e.team_id, e.envelope_id, e.reply, e.reply_status = 'due' and not due.waits as is_given
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'team_id', t.team_id, 'envelope_id', t.envelope_id, 'reply', t.reply || jsonb_strip_nulls(jsonb_build_object(
            'ephemeral_held_s', extract(epoch from held_until - clock_timestamp())
        ))
    ) order by t.id) filter (where t.is_given), '[]') into claimed
    from taken t;
    return jsonb_build_object('replies', claimed);
end;
$$;

revoke all on function ops.claim_replies_v1(text, integer) from public, anon, authenticated;
grant execute on function ops.claim_replies_v1(text, integer) to service_role;
comment on function ops.claim_replies_v1(text, integer) is 'Takes private answers that were left behind: {replies}. Called by action-handler and command-handler when the sweep rings.';
