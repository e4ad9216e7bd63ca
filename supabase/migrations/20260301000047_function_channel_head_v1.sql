-- The next post of a channel and when its own backoff ends. A channel's order is kept: only its head can go, and while
-- a post is being sent, nothing else does: also not an older one that a person retries, or that was left behind and is not in
-- Slack. One that has been in doubt for a minute is left behind (and said so), and so is one that is in doubt for the sixth time:
-- Slack fails with this message, and would with it hold up all others. A briefing's turn comes when its message's fate is known.
-- What may not fold goes before what may; but where many of these come, what has waited two seconds has every other turn.
create or replace function ops.channel_head_v1(channel text)
returns table (delivery_id uuid, status text, next_attempt_at timestamptz, may_fold boolean)
language sql
volatile
set search_path = ''
as $$
    select h.delivery_id, h.status, h.next_attempt_at, h.may_fold
    from (
        (
            select d.delivery_id, d.status, d.next_attempt_at, d.may_fold, 0 as turn
            from ops.deliveries d
            where d.channel = channel_head_v1.channel and d.kind = 'post' and d.status = 'sending' and not d.in_digest
        )
        union all
        (
            select d.delivery_id, d.status, d.next_attempt_at, d.may_fold, 2
            from ops.deliveries d
            where d.channel = channel_head_v1.channel and not d.may_fold
                and d.kind = 'post' and d.status in ('queued', 'in_doubt', 'failed')
                and not (d.status = 'in_doubt' and (d.doubtful_since < clock_timestamp() - interval '1 minute' or d.attempts > 5))
                and (d.thread_delivery_id is null or exists (
                    select from ops.deliveries t where t.delivery_id = d.thread_delivery_id and t.status in ('sent', 'dead')
                ))
            order by d.position
            limit 1
        )
        union all
        (
            select d.delivery_id, d.status, d.next_attempt_at, d.may_fold, case
                    when d.status <> 'in_doubt' and d.next_attempt_at <= clock_timestamp()
                        and d.created_at < clock_timestamp() - interval '2 seconds'
                        and not (select c.last_may_fold from ops.slack_channels c where c.channel = channel_head_v1.channel)
                    then 1 else 3
                end
            from ops.deliveries d
            where d.channel = channel_head_v1.channel and d.may_fold and not d.in_digest
                and d.kind = 'post' and d.status in ('queued', 'in_doubt', 'failed')
                and not (d.status = 'in_doubt' and (d.doubtful_since < clock_timestamp() - interval '1 minute' or d.attempts > 5))
            order by d.position
            limit 1
        )
    ) h
    order by h.turn
    limit 1
$$;

revoke all on function ops.channel_head_v1(text) from public, anon, authenticated, service_role;
comment on function ops.channel_head_v1(text) is 'The next delivery of a channel, or the one that is being sent. Called by claim_posts_v1, next_delivery_due_v1 and why_delivery_v1.';
