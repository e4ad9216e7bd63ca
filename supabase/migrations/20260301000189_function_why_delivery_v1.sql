-- A delivery with what it waited for: its first 10 and last 20 attempts, numbered; how many posts of its channel were ahead of it;
-- what stopped its neighbours in the outbox meanwhile (Slack's holds are for all); and what it waits for now.
create or replace function ops.why_delivery_v1(delivery ops.deliveries)
returns jsonb
language sql
volatile
set search_path = ''
as $$
    select ops.delivery_summary_v1(delivery, null, delivery.created_at) || jsonb_build_object(
        'claimed_by', delivery.claimed_by, 'lease_until', delivery.lease_until, 'dead_at', delivery.dead_at, 'mention', delivery.mention,
        'card_version', delivery.card_version, 'service', delivery.hook ->> 'service', 'target_delivery_id', delivery.target_delivery_id,
        'attempts_total', coalesce(log.total, 0), 'attempts_log', coalesce(log.attempts, '[]'),
        'ahead', (
            select count(*) from (
                select p.* from ops.deliveries p where p.position < delivery.position order by p.position desc limit 500) p
            where delivery.kind = 'post' and p.kind = 'post' and p.channel = delivery.channel
                and coalesce(p.sent_at, p.dead_at, 'infinity') > delivery.created_at
        ),
        'stopped', (
            select coalesce(jsonb_agg(s.stop order by s.ended_at), '[]') from (
                select a.ended_at, jsonb_build_object('at', a.ended_at, 'purpose', a.purpose, 'outcome', a.outcome,
                    'reason', a.reason, 'channel', n.channel, 'ahead', n.position < delivery.position,
                    'done_at', coalesce(n.sent_at, n.dead_at)) as stop
                from (
                    (select n.* from ops.deliveries n where n.position < delivery.position order by n.position desc limit 200)
                    union all
                    (select n.* from ops.deliveries n where n.position > delivery.position order by n.position limit 100)
                ) n
                -- Each by index: the limit keeps the planner from reading all attempts of all deliveries.
                cross join lateral (select t.* from ops.delivery_attempts t where t.delivery_id = n.delivery_id limit 20) a
                where (n.attempts > 1 or n.reason is not null or n.adopted)
                    and a.outcome in ('failed', 'unknown', 'in_doubt', 'lease_expired')
                    and a.ended_at > delivery.created_at - interval '1 hour' and a.ended_at < coalesce(delivery.sent_at, delivery.dead_at, 'infinity')
                order by a.ended_at desc limit 20
            ) s
        ),
        'hold', (
            select jsonb_build_object('method', h.method, 'reason', h.reason, 'held_until', h.held_until)
            from ops.slack_holds h
            where h.held_until > clock_timestamp() and h.method in ('*', case when delivery.status = 'in_doubt' then
                    case when delivery.thread_delivery_id is null then 'conversations.history' else 'conversations.replies' end
                when delivery.kind = 'post' then 'chat.postMessage' when delivery.kind = 'update' then 'chat.update' end)
                and delivery.kind <> 'hook'
            order by h.held_until desc limit 1
        ),
        'digest_events', (select count(*) from ops.deliveries m where m.digest_id = delivery.digest_id and m.kind = 'post'),
        'thread', (select jsonb_build_object('delivery_id', t.delivery_id, 'status', t.status) from ops.deliveries t where t.delivery_id = delivery.thread_delivery_id),
        'head', (select jsonb_build_object('delivery_id', h.delivery_id, 'status', h.status, 'next_attempt_at', h.next_attempt_at)
            from ops.channel_head_v1(delivery.channel) h where delivery.kind = 'post' and h.delivery_id <> delivery.delivery_id),
        'paced_until', (select c.next_post_at from ops.slack_channels c where c.channel = delivery.channel and isfinite(c.next_post_at))
    )
    from (
        select max(n.total) as total, jsonb_agg(jsonb_build_object(
            'number', n.number, 'purpose', n.purpose, 'worker', n.worker, 'started_at', n.started_at, 'ended_at', n.ended_at,
            'outcome', n.outcome, 'reason', n.reason, 'error', left(n.error, 500)) order by n.number) as attempts
        from (
            select a.*, row_number() over (order by a.started_at, a.claim_token) as number, count(*) over () as total
            from ops.delivery_attempts a where a.delivery_id = delivery.delivery_id
        ) n
        where n.number <= 10 or n.number > n.total - 20
    ) log
$$;

revoke all on function ops.why_delivery_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.why_delivery_v1(ops.deliveries) is 'A delivery, what it waited for and waits for. Called by why_story_v1 and why_v1.';
