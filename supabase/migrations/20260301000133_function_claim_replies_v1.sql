-- Private answers that whoever settled the envelope did not send. What cannot be sent any more is given up.
create or replace function ops.claim_replies_v1(handler text, max_replies integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    claimed jsonb;
begin
    with due as (
        select e.id from ops.slack_envelopes e
        where e.reply_status = 'due' and e.reply_due_at <= clock_timestamp() and e.handler = claim_replies_v1.handler
        order by e.reply_due_at limit max_replies for update skip locked
    ), taken as (
        update ops.slack_envelopes e
        set reply_attempts = e.reply_attempts + 1, reply_due_at = clock_timestamp() + interval '20 seconds',
            reply_status = case when o.over then 'failed' else 'due' end, reply = case when o.over then e.reply - 'url' else e.reply end
        from due
        cross join lateral (
            select d.reply_attempts >= 5 or d.received_at < clock_timestamp() - interval '30 minutes' as over
            from ops.slack_envelopes d where d.id = due.id
        ) o
        where e.id = due.id
        returning e.id, e.team_id, e.envelope_id, e.reply, e.reply_status
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'team_id', t.team_id, 'envelope_id', t.envelope_id, 'reply', t.reply
    ) order by t.id) filter (where t.reply_status = 'due'), '[]') into claimed
    from taken t;
    return jsonb_build_object('replies', claimed);
end;
$$;

revoke all on function ops.claim_replies_v1(text, integer) from public, anon, authenticated;
grant execute on function ops.claim_replies_v1(text, integer) to service_role;
comment on function ops.claim_replies_v1(text, integer) is 'Takes private answers that were left behind: {replies}. Called by action-handler and command-handler when the sweep rings.';
