-- Work for a dispatcher: hooks, posts, updates and probes, each with a token, and in how many seconds there will be more. A post
-- with a thread_part stands in the thread of the message thread_ts; a briefing and a reminder tell what is "known".
create or replace function ops.claim_deliveries_v1(worker text, max_deliveries integer, lease_seconds integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    claimed uuid[];
    work jsonb;
    next_due timestamptz;
begin
    perform ops.expire_delivery_leases_v1();
    claimed := ops.claim_hooks_v1(worker, max_deliveries, lease_seconds);
    claimed := claimed || ops.claim_posts_v1(worker, max_deliveries - cardinality(claimed), lease_seconds);
    claimed := claimed || ops.claim_updates_v1(worker, max_deliveries - cardinality(claimed), lease_seconds);
    claimed := claimed || ops.claim_probes_v1(worker, max_deliveries - cardinality(claimed), lease_seconds);

    insert into ops.delivery_attempts (delivery_id, claim_token, attempt, purpose, worker)
    select d.delivery_id, d.claim_token, d.attempts, case d.status when 'sending' then d.kind else 'probe' end, worker
    from ops.deliveries d where d.delivery_id = any (claimed);

    select coalesce(jsonb_agg(ops.told_by_delivery_v1(d) || jsonb_build_object(
        'delivery_id', d.delivery_id, 'claim_token', d.claim_token, 'attempt', d.attempts,
        'kind', d.kind, 'purpose', case d.status when 'sending' then d.kind else 'probe' end,
        'channel', d.channel, 'slack_channel_id', coalesce(u.slack_channel_id, b.slack_channel_id, c.slack_channel_id),
        'slack_ts', u.slack_ts,
        'target_delivery_id', d.target_delivery_id, 'mention', coalesce(d.mention, u.mention), 'route', d.route,
        'continues_ts', o.slack_ts, 'continues_channel_id', o.slack_channel_id,
        'thread_delivery_id', d.thread_delivery_id, 'thread_part', d.thread_part, 'thread_ts', b.slack_ts,
        'hook', d.hook || jsonb_build_object('idempotency_key', d.delivery_id, 'card_id', d.card_id),
        'last_reason', d.reason, 'doubtful_since', d.doubtful_since,
        -- It is not to be tried: a hook that nobody came for in its time, a post that Slack failed with for a day.
        'given_up', d.retry_until < clock_timestamp()
            and (d.kind = 'hook' or d.reason is not distinct from 'probe_absent' and d.attempts > 6),
        'waited_s', extract(epoch from clock_timestamp() - case when d.thread_delivery_id is null then s.recorded_at else d.created_at end),
        'event', coalesce(e.event, jsonb_build_object('event_id', d.event_id))
    ) order by d.position), '[]') into work
    from ops.deliveries d
    left join ops.slack_channels c on c.channel = d.channel
    left join ops.deliveries u on u.delivery_id = d.target_delivery_id
    left join ops.deliveries b on b.delivery_id = d.thread_delivery_id
    left join ops.deliveries o on o.delivery_id = coalesce(d.continues_delivery_id, u.continues_delivery_id)
    join ops.event_dispatches s on s.event_id = d.event_id
    left join ops.read_events_v1((select array_agg(v.event_id) from ops.deliveries v where v.delivery_id = any (claimed))) e
        on e.event_id = d.event_id
    where d.delivery_id = any (claimed);

    next_due := ops.next_delivery_due_v1();
    return jsonb_build_object(
        'deliveries', work,
        -- null when nothing waits; greatest() alone would make it 0
        'next_due_in_s', case when next_due is not null then greatest(0, extract(epoch from next_due - clock_timestamp())) end
    );
end;
$$;

revoke all on function ops.claim_deliveries_v1(text, integer, integer) from public, anon, authenticated;
grant execute on function ops.claim_deliveries_v1(text, integer, integer) to service_role;
comment on function ops.claim_deliveries_v1(text, integer, integer) is 'Takes due deliveries for a time: {deliveries, next_due_in_s}. Called by notify-dispatch.';
