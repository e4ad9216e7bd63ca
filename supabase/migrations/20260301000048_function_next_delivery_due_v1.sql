-- When a delivery can next be claimed: a post that its channel's pace and Slack allow, a probe, an update, a hook, or
-- a lease that runs out.
create or replace function ops.next_delivery_due_v1()
returns timestamptz
language sql
volatile
set search_path = ''
as $$
    select min(due.at) from (
        select greatest(c.next_post_at, h.next_attempt_at, ops.slack_held_until_v1('chat.postMessage')) as at
        from ops.slack_channels c cross join lateral ops.channel_head_v1(c.channel) h
        where h.status in ('queued', 'failed')
        union all
        (
            select greatest(d.next_attempt_at, ops.slack_held_until_v1('conversations.history'))
            from ops.deliveries d
            where d.status = 'in_doubt' and d.thread_delivery_id is null and d.claim_token is null and not d.in_digest order by d.next_attempt_at limit 1
        )
        union all
        (
            select greatest(d.next_attempt_at, ops.slack_held_until_v1('conversations.replies'))
            from ops.deliveries d
            where d.status = 'in_doubt' and d.thread_delivery_id is not null and d.claim_token is null and not d.in_digest
            order by d.next_attempt_at limit 1
        )
        union all
        (
            -- Nearer than this to the end of what claim_updates_v1 lets the pace run, not even one is allowed.
            select greatest(
                d.next_attempt_at, ops.slack_held_until_v1('chat.update'),
                (select p.used_until - interval '13.5 seconds' from ops.slack_paces p where p.method = 'chat.update')
            )
            from ops.deliveries d
            where d.kind = 'update' and d.status in ('queued', 'failed') order by d.next_attempt_at limit 1
        )
        union all
        (
            select d.next_attempt_at from ops.deliveries d
            where d.kind = 'hook' and d.status in ('queued', 'failed') order by d.next_attempt_at limit 1
        )
        union all
        (select d.lease_until from ops.deliveries d where d.claim_token is not null and not d.in_digest order by d.lease_until limit 1)
    ) due
$$;

revoke all on function ops.next_delivery_due_v1() from public, anon, authenticated, service_role;
comment on function ops.next_delivery_due_v1() is 'When the next delivery can be claimed, null when none waits. Called by claim_deliveries_v1, work_is_due_v1.';
